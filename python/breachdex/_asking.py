"""Questions to what :func:`breachdex.configure` and the frameworks configured: the core that adapters are made of."""

from __future__ import annotations

from breachdex import _breachdex
from breachdex._configuration import current
from breachdex._remote import Question, in_thread

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from breachdex._breachdex import Exposure, Verdict
    from breachdex.types import Event, Password


def examine(password: Password, *, stored: str | None = None) -> Exposure | None:
    """How a password is exposed, as the configured index and its overlays know it; ``None`` where it is not.

    Looked up are the password as it is, in NFC, in NFKC, and with ``¥`` as a backslash, and what is seen less often than the
    configured ``min_count`` is not exposed. This says what is known, so ``on_error`` has no say: :func:`validate` applies it.

    :param stored: the form of the password that will be kept, if it is another: looked up too.
    :raises BreachdexError: for every fault.
    """
    try:
        configuration = current()
        return _breachdex.examine(
            configuration.corpus,
            password,
            configuration.min_count or 1,
            stored=stored,
            test_password=configuration.test_password,
        )
    finally:
        # Whoever prints the frames that an error went through finds nothing in this one.
        del password, stored


def aexamine(password: Password, *, stored: str | None = None) -> Coroutine[Any, Any, Exposure | None]:
    """:func:`examine` without blocking the event loop."""
    try:
        return in_thread(Question(examine, password, stored=stored))
    finally:
        del password, stored


def validate(
    password: Password,
    user_name: str | None = None,
    email: str | None = None,
    event: Event = "sign_up",
    *,
    stored: str | None = None,
    field: str | None = None,
    lang: str | None = None,
) -> Verdict:
    """Refuses a password that the configured policy refuses; without a policy, one that is exposed.

    The parameters are those of :meth:`Policy.validate`.

    :returns: the verdict, which may have reasons to warn.
    :raises PasswordRejectedError: with the verdict, and a message for each reason that refuses the password.
    :raises TypeError: where a :class:`RangeClient` is configured, which :func:`avalidate` asks.
    """
    try:
        return current().judge.validate(
            password, user_name, email, event, stored=stored, field=field, lang=lang
        )
    finally:
        del password, user_name, email, stored


async def avalidate(
    password: Password,
    user_name: str | None = None,
    email: str | None = None,
    event: Event = "sign_up",
    *,
    stored: str | None = None,
    field: str | None = None,
    lang: str | None = None,
) -> Verdict:
    """:func:`validate` without blocking the event loop."""
    try:
        judged = current().judge.avalidate(
            password, user_name, email, event, stored=stored, field=field, lang=lang
        )
    finally:
        del password, user_name, email, stored
    return await judged
