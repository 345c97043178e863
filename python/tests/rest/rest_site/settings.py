"""Settings of the site."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SECRET_KEY = "of the tests, and long enough for a signature of HS256"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "rest_site.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "breachdex.django",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt.token_blacklist",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "dj_rest_auth",
    "dj_rest_auth.registration",
    "djoser",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LANGUAGE_CODE = "en"
AUTHENTICATION_BACKENDS = ["breachdex.django.backends.ExposedPasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "breachdex.django.validators.ExposedPasswordValidator"}]
BREACHDEX: dict[str, Any] = {}
ADMINS = [("Admin", "admin@shop.example")]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_RATE_LIMITS = False
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
}
REST_AUTH = {
    "LOGIN_SERIALIZER": "rest_site.serializers.DjRestAuthLogin",
    "OLD_PASSWORD_FIELD_ENABLED": True,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "CHECK_REVOKE_TOKEN": True,
    "TOKEN_OBTAIN_SERIALIZER": "rest_site.serializers.JwtLogin",
}
DJOSER = {
    "PASSWORD_RESET_CONFIRM_URL": "reset/{uid}/{token}",
    "SERIALIZERS": {"token_create": "rest_site.serializers.DjoserLogin"},
}
