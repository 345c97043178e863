"""The password validators, for ``AUTH_PASSWORD_VALIDATORS`` and so for sign-up, change and reset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.utils.deconstruct import deconstructible  # type: ignore[import-untyped]
from django.utils.translation import ngettext  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex._breachdex import Exposure, Index, IndexSet
from breachdex._errors import InvalidPasswordError
from breachdex._gate import ExposedPair, Unavailable
from breachdex._words import pair_code
from breachdex.django import criteria, words
from breachdex.django.conf import ON_ERROR, OnError, settings
from breachdex.django.gates import Source, ask, event_of, named, shows_count, source_of
from breachdex.django.policies import identity
from breachdex.django.policy_validator import PolicyValidator
from breachdex.django.setting_errors import one_of, sentence
from breachdex.django.signals import password_exposed

if TYPE_CHECKING:
    from breachdex.django.criteria import Criteria

__all__ = ["ExposedPasswordValidator", "PolicyValidator"]

Path = str | os.PathLike[str]


@deconstructible
class ExposedPasswordValidator:
    """Refuses a password that is in the index.

    Whatever is left out is as the setting ``BREACHDEX`` says.

    :param index: the path of an index, or an open one.
    :param overlays: paths of indexes of your own that are asked too.
    :param min_count: from how many sightings on (inclusive) a password is refused. A hit in an overlay always is.
    :param on_error: what a fault at run time means: ``accept``, ``reject`` or ``raise``.
    :param error_message: words for a refusal, or a pair (singular, plural) of them; both may be lazy. They take
        ``%(count)d`` and ``%(amount)d``, which are the same, and 1 where the index keeps no counts.
    :param help_message: words for the help text.
    :raises ImproperlyConfigured: for a parameter that makes no sense.
    """

    def __init__(
        self,
        index: Path | Index | IndexSet | None = None,
        overlays: Sequence[Path] = (),
        min_count: int | None = None,
        on_error: OnError | None = None,
        error_message: Any = None,
        help_message: Any = None,
    ) -> None:
        self.index, self.overlays = named("ExposedPasswordValidator", index, overlays)
        if min_count is not None and (
            isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1
        ):
            _wrong("min_count", f"must be a whole number from 1 on, not {min_count!r}")
        if on_error is not None and (reason := one_of(on_error, ON_ERROR)):
            _wrong("on_error", reason)
        if isinstance(error_message, (tuple, list)) and len(error_message) != 2:
            _wrong("error_message", "must be one text, or a pair of them: singular and plural")
        self.min_count = min_count
        self.on_error = on_error
        self.error_message = tuple(error_message) if isinstance(error_message, list) else error_message
        self.help_message = help_message

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExposedPasswordValidator):
            return NotImplemented
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def validate(self, password: str, user: Any = None) -> None:
        """Raises ``ValidationError`` with the code ``exposed`` (parameters ``count`` and ``amount``), ``exposed_pair``,
        ``password_not_text`` or, where the password could not be checked and ``on_error`` is ``reject``, ``index_unavailable``."""
        event = event_of(user)
        on_error = self.on_error or settings().on_error_at(event)
        finding: Any = None
        refused: Any = None
        try:
            finding = ask(self.source(), on_error, password, identity(user))
        except InvalidPasswordError:
            refused = words.not_text()
        if refused is not None:  # Not while the other is handled, whose frames hold the password.
            raise refused
        if isinstance(finding, Unavailable):
            raise ValidationError(words.text("index_unavailable"), code="index_unavailable")
        if finding is not None:
            password_exposed.send_robust(
                sender=type(self), user=user, event=event, action="reject", request=None
            )
            if isinstance(finding, ExposedPair):
                raise ValidationError(words.text(pair_code(finding.match)), code="exposed_pair")
            raise self._refusal(finding)

    def get_help_text(self) -> str:
        """What is shown beside the field."""
        return str(words.text("help_text") if self.help_message is None else self.help_message)

    def source(self) -> Source:
        """What is asked: as the parameters say, or else the settings."""
        return source_of(self.index, self.overlays, self.min_count)

    def at_reset(self) -> Criteria:
        """What decides at reset whether a password can be set."""
        on_error = self.on_error or settings().on_error_at("change")
        return criteria.of_gate(self.source(), refuses=True, on_error=on_error)

    def _refusal(self, exposure: Exposure) -> Any:
        count = 1 if exposure.count is None else exposure.count
        message = self.error_message
        if message is None:
            message = words.of_exposure(exposure, show_count=shows_count(self.source()))
        elif isinstance(message, tuple):
            message = _by_number(message[0], message[1], count)
        return ValidationError(message, code="exposed", params={"count": count, "amount": count})


def _by_number(singular: Any, plural: Any, count: int) -> Any:
    """Plain texts may be in the project's catalogue as a pair; lazy ones are translated already."""
    if isinstance(singular, str) and isinstance(plural, str):
        return ngettext(singular, plural, count)
    return singular if count == 1 else plural


def _wrong(name: str, reason: str) -> None:
    raise ImproperlyConfigured(sentence(f"ExposedPasswordValidator: {name} {reason}"))
