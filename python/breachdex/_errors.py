"""Everything that breachdex raises, as one tree.

No message, attribute or traceback of these holds a password or a digest. Besides these, a question that cannot
be one is an ordinary ``TypeError`` or ``ValueError``.
"""

from __future__ import annotations

import sys
import warnings

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from breachdex._breachdex import Reason, Verdict


class BreachdexError(Exception):
    """Whatever goes wrong here."""


class _SystemError(BreachdexError, OSError):
    """What the operating system said, in words that OSError would put others in place of."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[type[_SystemError], tuple[object, ...], dict[str, object]]:
        return type(self), self.args, {"errno": self.errno, "filename": self.filename}


class IndexNotFoundError(_SystemError, FileNotFoundError):
    """There is no file under that path. ``filename`` says which."""


class IndexFileError(_SystemError):
    """The operating system refused to open, read or write a file."""


class IndexDamagedError(BreachdexError):
    """The file is no index, or a damaged one, or it was changed in place: nothing it says may be believed."""


class IndexVersionError(BreachdexError):
    """The index was written by a later breachdex."""


class IndexNotSignedError(BreachdexError):
    """The index has no valid signature of a trusted key. Says which file is to blame."""


class IndexStaleError(BreachdexError):
    """The index is older than it may be, has no date, or would replace a newer one."""


class IndexResidencyError(BreachdexError, MemoryError):
    """The index does not fit into the memory, or the limit of locked memory, that its residency needs."""


class IndexKindError(BreachdexError, ValueError):
    """SHA-1 where NTLM is held, or the other way round; exposed pairs where passwords are wanted, or the other way round."""


class PairKeyError(BreachdexError, ValueError):
    """The key of exposed pairs is missing, is none, can be read by others, or is another one than theirs."""


class IndexClosedError(BreachdexError, ValueError):
    """The index was closed."""


class IndexMismatchError(BreachdexError, ValueError):
    """Another index than the pickled one is under its path now."""


class NotCoveredError(BreachdexError, LookupError):
    """The index does not know about this part of the corpus, so there is no answer."""


class NotExactError(BreachdexError, ValueError):
    """Full digests were asked of an index that keeps fewer bits."""


class CountsUnavailableError(BreachdexError, ValueError):
    """Counts were asked of an index that has none."""


class InvalidPasswordError(BreachdexError, ValueError):
    """The password is no text where text is needed, or a user name or an e-mail address beside it. Never says what it is."""

    field: str = "password"
    """What is no text: ``password``, ``user_name`` or ``email``."""


class InvalidDigestError(BreachdexError, ValueError):
    """A digest of the wrong width, or one that is not hexadecimal. Never says what it is."""


class InvalidArrowError(BreachdexError, ValueError):
    """Arrow data that cannot be read, or whose producer failed."""


class InvalidPrefixError(BreachdexError, ValueError):
    """A prefix that is not five hexadecimal digits."""


class BuildError(BreachdexError, ValueError):
    """An index cannot be built like that: contradicting options, a fault in the input, a target in use."""


class SegmentError(BuildError):
    """Segments that are no parts of one index: they overlap, leave a prefix out, or differ. Says which, and where."""


class InputNotFoundError(BuildError, _SystemError, FileNotFoundError):
    """An input of a build, or the folder of its output, is not there. ``filename`` says which."""


class TargetExistsError(BuildError, _SystemError, FileExistsError):
    """The target exists, and replacing it was not asked for."""


class PolicyError(BreachdexError, ValueError):
    """A policy that makes no sense. Says which key, and the nearest valid one."""


class ConfigurationError(BreachdexError, ValueError):
    """What was configured makes no sense. Says where it was said, and under which name."""


class RadarStateError(_SystemError):
    """A saved state of a radar is damaged, of another version, or cannot be read or written."""


class PasswordRejectedError(BreachdexError, ValueError):
    """A policy refuses a password. Holds no password.

    Its text is the messages of all reasons that refuse it, for the person who chose the password.

    :param verdict: all that the policy found.
    :param field: the name of the form's field, for adapters.
    :param lang: the language of messages; ``None`` is the request's, else the policy's.
    """

    def __init__(self, verdict: Verdict, field: str | None = None, lang: str | None = None) -> None:
        super().__init__(verdict, field, lang)
        self.verdict = verdict
        self.field = field
        self.lang = lang

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons that refuse it, the severest first."""
        return tuple(reason for reason in self.verdict.reasons if _refuses(reason))

    @property
    def codes(self) -> tuple[str, ...]:
        """Their codes."""
        return tuple(reason.code for reason in self.reasons)

    def messages(self, lang: str | None = None, *, show_count: bool | None = None) -> list[str]:
        """What the person is told, one text for each of :attr:`reasons`.

        :param lang: as ``ja``; ``None`` is the language that was given, else the request's, else the policy's.
        :param show_count: whether they say how often the password was seen; ``None`` is as configured.
        """
        texts = self.verdict.messages(lang or self.lang, show_count=show_count)
        return [text for reason, text in zip(self.verdict.reasons, texts, strict=True) if _refuses(reason)]

    def to_dict(self, lang: str | None = None) -> dict[str, Any]:
        """``field`` and ``errors``, each with ``code`` and ``message``, for JSON."""
        said = zip(self.codes, self.messages(lang), strict=True)
        return {"field": self.field, "errors": [{"code": code, "message": text} for code, text in said]}

    def __str__(self) -> str:
        from breachdex._breachdex import sentence_separator
        from breachdex._language import of_request

        spoken = self.lang or of_request() or self.verdict.language
        return sentence_separator(spoken).join(self.messages(spoken))


