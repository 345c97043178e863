"""Settings of the site. ``BREACHDEX`` comes as JSON from the environment when a server of its own runs it."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from django import VERSION  # type: ignore[import-untyped]

HERE = Path(__file__).parent
ALLAUTH = importlib.util.find_spec("allauth") is not None

SECRET_KEY = "of the tests"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "shop.example"]
ROOT_URLCONF = "django_site.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "breachdex.django",
    *(["allauth", "allauth.account"] if ALLAUTH else []),
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    *(["allauth.account.middleware.AccountMiddleware"] if ALLAUTH else []),
    "breachdex.django.middleware.exposed_passwords_middleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LANGUAGE_CODE = "en"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["breachdex.django.backends.ExposedPasswordBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "breachdex.django.validators.ExposedPasswordValidator"}
]
BREACHDEX = json.loads(os.environ.get("TEST_BREACHDEX", "{}"))
# What Django 6 wants where earlier versions take no other.
ADMINS: list[Any] = ["admin@shop.example"] if VERSION >= (6, 0) else [("Admin", "admin@shop.example")]
if VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_RATE_LIMITS = False
