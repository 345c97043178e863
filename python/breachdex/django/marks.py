"""Where the sealed marks of accounts are kept: in a column of the user model, or in the cache."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.core.cache import caches  # type: ignore[import-untyped]
from django.db import router  # type: ignore[import-untyped]
from django.utils.crypto import salted_hmac  # type: ignore[import-untyped]

from breachdex._marks import Mark, Marks
from breachdex.django.conf import settings

KEPT: Final = 400 * 24 * 60 * 60
"""Seconds that the cache is asked to keep a mark: longer than any sensible grace."""

logger: Final = logging.getLogger("breachdex")


def load(user: Any) -> Mark:
    """The mark of a user whose password was verified; an empty one where nothing is kept of it."""
    field = settings().mark_field
    sealed = _cached(user) if field is None else getattr(user, field, None)
    return _marks().open(sealed, _account(user), user.password)


def save(user: Any, mark: Mark) -> None:
    """Keeps a mark, unless the password was changed meanwhile: then nothing could open it."""
    sealed = _marks().seal(mark, _account(user), user.password)
    field = settings().mark_field
    if field is None:
        _cache(user, sealed)
        return
    rows = type(user)._base_manager.using(router.db_for_write(type(user), instance=user))
    rows.filter(pk=user.pk, password=user.password).update(**{field: sealed})
    setattr(user, field, sealed)


def _marks() -> Marks:
    former = getattr(django_settings, "SECRET_KEY_FALLBACKS", ())
    return Marks(_long(django_settings.SECRET_KEY), tuple(map(_long, former)))


def _long(secret: str | bytes) -> bytes:
    """A key of the site's secret for this purpose alone, long enough whatever the secret is."""
    return bytes(salted_hmac("breachdex.django.marks", "", secret, algorithm="sha256").digest())


def _account(user: Any) -> str:
    return f"{user._meta.label_lower}:{user.pk}"


def _key(user: Any) -> str:
    """A name that does not tell whose mark it is."""
    return (
        f"breachdex:{salted_hmac('breachdex.django.marks', _account(user), algorithm='sha256').hexdigest()}"
    )


def _cached(user: Any) -> str | None:
    try:
        found = caches[settings().cache].get(_key(user))
    except Exception as error:  # noqa: BLE001 - whatever a cache raises
        logger.error("the cache that keeps marks of log-ins failed (%s)", type(error).__name__)
        return None
    return found if isinstance(found, str) else None


def _cache(user: Any, sealed: str) -> None:
    try:
        caches[settings().cache].set(_key(user), sealed, timeout=KEPT)
    except Exception as error:  # noqa: BLE001
        logger.error("the cache that keeps marks of log-ins failed (%s)", type(error).__name__)
