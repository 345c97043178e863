"""Every setting of the shop. What differs from one machine to another comes from the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.utils.translation import gettext_lazy as _

HERE = Path(__file__).resolve().parent.parent

# Where the database, the mails and the secret key are kept.
VAR = Path(os.environ.get("SHOP_VAR", HERE / "var"))
VAR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _secret_key() -> str:
    """The key in the environment or the one in a file that only its owner reads, made at the first start."""
    if key := os.environ.get("SHOP_SECRET_KEY"):
        return key
    file = VAR / "secret_key"
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as new:
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii")


SECRET_KEY = _secret_key()
# Never on, not even here: an error page with local variables would show what a visitor typed.
DEBUG = False
ALLOWED_HOSTS = os.environ.get("SHOP_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
HTTPS = os.environ.get("SHOP_HTTPS") == "1"
# A page with every mail that the shop sent, and style sheets served by Django itself: for this computer only.
SHOWCASE = os.environ.get("SHOP_SHOWCASE") == "1"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "breachdex.django",
    "goods",
    "members",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "shop.headers.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.headers.showcase",
            ]
        },
    }
]
FORM_RENDERER = "members.widgets.ShopForms"

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR / "shop.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who comes in, and with which passwords -----------------------------------------------------------------

AUTH_USER_MODEL = "members.Member"
AUTHENTICATION_BACKENDS = ["breachdex.django.backends.ExposedPasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "breachdex.django.validators.ExposedPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
BREACHDEX = {
    # Without a path, the small starter index answers: enough to try the shop, not to run one.
    "INDEX": os.environ.get("BREACHDEX_INDEX"),
    # A fault of the index at run time: say so to the visitor instead of showing a broken page. Log-in keeps its
    # own default, which is to let people in.
    "ON_ERROR": {"sign_up": "reject", "change": "reject", "reset": "reject"},
    "LOG_IN": "force_reset",
    # Only an address that its owner confirmed gets the link that lets an account be taken.
    "VERIFIED_EMAIL": "members.models.verified_email",
}
# Remembers who was mailed lately, for every process and across restarts.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR / "cache",
    }
}
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "members"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60

# --- Languages ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [HERE / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# --- Mail ---------------------------------------------------------------------------------------------------

EMAIL_BACKEND = "members.letterbox.FolderBackend"
EMAIL_FILE_PATH = VAR / "mail"
SHOP_NAME = _("Tsubame Store")
DEFAULT_FROM_EMAIL = "Tsubame Store <shop@tsubame.example>"

# --- What browsers are told ---------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
STATIC_ROOT = VAR / "static"
SESSION_COOKIE_AGE = 7 * 24 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
