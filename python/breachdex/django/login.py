"""What becomes of a log-in whose password was right and is exposed. Whoever brought it may be the attacker.

Nothing here sees the password, and nothing is kept about the account but a sealed mark, where there is grace: see `marks`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from django.contrib import messages  # type: ignore[import-untyped]
from django.core.exceptions import PermissionDenied  # type: ignore[import-untyped]
from django.db import router  # type: ignore[import-untyped]
from django.utils.crypto import get_random_string  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]
from django.utils.translation import get_language  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure, Reason, Verdict
from breachdex._gate import ExposedPair, Unavailable
from breachdex._log_ins import Outcome
from breachdex._marks import Mark
from breachdex._verdicts import REFUSING, is_exposed
from breachdex._words import joined, pair_code
from breachdex.django import mails, marks, tokens, words
from breachdex.django.conf import Action, settings
from breachdex.django.gates import at_log_in, shows_count
from breachdex.django.signals import password_exposed, password_judged

EXPIRED_LENGTH: Final = 64
"""Characters of the random password that nobody ever learns."""

ATTRIBUTE: Final = "exposed_password_refusal"
"""Where the request says why a right password opened no session."""


@dataclass(frozen=True)
class Refusal:
    """Why a right password opened no session: a code (``force_reset``, or that of a reason), words and their
    parameters."""

    code: str
    message: Any
    params: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Ruling:
    """What is to become of a log-in, before it is known whom a mail would reach."""

    action: Action
    exposed: bool
    """Whether the password is exposed, which is what mails and the warning say."""
    refusal: Refusal
    """What a log-in page says on ``reject``."""
    left: tuple[str, ...] = ()
    """What is said after a warning: how long the password can still be used."""


def ruling_of(found: Exposure | ExposedPair | Unavailable | Verdict) -> Ruling:
    """What the setting, or the policy, says about what was found. A verdict must have reasons."""
    if isinstance(found, Unavailable):
        return Ruling("reject", False, _unavailable())
    if isinstance(found, (Exposure, ExposedPair)):
        return Ruling(settings().log_in, True, _rejection(found))
    first = found.reasons[0]
    exposed = is_exposed(found)
    if found.action == "notify" and not exposed:
        return Ruling("warn", False, _rejection(first))
    return Ruling(found.action, exposed, _rejection(first))


def settle(
    user: Any, found: Exposure | ExposedPair | Unavailable | Verdict, request: Any, mark: Mark | None = None
) -> None:
    """Does what ``LOG_IN`` or the policy says about a user whose password was verified.

    :param mark: what is kept of the account's log-ins before, where anything is.

    :raises PermissionDenied: when no session may open, so that no later backend opens one.
    """
    ruling = ruling_of(found)
    if ruling.refusal.code == "index_unavailable" and ruling.action == "reject":
        _refuse(request, ruling.refusal)
    ruling, found, kept = _in_grace(ruling, found, mark or Mark())
    action, address = decide(user, ruling.action)
    if action == "warn":
        _warn(request, ruling)
    elif action == "notify" and address:
        mails.notify(user, address, request)
    elif action in ("force_reset", "reject") and expire(user) and address:
        mails.reset(user, address, request)
    if mark is not None and action not in REFUSING:
        marks.save(user, kept)
    facts = {"sender": type(user), "user": user, "event": "log_in", "request": request}
    if isinstance(found, Verdict):
        password_judged.send_robust(verdict=found, **facts)
    if ruling.exposed:
        password_exposed.send_robust(action=action, **facts)
    if action == "force_reset":
        _refuse(request, Refusal("force_reset", words.text("force_reset")))
    if action == "reject":
        _refuse(request, ruling.refusal)


def _in_grace(
    ruling: Ruling, found: Exposure | ExposedPair | Unavailable | Verdict, mark: Mark
) -> tuple[Ruling, Exposure | ExposedPair | Unavailable | Verdict, Mark]:
    """What is done while grace lasts, what is announced of it, and what is kept for the next log-in."""
    if ruling.action not in REFUSING:
        return ruling, found, Mark()
    outcome = settings().log_ins.refused(mark)
    if outcome.stands:
        return ruling, found, outcome.mark
    found = found.in_grace() if isinstance(found, Verdict) else found
    return replace(ruling, action="warn", left=_left(outcome)), found, outcome.mark


def _left(outcome: Outcome) -> tuple[str, ...]:
    if outcome.log_ins == 0:
        return (str(words.text("grace_last")),)
    said = []
    if outcome.days is not None:
        said.append(words.counted("grace_days", days=outcome.days))
    if outcome.log_ins is not None:
        said.append(words.counted("grace_log_ins", log_ins=outcome.log_ins))
    return tuple(said)


def decide(user: Any, action: Action) -> tuple[Action, str | None]:
    """What is done about this user, and to which address. An account without an address that a mail may go to is
    warned instead: a reset would lock its owner out."""
    if action not in ("notify", "force_reset"):
        return action, None
    address = verified_address(user)
    if action == "notify" and settings().verified_email is None:
        address = _address_on_file(user)
    return (action, address) if address else ("warn", None)


def verified_address(user: Any) -> str | None:
    """The address that is known to be the user's, as ``VERIFIED_EMAIL`` says."""
    chosen = settings().verified_email
    if chosen is None:
        return None
    if chosen is True:
        return _address_on_file(user)
    address = (import_string(chosen) if isinstance(chosen, str) else chosen)(user)  # type: ignore[operator]
    return address or None


