"""What a log-in comes to beyond its verdict: grace before a refusal, and whether it needs to be looked at again.

When grace is over is decided by the compiled policy; here is what is kept of one log-in for the next, and what is said.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from breachdex._breachdex import Index
from breachdex._errors import BreachdexError
from breachdex._marks import Mark
from breachdex._words import word

if TYPE_CHECKING:
    from breachdex._breachdex import Grace

Recheck: TypeAlias = Literal["always", "newer_index"]
"""When the password of an account that logs in is looked at."""

RECHECKS: Final[tuple[Recheck, ...]] = get_args(Recheck)
_EPOCH: Final = date(1970, 1, 1).toordinal()
FIELD_REMEDY: Final = "a text column of the user model with room for 56 characters"


@dataclass(frozen=True)
class Outcome:
    """What a log-in comes to."""

    stands: bool
    """Whether the refusal stands; otherwise the log-in is let pass with a warning."""
    mark: Mark
    """What to keep for the next log-in."""
    days: int | None = None
    """Days that are left, today among them."""
    log_ins: int | None = None
    """Log-ins that are left after this one."""

    def sentences(self, language: str) -> list[str]:
        """What is said after a warning: how long the password can still be used."""
        said = [] if self.days is None else [word("grace_days", language, days=self.days)]
        if self.log_ins == 0:
            return [word("grace_last", language)]
        if self.log_ins is not None:
            said.append(word("grace_log_ins", language, log_ins=self.log_ins))
        return said


@dataclass(frozen=True)
class LogIns:
    """How a site treats log-ins, whatever the framework."""

    grace: Grace | None = None
    recheck: Recheck = "always"

    @property
    def keeps_marks(self) -> bool:
        """Whether anything has to be kept of each account."""
        return self.recheck != "always" or (self.grace is not None and self.grace.is_counted)

    def needs_look(self, mark: Mark, index: Any) -> bool:
        """Whether the password has to be looked at; not where a corpus as new as this one did not have it.

        What was found exposed is looked at each time, and so is everything where overlays are asked, which have no date.
        """
        if self.recheck == "always" or mark.since is not None or mark.checked is None:
            return True
        date_of_now = corpus_date(index)
        return date_of_now is None or mark.checked < date_of_now

    def refused(self, mark: Mark) -> Outcome:
        """A log-in that would be refused."""
        if self.grace is None:
            return Outcome(stands=True, mark=mark)
        now = today()
        since = None if mark.since is None else mark.since.toordinal()
        is_over, days, log_ins = self.grace.left(since, mark.log_ins, now.toordinal())
        if is_over:
            return Outcome(stands=True, mark=mark)
        kept = Mark(mark.since or now, mark.log_ins + 1) if self.grace.is_counted else Mark()
        return Outcome(False, kept, days, log_ins)

    def accepted(self, index: Any, *, found: bool) -> Mark:
        """What to keep of a log-in that is let pass without grace.

        :param found: whether anything was found about the password, so that the next log-in is looked at again.
        """
        return Mark() if found else Mark(checked=corpus_date(index))


def corpus_date(index: Any) -> date | None:
    """The date of the corpus of an index; ``None`` of one that has none or is damaged, and of what has overlays or speaks to a
    server."""
    try:
        return index.metadata.corpus_date if isinstance(index, Index) else None
    except BreachdexError:
        # So that it is asked, and ``on_error`` says what the fault means.
        return None


def today() -> date:
    """The day that grace and the age of a corpus are counted by: in UTC, so that it is one for all servers."""
    return date.fromordinal(_EPOCH + int(time.time() // 86_400))
