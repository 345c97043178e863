"""The pages of the site."""

from __future__ import annotations

from typing import Any

from breachdex.django.forms import ExposedLoginMixin
from django.conf import settings  # type: ignore[import-untyped]
from django.contrib import admin  # type: ignore[import-untyped]
from django.contrib.auth import views as auth_views  # type: ignore[import-untyped]
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm  # type: ignore[import-untyped]
from django.http import HttpResponse, JsonResponse  # type: ignore[import-untyped]
from django.urls import include, path  # type: ignore[import-untyped]
from django.utils.decorators import method_decorator  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_post_parameters  # type: ignore[import-untyped]
from django.views.generic import CreateView  # type: ignore[import-untyped]


class LoginForm(ExposedLoginMixin, AuthenticationForm):  # type: ignore[misc]
    """The stock form that says why."""


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SignUp(CreateView):  # type: ignore[misc]
    """Makes an account."""

    form_class = UserCreationForm
    template_name = "registration/login.html"
    success_url = "/"


def home(request: Any) -> Any:
    """Who is here, and what they are told."""
    if not request.user.is_authenticated:
        return HttpResponse("nobody")
    told = " ".join(str(message) for message in request._messages)
    return HttpResponse(f"{request.user.get_username()}: {told}")


def fields(request: Any) -> Any:
    """What the middleware found."""
    return JsonResponse({"found": request.exposed_passwords})


async def afields(request: Any) -> Any:
    """What the middleware found, without a thread."""
    return JsonResponse({"found": request.exposed_passwords})


urlpatterns = [
    path("", home),
    path("admin/", admin.site.urls),
    path("fields/", fields),
    path("afields/", afields),
    path("signup/", SignUp.as_view()),
    path("plain/", auth_views.LoginView.as_view(authentication_form=AuthenticationForm)),
    path("accounts/login/", auth_views.LoginView.as_view(authentication_form=LoginForm), name="login"),
    path("accounts/", include("django.contrib.auth.urls")),
]
if settings.ALLAUTH:
    urlpatterns.append(path("allauth/", include("allauth.urls")))
