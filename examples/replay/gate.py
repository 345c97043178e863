"""A site with accounts, and where its gate stands: nowhere, where passwords are chosen, or at log-in too.

The site does what breachdex's frameworks do: it looks up what is chosen, and at log-in what was verified; a right
password that is exposed opens no session, stops working, and sends its owner a mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from breachdex import Index


class Arrangement(Enum):
    """Where passwords are looked up."""

    OFF = "no gate"
    CHOOSING = "sign-up and reset"
    LOG_IN = "log-in too"


class Answer(Enum):
    """What whoever tries to log in sees."""

    REFUSED = "wrong user name or password"
    RESET = "the password has to be reset"
    SESSION = "logged in"


class EveryChoiceRefusedError(RuntimeError):
    """A member whose every choice is exposed. The model gives everybody one that is not."""


class Site:
    """Accounts behind a gate. Keeps passwords as they are, where a real site keeps a slow hash."""

    def __init__(self, arrangement: Arrangement, index: Index) -> None:
        self.arrangement = arrangement
        self.refused_choices = 0
        """How often somebody was asked for another password at sign-up or reset."""
        self.mailed: list[str] = []
        """Who was sent a link for a new password, in order."""
        self._index = index
        self._passwords: dict[str, str | None] = {}

    def keep_old_account(self, name: str, choices: Sequence[str]) -> None:
        """An account from before there was a gate, with its owner's first choice."""
        self._passwords[name] = choices[0]

    def choose(self, name: str, choices: Sequence[str]) -> None:
        """Sign-up, or a reset by the link in a mail: the first choice that the gate lets through is kept.

        :raises EveryChoiceRefusedError: when it lets none through.
        """
        for choice in choices:
            if self.arrangement is Arrangement.OFF or not self._index.contains(choice):
                self._passwords[name] = choice
                return
            self.refused_choices += 1
        raise EveryChoiceRefusedError(f"all {len(choices)} choices of a member are exposed")

    def accounts(self) -> list[tuple[str, str]]:
        """Every account and its password, for a real site that is to have the same."""
        return [(name, password) for name, password in self._passwords.items() if password is not None]

    def log_in(self, name: str, password: str) -> Answer:
        """One try. A wrong password and an unknown name get the same answer, and neither is looked up."""
        kept = self._passwords.get(name)
        if kept is None or kept != password:
            return Answer.REFUSED
        if self.arrangement is Arrangement.LOG_IN and self._index.contains(password):
            # From here on no password opens the account until its owner has chosen one.
            self._passwords[name] = None
            self.mailed.append(name)
            return Answer.RESET
        return Answer.SESSION
