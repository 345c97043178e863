"""A Wagtail site with a database in memory: its own admin, with breachdex as the page says, and an index."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from no_network import refuse_network
from support import EXPOSED, write_index

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["BREACHDEX_SKIP_STARTUP"] = "1"
settings.configure(
    SECRET_KEY="of the tests",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF="cms_urls",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    STATIC_URL="/static/",
    WAGTAIL_SITE_NAME="Shop",
    WAGTAILADMIN_BASE_URL="http://testserver",
    WAGTAILADMIN_USER_LOGIN_FORM="cms_urls.LoginForm",
    INSTALLED_APPS=[
        "breachdex.django",
        "wagtail.users",
        "wagtail.snippets",
        "wagtail.documents",
        "wagtail.images",
        "wagtail.search",
        "wagtail.admin",
        "wagtail.sites",
        "wagtail",
        "modelcluster",
        "taggit",
        "django_filters",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
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
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    LANGUAGES=[("en", "English"), ("ja", "日本語")],
    AUTHENTICATION_BACKENDS=["breachdex.django.backends.ExposedPasswordBackend"],
    AUTH_PASSWORD_VALIDATORS=[{"NAME": "breachdex.django.validators.ExposedPasswordValidator"}],
)
django.setup()
del os.environ["BREACHDEX_SKIP_STARTUP"]

from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import override_settings
from django.test.utils import setup_databases, setup_test_environment, teardown_databases
from leaks import EXPOSED_SENTINEL


@pytest.fixture(scope="session")
def exposed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that holds ``EXPOSED`` and the planted password."""
    return write_index(tmp_path_factory.mktemp("cms") / "exposed.bdx", {**EXPOSED, EXPOSED_SENTINEL: 31})


@pytest.fixture(scope="session", autouse=True)
def _database() -> Iterator[None]:
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)


@pytest.fixture(autouse=True)
def _empty_site(exposed_index: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mail.outbox = []
    setting = {
        "INDEX": exposed_index,
        "LOG_IN": "force_reset",
        "VERIFIED_EMAIL": True,
        "RESET_MAIL": "cms_urls.send_reset_mail",
    }
    cache.clear()
    with override_settings(BREACHDEX=setting):
        yield from refuse_network(monkeypatch)
    User.objects.all().delete()


@pytest.fixture
def editor() -> Any:
    """Somebody who may do everything."""
    return User.objects.create_superuser("editor", "editor@mail.example", "a long walk in kyoto 8264")
