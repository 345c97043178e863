"""``PolicyValidator``: a whole policy as one password validator."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.utils.deconstruct import deconstructible  # type: ignore[import-untyped]
from django.utils.translation import get_language  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex._breachdex import Index, IndexSet, PolicyRules, Reason
from breachdex._errors import InvalidPasswordError
from breachdex._policy import Policy
from breachdex._verdicts import CHOOSING, CODES, REFUSING, facts, lengths
from breachdex._words import joined
from breachdex.django import criteria, policies, words
from breachdex.django.conf import Settings, settings
from breachdex.django.gates import Source, event_of, named, shows_count, source_of
from breachdex.django.policy_setting import changed_rules, rules_in, rules_of
from breachdex.django.setting_errors import one_of, sentence

if TYPE_CHECKING:
    from breachdex.django.criteria import Criteria
    from breachdex.types import Action, Code, Event, OnError, Path, Profile

WHO: Final = "PolicyValidator"


@dataclass
class _Made:
    """What the options make of the settings of now."""

    of: Settings
    rules: PolicyRules
    policy: Policy | None = None


@deconstructible(path="breachdex.django.validators.PolicyValidator")
class PolicyValidator:
    """Refuses what a policy refuses, with one error a reason.

    Whatever is left out is as the setting ``BREACHDEX`` says. Without ``profile`` and ``policy`` the options are
    changes to the policy in that setting or, where there is none, to ``nist``.

    :param profile: ``nist`` (SP 800-63B-4), ``asvs-l1``, ``asvs-l2`` (OWASP ASVS 5.0), ``pci`` (PCI DSS 4.0.1) or ``permissive``.
    :param event: ``sign_up``, ``change`` or ``reset``, for a validator that one form alone uses. Otherwise a user
        who exists changes the password and any other signs up, and as Django cannot tell a reset from a change
        the policy must say the same of both.
    :param policy: the path of a TOML file that says everything about the policy.
    :param mfa: whether the password is one factor of two.
    :param service_name: the name of the site.
    :param context: other words that make bad passwords.
    :param min_length: code points of the password in NFC.
    :param max_length: the same; 64 or more.
    :param min_count: from how many sightings on (inclusive) a password is exposed. A hit in an overlay always is.
    :param forms: what is looked up besides the password as it came: ``nfc``, ``nfkc``, ``casefold``.
    :param rules: switches rules on and off by code.
    :param actions: what is done by event and code.
    :param on_error: what a fault at run time means: ``accept``, ``reject`` or ``raise``, for every event or by event.
    :param index: the path of an index, or an open one.
    :param overlays: paths of indexes of your own that are asked too.
    :raises ImproperlyConfigured: for an option that makes no sense.
    """

    _made: _Made | None = None

    def __init__(
        self,
        profile: Profile | None = None,
        event: Event | None = None,
        *,
        policy: Path | None = None,
        mfa: bool | None = None,
        service_name: str | None = None,
        context: Iterable[str] | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        min_count: int | None = None,
        forms: Iterable[str] | None = None,
        rules: Mapping[Code, bool] | None = None,
        actions: Mapping[Event, Mapping[Code, Action]] | None = None,
        on_error: OnError | Mapping[Event, OnError] | None = None,
        index: Path | Index | IndexSet | None = None,
        overlays: Sequence[Path] = (),
    ) -> None:
        if event is not None and (reason := one_of(event, CHOOSING)):
            _wrong(f"event {reason}")
        for name, value in (("context", context), ("forms", forms)):
            if isinstance(value, str):
                _wrong(f"{name} must be a list of strings, not {value!r}")
        options = {
            "mfa": mfa,
            "service_name": service_name,
            "context": None if context is None else list(context),
            "min_length": min_length,
            "max_length": max_length,
            "min_count": min_count,
            "forms": None if forms is None else list(forms),
            "rules": rules,
            "actions": actions,
            "on_error": on_error,
        }
        self.profile = profile
        self.event = event
        self.policy = None if policy is None else os.fspath(policy)
        self.options = {name: value for name, value in options.items() if value is not None}
        self.index, self.overlays = named(WHO, index, overlays)
        self._now()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PolicyValidator):
            return NotImplemented
        return type(self) is type(other) and self._said() == other._said()

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_made"}

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def validate(self, password: str, user: Any = None) -> None:
        """Raises ``ValidationError`` with one error for each reason that refuses the password, with its code and
        what the rule says besides as parameters. Reasons that only warn are told to the signal
        ``password_judged``: a validator has no place for them."""
        verdict: Any = None
        try:
            verdict = policies.judge(self._policy(), password, user, self.event or event_of(user))
        except InvalidPasswordError:
            pass
        if verdict is None:  # Not while the other is handled, whose frames hold the password.
            raise words.not_text()
        policies.announce(type(self), user, verdict)
        errors = [self._error(reason) for reason in verdict.reasons if reason.action in REFUSING]
        if errors:
            raise errors[0] if len(errors) == 1 else ValidationError(errors)

    def get_help_text(self) -> str:
        """What is shown beside the field: what is refused, and how long a password must be."""
        rules, event = self._now().rules, self.event or "sign_up"
        said = []
        if rules.action(event, "exposed") in REFUSING:
            said.append(str(words.text("help_text")))
        if rules.action(event, "too_short") in REFUSING and (least := lengths(rules)["min_length"]) > 1:
            said.append(words.counted("help_length", min_length=least))
        return joined(said, get_language() or "")

    def source(self) -> Source:
        """What is asked: as the options say, or the policy, or else the settings."""
        rules = self._now().rules
        index = rules.index if self.index is None else self.index
        return source_of(index, self.overlays or tuple(rules.overlays), rules.min_count)

    def at_reset(self) -> Criteria:
        """What decides at reset whether a password can be set."""
        return criteria.of_rules(self._now().rules, self.source(), self.event or "reset")

    def _error(self, reason: Reason) -> Any:
        if reason.code == "exposed":
            count = 1 if reason.count is None else reason.count
            message = words.of_exposure(reason, show_count=shows_count(self.source()))
            # Not the source: whoever is shown the parameters would learn what is in the site's own list.
            params: dict[str, Any] = {"count": count, "amount": count, "form": reason.form}
        else:
            message, params = words.text(reason.code), facts(reason)
        return ValidationError(message, code=reason.code, params=params)

    def _policy(self) -> Policy:
        made = self._now()
        if made.policy is None:
            made.policy = policies.opened(made.rules, self.source())
        return made.policy

    def _now(self) -> _Made:
        chosen = settings()
        made = self._made
        if made is None or made.of is not chosen:
            made = self._made = _Made(chosen, self._rules(chosen))
        return made

    def _rules(self, chosen: Settings) -> PolicyRules:
        """The rules that the options ask for."""
        site = chosen.policy if self.profile is None and self.policy is None else None
        file = self.policy if site is None else site.file
        if file is not None:
            for name in [*(["profile"] if self.profile else []), *self.options]:
                _wrong(f"{name} is said by {file} already, which says everything about the policy")
            rules = rules_in(file, WHO) if site is None else site.rules
        elif site is not None and site.settings is None:
            rules = changed_rules(site.rules, self.options, WHO)
        elif site is not None and site.settings is not None:
            rules = rules_of(_merged(site.settings, self.options), WHO)
        else:
            base = {"min_count": chosen.min_count, "on_error": dict(chosen.on_error)}
            if self.profile is not None:
                base["profile"] = self.profile
            rules = rules_of({**base, **self.options}, WHO)
        if chosen.test_password != rules.test_password:
            rules = changed_rules(rules, {"test_password": chosen.test_password}, WHO)
        if self.event is None:
            _demand_agreement(rules)
        return rules

    def _said(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


def _merged(settings: Mapping[str, Any], options: Mapping[str, Any], depth: int = 2) -> dict[str, Any]:
    """The settings of the site with the options of a validator: ``rules`` and the rows of ``actions`` are changed cell
    by cell. What should be a table and is none stays, to be complained about."""
    merged = {**settings, **options}
    for key in settings.keys() & options.keys() - {"on_error"}:
        theirs, ours = settings[key], options[key]
        if depth and isinstance(theirs, Mapping) and isinstance(ours, Mapping):
            merged[key] = _merged(theirs, ours, depth - 1)
    return merged


def _demand_agreement(rules: PolicyRules) -> None:
    """Raises ``ImproperlyConfigured`` where it would matter whether a password is changed or reset."""
    said: list[tuple[str, str, str]] = [
        (f"about {code}", rules.action("change", code), rules.action("reset", code)) for code in CODES
    ]
    said.append(("on_error", rules.on_error("change"), rules.on_error("reset")))
    for what, change, reset in said:
        if change != reset:
            _wrong(
                f'the policy says {what} "{change}" at change and "{reset}" at reset. Django\'s validators cannot '
                "tell them apart: say the same of both, or name the event in the options of a validator that one "
                "form alone uses"
            )


def _wrong(reason: str) -> Any:
    raise ImproperlyConfigured(sentence(f"{WHO}: {reason}"))
