"""Verdicts: what a policy is told about a user, and the policy of log-in. Knows no form and no view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex._breachdex import PolicyRules, Verdict
from breachdex._policy import Policy
from breachdex._verdicts import CODES, as_word
from breachdex.django import gates
from breachdex.django.conf import Settings, settings
from breachdex.django.setting_errors import sentence
from breachdex.django.signals import password_exposed, password_judged

if TYPE_CHECKING:
    from breachdex.django.gates import Source
    from breachdex.types import Event


def opened(rules: PolicyRules, source: Source) -> Policy:
    """A policy with its index.

    :raises ImproperlyConfigured: where the index cannot be used.
    """
    index = gates.opened(source)
    try:
        # Pairs that the policy's own file names go before the configured ones.
        return Policy(rules, index, (), None if rules.pairs else gates.opened_pairs())
    except ValueError as error:
        raise ImproperlyConfigured(sentence(f"{source}: {error}")) from None


@sensitive_variables()  # type: ignore[untyped-decorator]
def judge(policy: Policy, password: str, user: Any, event: Event) -> Verdict:
    """What the policy says about a password of this user, who may not be saved yet, or ``None``."""
    user_name, email = identity(user)
    try:
        return policy.check(password, user_name, email, event)
    except Exception as error:  # noqa: BLE001
        # The frames below hold the password, and no decorator of Django's hides them from a report.
        raise error.with_traceback(None) from None


def identity(user: Any) -> tuple[str | None, str | None]:
    """The name that a user logs in with and the address, as far as there are any."""
    name = user.get_username() if hasattr(user, "get_username") else None
    field = getattr(type(user), "get_email_field_name", None)
    email = getattr(user, field(), None) if field else None
    return as_word(name), as_word(email)


def announce(sender: Any, user: Any, verdict: Verdict, request: Any = None) -> None:
    """Tells whoever listens what was found, if anything was."""
    if not verdict.reasons:
        return
    facts = {"sender": sender, "user": user, "event": verdict.event, "request": request}
    password_judged.send_robust(verdict=verdict, **facts)
    for reason in verdict.reasons:
        if reason.code == "exposed" or reason.match == "pair":
            password_exposed.send_robust(action=reason.action, **facts)


_made: tuple[Settings, Policy | None] | None = None
"""The policy of log-in, and the settings that it is of."""


def at_log_in() -> Policy | None:
    """The policy that judges log-ins; ``None`` where there is none, or where it accepts everything.

    :raises ImproperlyConfigured: where the index cannot be used.
    """
    global _made
    chosen, made = settings(), _made
    if made is None or made[0] is not chosen:
        made = _made = (chosen, _opened_for_log_in(chosen))
    return made[1]


def _opened_for_log_in(chosen: Settings) -> Policy | None:
    policy = chosen.policy
    if policy is None or all(policy.rules.action("log_in", code) == "accept" for code in CODES):
        return None
    return opened(policy.rules, gates.at_log_in())
