"""What the adapters of form and schema libraries share: which other fields hold the name and the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from breachdex import _asking
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._verdicts import CHOOSING, as_word
from breachdex._words import not_text

if TYPE_CHECKING:
    from breachdex.types import Event


class Options:
    """The options of a password field, checked.

    :param event: ``sign_up``, ``change`` or ``reset``.
    :param user_name_field: the field beside the password with the user's name, for the policy.
    :param email_field: the same for the address.
    :param lang: the language of messages; ``None`` is the request's.
    :raises ValueError: for an event that is none of choosing a password.
    """

    __slots__ = ("about", "event", "lang")

    def __init__(
        self, event: Event, user_name_field: str | None, email_field: str | None, lang: str | None
    ) -> None:
        if event not in CHOOSING:
            raise ValueError(f"event must be one of {', '.join(CHOOSING)}, not {event!r}")
        self.event: Event = event
        self.about = (user_name_field, email_field)
        self.lang = lang

    def messages(self, password: object, beside: Mapping[str, Any], field: str) -> list[str]:
        """Why the password is refused; empty where it is not. What is raised is a fault, and nobody's mistake."""
        try:
            # A form that is filled from JSON may bring a number.
            if not isinstance(password, str):
                return [not_text(self.lang)]
            self.demand(password, beside, field)
        except PasswordRejectedError as error:
            return error.messages()
        except InvalidPasswordError:
            return [not_text(self.lang)]
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del password, beside
        return []

    def demand(self, password: str, beside: Mapping[str, Any], field: str) -> None:
        """Raises ``PasswordRejectedError`` for a password that is refused.

        :param beside: the other fields by name.
        """
        try:
            user_name, email = (as_word(beside.get(name)) if name else None for name in self.about)
            _asking.validate(password, user_name, email, self.event, field=field, lang=self.lang)
        finally:
            del password, beside
