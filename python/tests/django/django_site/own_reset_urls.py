"""The pages, with a reset view that has a form, a sender and a subject of its own."""

from __future__ import annotations

from django import forms  # type: ignore[import-untyped]
from django.contrib.auth.forms import PasswordResetForm  # type: ignore[import-untyped]
from django.contrib.auth.views import PasswordResetView  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]

from django_site.urls import urlpatterns as pages


class WithCaptcha(PasswordResetForm):  # type: ignore[misc]
    """Wants to know whether a human asks."""

    captcha = forms.CharField()


own = PasswordResetView.as_view(
    form_class=WithCaptcha,
    from_email="accounts@shop.example",
    subject_template_name="registration/own_subject.txt",
)
urlpatterns = [path("accounts/password_reset/", own, name="password_reset"), *pages]
