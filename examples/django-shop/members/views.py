"""The pages on which people join, confirm their address, and the page that is theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods
from django.views.generic import FormView
from goods.shelf import members_goods

from .forms import ChangeForm, ConfirmForm, LostPasswordForm, ResetForm, SignInForm, SignUpForm
from .links import member_of_link
from .mail import send_confirmation

Page = Callable[..., HttpResponse]


def confirmed_required(page: Page) -> Page:
    """Keeps a page from everybody who is not signed in or has not confirmed their address yet."""

    @never_cache
    @login_required
    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.confirmed_at is None:
            return redirect("waiting")
        return page(request, *args, **kwargs)

    return guarded


secret_page = method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
"""For pages that take a password: it stays out of error reports, and the page out of caches."""


@confirmed_required
@require_GET
def members_page(request: HttpRequest) -> HttpResponse:
    """What only this member sees."""
    return render(request, "members/page.html", {"goods": members_goods()})


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """Says that the address has to be confirmed, sends the link again when asked, and tells nothing else."""
    if request.user.confirmed_at is not None:
        return redirect("members")
    if request.method == "POST":
        send_confirmation(request, request.user)
        messages.success(request, _("We have sent the link again."))
        return redirect("waiting")
    return render(request, "members/waiting.html")


@secret_page
class SignUp(FormView):
    """Joining. What comes next is the same for addresses that are members already."""

    template_name = "members/sign_up.html"
    form_class = SignUpForm
    success_url = reverse_lazy("sign_up_done")

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        form.join(self.request)
        return super().form_valid(form)


class SignIn(views.LoginView):
    """Signing in with the form that acts on exposed passwords."""

    form_class = SignInForm
    redirect_authenticated_user = True


class Confirm(views.LoginView):
    """The page of the link in the confirmation mail. Opening it changes nothing; the password does."""

    form_class = ConfirmForm
    template_name = "members/confirm.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.member = member_of_link(kwargs["who"], kwargs["token"])
        if self.member is None:
            return render(request, "members/link_expired.html", status=410)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "member": self.member}

    def form_valid(self, form: ConfirmForm) -> HttpResponse:
        form.get_user().confirm()
        messages.success(self.request, _("Thank you. Your e-mail address is confirmed."))
        return super().form_valid(form)


@secret_page
@method_decorator(confirmed_required, name="dispatch")
class PasswordChange(FormView):
    """Another password. The member stays signed in here and nowhere else."""

    template_name = "members/password_change.html"
    form_class = ChangeForm
    success_url = reverse_lazy("members")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form: ChangeForm) -> HttpResponse:
        update_session_auth_hash(self.request, form.save())
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)


class LostPassword(views.PasswordResetView):
    """Asking for a link. The answer does not tell whether anybody has the address."""

    form_class = LostPasswordForm


class Reset(views.PasswordResetConfirmView):
    """Choosing a new password after the link."""

    form_class = ResetForm
    success_url = reverse_lazy("login")

    def form_valid(self, form: ResetForm) -> HttpResponse:
        messages.success(self.request, _("Your new password is set. Please sign in with it."))
        return super().form_valid(form)
