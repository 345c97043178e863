"""The pages of the site, and the log-in form that says why."""

from __future__ import annotations

from typing import Any

from breachdex.django.forms import ExposedLoginMixin
from django.contrib.auth.forms import PasswordResetForm
from django.urls import include, path
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.forms.auth import LoginForm as WagtailLoginForm


class LoginForm(ExposedLoginMixin, WagtailLoginForm):
    """Wagtail's own."""


def send_reset_mail(user: Any, address: str, request: Any) -> None:
    """The mail with the link to Wagtail's own page."""
    form = PasswordResetForm({"email": address})
    form.get_users = lambda email: [user]
    form.is_valid()
    form.save(
        request=request,
        email_template_name="wagtailadmin/account/password_reset/email.txt",
        subject_template_name="wagtailadmin/account/password_reset/email_subject.txt",
    )


urlpatterns = [path("cms/", include(wagtailadmin_urls))]