def _refuses(reason: Reason) -> bool:
    return reason.action in ("force_reset", "reject")


class RemoteError(_SystemError):
    """The range server gave no answer, or none that can be understood.

    ``cause`` says what happened: ``network`` (no answer, or not in time), ``status`` (the server answered with another
    status, which ``status`` has), ``malformed`` (the answer is no range), ``redirected``, ``certificate``, or ``system``
    (this machine could not ask, to which ``on_error`` does not apply). Another try may help after the first, and after a
    status of 429 or from 500 on; the others last until somebody changes something.
    """

    cause: str = "system"
    status: int | None = None

    @property
    def is_transient(self) -> bool:
        """Whether another try may help."""
        return self.cause == "network" or (
            self.status is not None and (self.status == 429 or self.status >= 500)
        )

    def __reduce__(self) -> tuple[type[_SystemError], tuple[object, ...], dict[str, object]]:
        return type(self), self.args, {"cause": self.cause, "status": self.status}


class BreachdexWarning(UserWarning):
    """Whatever breachdex warns of."""


class StarterIndexWarning(BreachdexWarning):
    """The small starter index answers: what it does not hold may well be exposed."""


class BuildWarning(BreachdexWarning):
    """An index was written, and what was read for it is probably not what was meant. The report says the same to programs."""


_has_warned = False


def warn_of_starter(message: str) -> None:
    """Warns whoever opened the starter index: once a process, unless the program wants it otherwise."""
    global _has_warned
    # Python forgets what it said "once" when a program that is imported later changes a filter.
    if _has_warned and _action(StarterIndexWarning) in ("once", "default", "module"):
        return
    _has_warned = True
    try:
        opener = sys._getframe(1)
    except ValueError:
        # Called by the interpreter itself, as at its exit.
        warnings.warn(message, StarterIndexWarning, stacklevel=1)
        return
    warnings.warn_explicit(
        message,
        StarterIndexWarning,
        opener.f_code.co_filename,
        opener.f_lineno,
        module=opener.f_globals.get("__name__"),
    )


def _action(category: type[Warning]) -> str:
    """What the program wants to happen with warnings of a category."""
    for action, message, filtered, module, _line in warnings.filters:
        if message is None and module is None and issubclass(category, filtered):
            return action
    return "default"