def expire(user: Any) -> bool:
    """Replaces the password that was verified by one that nobody knows, which ends every session of the account, and ends its
    tokens. False where another request was faster: then its mail is under way, and a second password would void its link.

    The password stays usable in Django's sense, or the reset page would not send its mail.
    """
    verified = user.password
    user.set_password(get_random_string(EXPIRED_LENGTH))
    rows = type(user)._base_manager.using(router.db_for_write(type(user), instance=user))
    if not rows.filter(pk=user.pk, password=verified).update(password=user.password):
        return False
    user.save(update_fields=["password"])
    tokens.end(user)
    return True


def refusal(request: Any) -> Refusal | None:
    """Why the last right password of this request opened no session."""
    found = getattr(request, ATTRIBUTE, None)
    return found if isinstance(found, Refusal) else None


def forget_refusal(request: Any) -> None:
    """Before another try in the same request."""
    if refusal(request) is not None:
        delattr(request, ATTRIBUTE)


def _address_on_file(user: Any) -> str | None:
    return getattr(user, type(user).get_email_field_name(), None) or None


def _warn(request: Any, ruling: Ruling) -> None:
    # Without the middleware there is nowhere to put it, and add_message() takes requests of no other framework.
    if hasattr(request, "_messages"):
        why = ruling.refusal
        said = str(words.text("log_in_warning")) if ruling.exposed else str(why.message % dict(why.params))
        messages.warning(request, joined([said, *ruling.left], get_language() or ""))


def _unavailable() -> Refusal:
    return Refusal("index_unavailable", words.text("index_unavailable"))


def _rejection(why: Exposure | ExposedPair | Reason) -> Refusal:
    if isinstance(why, ExposedPair) or (isinstance(why, Reason) and why.code == "exposed_pair"):
        return Refusal("exposed_pair", words.text(pair_code(why.match)))
    if isinstance(why, Exposure) or why.code == "exposed":
        count = 1 if why.count is None else why.count
        message = words.of_exposure(why, show_count=shows_count(at_log_in()))
        return Refusal("exposed", message, (("count", count), ("amount", count)))
    facts = {"length": why.length, "min_length": why.min_length, "max_length": why.max_length}
    params = tuple((name, value) for name, value in facts.items() if value is not None)
    return Refusal(why.code, words.filled(why.code, dict(params)), params)


def _refuse(request: Any, why: Refusal) -> NoReturn:
    if request is not None:
        setattr(request, ATTRIBUTE, why)
    raise PermissionDenied
