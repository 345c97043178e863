"""The forms in which people join, sign in and choose passwords."""

from __future__ import annotations

from typing import Any, ClassVar

from breachdex.django.forms import ExposedLoginMixin
from django import forms
from django.contrib.auth import forms as auth
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from .mail import send_confirmation, send_known_address
from .models import Member
from .widgets import ShowablePassword


class NewPasswordForm(forms.Form):
    """A password for a member, typed once: whoever wants to be sure looks at it."""

    new_password = forms.CharField(
        label=_("New password"), strip=False, widget=ShowablePassword("new-password")
    )

    def __init__(self, user: Member, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = password_validators_help_text_html()

    @sensitive_variables()
    def clean_new_password(self) -> str:
        """Asks every validator of the settings, among them whether the password is exposed."""
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.user)
        return password

    @sensitive_variables()
    def save(self) -> Member:
        """Gives the member the password."""
        self.user.set_password(self.cleaned_data["new_password"])
        self.user.save()
        return self.user


class ResetForm(NewPasswordForm):
    """The password of somebody who came by a link in a mail, and thereby reads that mail."""

    def save(self) -> Member:
        """Gives the member the password; the address counts as confirmed."""
        member = super().save()
        member.confirm()
        return member


class ChangeForm(NewPasswordForm):
    """Another password for somebody who knows the current one."""

    current_password = forms.CharField(
        label=_("Current password"), strip=False, widget=ShowablePassword("current-password")
    )
    field_order = ("current_password", "new_password")

    @sensitive_variables()
    def clean_current_password(self) -> str:
        """Refuses whoever merely found an open page."""
        password: str = self.cleaned_data["current_password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your current password."), code="password_incorrect")
        return password


class SignUpForm(NewPasswordForm):
    """A new member. Says the same whether or not somebody with this address is one already."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "name"}),
        help_text=_("What we may call you."),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_("We send you a link to confirm it."),
    )
    field_order = ("name", "email", "new_password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(Member(), *args, **kwargs)
        self.fields["new_password"].label = _("Password")

    def clean_name(self) -> str:
        """Tells the validators of the password, which comes last, who it is for."""
        self.user.name = self.cleaned_data["name"]
        return self.user.name

    def clean_email(self) -> str:
        """As with the name."""
        self.user.email = self.cleaned_data["email"].lower()
        return self.user.email

    def join(self, request: HttpRequest) -> None:
        """Keeps the member and sends the link; whoever is one already is told so, by mail only."""
        try:
            with transaction.atomic():
                member = self.save()
        except IntegrityError:
            # Found out after the password was hashed, so that both take as long.
            send_known_address(request, Member.objects.get_by_natural_key(self.user.email))
        else:
            send_confirmation(request, member)


class SignInForm(ExposedLoginMixin, auth.AuthenticationForm):
    """Address and password. Exposed passwords are the business of the mixin and the backend."""

    username = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput({"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(label=_("Password"), strip=False, widget=ShowablePassword("current-password"))
    error_messages: ClassVar[dict[str, Any]] = {
        **auth.AuthenticationForm.error_messages,
        "invalid_login": _("The e-mail address or the password is not correct."),
    }


class ConfirmForm(SignInForm):
    """The password of one member, whose link was opened: the link alone is not enough.

    Somebody could have joined with another person's address; that person's click must not let them in.
    """

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A disabled field takes its value from here, whatever is sent.
        self.fields["username"].disabled = True
        self.fields["username"].initial = member.email


class LostPasswordForm(auth.PasswordResetForm):
    """The address to which a link goes if a member has it."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )
