"""Addresses under ``/members/``. Those of resets have the names that Django's own mails and views use."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView, PasswordResetDoneView
from django.urls import path
from django.views.generic import TemplateView

from . import views

urlpatterns = [
    path("", views.members_page, name="members"),
    path("join/", views.SignUp.as_view(), name="sign_up"),
    path("join/done/", TemplateView.as_view(template_name="members/sign_up_done.html"), name="sign_up_done"),
    path("waiting/", views.waiting, name="waiting"),
    path("confirm/<who>/<token>/", views.Confirm.as_view(), name="confirm"),
    path("sign-in/", views.SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("password/", views.PasswordChange.as_view(), name="password_change"),
    path("reset/", views.LostPassword.as_view(), name="password_reset"),
    path("reset/done/", PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("reset/<uidb64>/<token>/", views.Reset.as_view(), name="password_reset_confirm"),
]
