# mypy: ignore-errors
"""The recipe of docs/site/django.md for allauth, as it stands there from the first import on."""

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.account.models import EmailAddress
from breachdex.django.backends import ExposedPasswordMixin
from breachdex.django.forms import ExposedLoginMixin


class ExposedAuthenticationBackend(ExposedPasswordMixin, AuthenticationBackend):
    pass


class ExposedLoginForm(ExposedLoginMixin, LoginForm):
    pass


def verified_email(user):
    verified = EmailAddress.objects.filter(user=user, verified=True)
    return verified.order_by("-primary").values_list("email", flat=True).first()


def send_reset_mail(user, address, request):
    form = ResetPasswordForm({"email": address})
    if form.is_valid():
        form.users = [user]
        form.save(request)
