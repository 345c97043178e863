"""The compiled part of breachdex. Import these names from ``breachdex``."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import date
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, NoReturn, Self, final, overload

from breachdex._remote import RangeClient
from breachdex.types import (
    Action,
    Advice,
    ArrowArray,
    ArrowStream,
    Code,
    Event,
    Kind,
    OnError,
    Password,
    Path,
    Profile,
    RadarState,
    TrustedKeys,
    Values,
)

__all__ = [
    "TEST_PASSWORD",
    "BlockingRangeClient",
    "BuildReport",
    "ChunkedCounts",
    "Counts",
    "ExposedPair",
    "Exposure",
    "Gate",
    "Grace",
    "Index",
    "IndexSet",
    "Judge",
    "Metadata",
    "Observation",
    "Pairs",
    "Partitions",
    "PolicyRules",
    "Progress",
    "Radar",
    "RadarStatus",
    "Reason",
    "Unavailable",
    "Verdict",
    "__version__",
    "build",
    "build_packed",
    "build_segment",
    "digest",
    "examine",
    "exposed_count",
    "grouped_number",
    "join",
    "language_code",
    "languages",
    "messages",
    "negotiate",
    "public_keys",
    "run_command",
    "sentence_separator",
    "spoken_language",
    "warn_of_list",
]

__version__: Final[str]
TEST_PASSWORD: Final[str]
"""A made-up password that is in no leak, and exposed where ``test_password`` is on: for trying a site's whole path."""

@final
class Observation:
    """What a radar says about one attempt. Frozen."""

    def __new__(
        cls,
        advice: Advice = "allow",
        state: RadarState = "quiet",
        source_state: RadarState = "quiet",
        *,
        is_suspect_log_in: bool = False,
    ) -> Self:
        """For tests of what acts on it.

        :raises ValueError: a name is none.
        """
    def __getnewargs_ex__(self) -> tuple[tuple[Advice, RadarState, RadarState], dict[str, bool]]: ...
    @property
    def advice(self) -> Advice:
        """What to do with the attempt."""
    @property
    def state(self) -> RadarState:
        """The state of the radar after it."""
    @property
    def source_state(self) -> RadarState:
        """The state of the attempt's source, or of its network if that is worse."""
    @property
    def is_suspect_log_in(self) -> bool:
        """Whether it succeeded during an attack, from a suspected source: the account may have been taken over."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RadarStatus:
    """The state of a radar, since when and why. Frozen."""

    @property
    def state(self) -> RadarState:
        """The state."""
    @property
    def since(self) -> int | None:
        """When what it is about began, in seconds since 1970; before the alarm. ``None`` while quiet."""
    @property
    def raised(self) -> int | None:
        """When the alarm was raised, in an attack."""
    @property
    def reasons(self) -> list[dict[str, Any]]:
        """Why: each has its name as ``reason``, and ``usual_share`` and ``attack_share``, or ``count``."""

@final
class Radar:
    """Says when a credential-stuffing attack runs, from the log-in attempts that it is told.

    It keeps no password and no name, and its memory is bounded: 18 MB with the default of ``sources``. Threads may share
    it. Each process has its own: send the attempts of all workers to one.
    """

    def __new__(
        cls,
        *,
        path: Path | None = None,
        on_suspect_log_in: Callable[[str, str], object] | None = None,
        usual_exposed: float = 0.3,
        learns: bool = True,
        on_attack: Advice = "challenge",
        on_suspicion: Advice = "delay",
        sources: int = 262_144,
        forget_after: int = 86_400,
        release_after: int = 1_800,
        accounts_per_source: int = 100,
        source_false_alarm: float = 1e-6,
        site_false_alarm: float = 3e-9,
        site_margin: float = 0.0,
        utc_offset: int = 0,
        key: bytes | None = None,
    ) -> Self:
        """
        :param path: a state that :meth:`save` saved, to go on with.
        :param on_suspect_log_in: called with account and source for each log-in that succeeds during an attack from a
            suspected source, before :meth:`observe` returns. What it raises comes out of :meth:`observe`.
        :param usual_exposed: the share of exposed passwords among failed attempts without an attack, before it is learned.
        :param learns: whether to learn it for each hour of the week.
        :param on_attack: the advice about a source that the alarm was raised for; ``deny`` only if given here.
        :param on_suspicion: the advice about a suspected source; not ``deny``.
        :param sources: how many sources and networks are remembered: a power of two, 68 bytes each.
        :param forget_after: seconds after which a source without attempts is forgotten.
        :param release_after: seconds after the last evidence at which an attack is over.
        :param accounts_per_source: how many failed accounts make a source without successes suspected; 0 for never.
        :param source_false_alarm: the chance that the alarm is ever raised for a source that behaves like the others.
        :param site_false_alarm: how often the test over the site raises a false alarm, for each failed attempt.
        :param site_margin: how far the share of honest attempts swings within an hour of the week.
        :param utc_offset: minutes by which local time is ahead of UTC, for the hours of the week.
        :param key: 16 secret bytes for the hashes of sources and accounts; random ones without.
        :raises ValueError: an option is out of its range.
        :raises RadarStateError: the state cannot be read.
        """
    def observe(
        self,
        source: str,
        account: str,
        *,
        succeeded: bool,
        exposed: bool | None = None,
        known: bool | None = None,
        time: float | None = None,
    ) -> Observation:
        """Tells the radar of an attempt. Takes about a microsecond.

        :param source: the address, or any text; empty if it is not known.
        :param account: the account, written the same way each time; empty if it is not known.
        :param succeeded: whether the password was right.
        :param exposed: whether the password is exposed, if that is known.
        :param known: whether the site has the account, if that is to be said.
        :param time: when, in seconds since 1970; now without it.
        """
    def advise(self, source: str) -> Advice:
        """Advises on an attempt before its password is looked at. It is not counted."""
    def status(self, time: float | None = None) -> RadarStatus:
        """Returns the state, since when and why.

        :param time: moves the radar's time on, so that alarms end without attempts.
        """
    def announce_campaign(self, until: float) -> None:
        """Rests the tests of the site and of networks until a time.

        For a campaign of yours that makes many users try old passwords, such as a reset of all exposed ones.
        """
    def save(self, path: Path) -> None:
        """Saves the state to a file of mode 0600.

        It contains the key of the hashes: keep it secret.

        :raises RadarStateError: the file cannot be written.
        """
    def _counts(self) -> dict[str, int]: ...

@final
class Metadata:
    """What an index says about itself. Frozen."""

    @property
    def kind(self) -> Kind:
        """Which digest it holds."""
    @property
    def bits(self) -> int:
        """Leading bits kept of every digest."""
    @property
    def entries(self) -> int:
        """Number of entries."""
    @property
    def has_counts(self) -> bool:
        """Whether it knows how often."""
    @property
    def exact(self) -> bool:
        """Whether whole digests are kept, so that a hit is never by chance."""
    @property
    def false_positive_rate(self) -> float:
        """The probability that a password that never leaked is reported; 0 for an exact index."""
    @property
    def floor(self) -> int:
        """What was seen less often than this may be missing."""
    @property
    def covers_all(self) -> bool:
        """Whether it knows about every prefix."""
    @property
    def source(self) -> str:
        """Where the entries come from, in the builder's words; may be empty."""
    @property
    def corpus_date(self) -> date | None:
        """The day the corpus is of."""
    @property
    def tool_version(self) -> str | None:
        """The breachdex that wrote the file."""
    @property
    def content_id(self) -> str:
        """Names the content: equal ids mean equal entries and facts."""
    @property
    def file_size(self) -> int:
        """Bytes of the whole file."""
    @property
    def is_starter(self) -> bool:
        """Whether this is the small index that comes with breachdex."""
    @property
    def holds_overlay(self) -> bool:
        """Whether it is an overlay, or one was merged into it: its digests are to be kept secret."""
    @staticmethod
    def _restore(facts: tuple[Any, ...]) -> Metadata: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Counts:
    """Counts of an array, as an Arrow array of UInt32. pyarrow is not needed to make or to read it."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...
    def to_pylist(self) -> list[int | None]:
        """The counts as Python objects, ``None`` for null."""
    @staticmethod
    def _restore(counts: list[int | None]) -> Counts: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class ChunkedCounts:
    """Counts of a stream of arrays, in the same chunks, as an Arrow stream of UInt32. May be read again."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...
    def to_pylist(self) -> list[int | None]:
        """The counts as Python objects, ``None`` for null."""
    @staticmethod
    def _restore(chunks: list[list[int | None]]) -> ChunkedCounts: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Exposure:
    """How a password is exposed. Frozen; holds neither the password nor its digest."""

    @property
    def count(self) -> int | None:
        """How often it was seen; ``None`` where that is not known."""
    @property
    def form(self) -> Literal["raw", "nfc", "nfkc", "trimmed", "visible", "casefold", "stored"]:
        """The form of it that is exposed."""
    @property
    def source(self) -> Literal["base", "overlay"]:
        """Which index knows it."""
    @property
    def partial(self) -> bool:
        """Whether another source could not answer, so that ``count`` is a lower bound."""
    @staticmethod
    def _restore(facts: tuple[Any, ...]) -> Exposure: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Index:
    """An index of breached password digests, mapped into memory and open until it is closed.

    Safe to share between threads; a forked process goes on with it, and a spawned one gets it by pickle: the path
    and a checksum travel, and another index under that path is refused (:class:`IndexMismatchError`).

    Passwords are looked up as they are given: nothing is stripped and nothing is normalised. ``str`` is hashed as
    UTF-8 (SHA-1) or UTF-16LE (NTLM); bytes are hashed as given for SHA-1, and must be UTF-8 for NTLM. The empty
    password is a password.
    """

    @classmethod
    def open(
        cls,
        path: Path | None = None,
        reload_every: float | None = None,
        *,
        residency: Literal["on-demand", "populate", "locked", "huge-pages"] = "on-demand",
        trusted_keys: TrustedKeys | Literal[False] | None = None,
        max_age: int | None = None,
        allow_rollback: bool = False,
    ) -> Self:
        """Opens an index. Reads half a megabyte of it at most, with trusted keys 3 MB; every other byte is checked when it
        is first used.

        :param path: the file. Without one ``$BREACHDEX_INDEX``, else the starter index, with a
            :class:`StarterIndexWarning`.
        :param reload_every: seconds between two looks at whether another file was put under the path; ``None``
            never looks by itself. See :meth:`reload_if_changed`.
        :param residency: how much is in memory before the first question. ``"populate"`` reads the whole file into
            the page cache, ``"locked"`` keeps it there, ``"huge-pages"`` holds a copy of its own. A pickled index is
            opened on demand in the other process.
        :param trusted_keys: public keys, or the paths of their files, of which one must have signed the index and whatever
            replaces it: a list, or a string with commas between them. Without any ``$BREACHDEX_TRUSTED_KEYS``, and
            without that no signature is asked for; ``False`` asks for none whatever the variable says, as for an
            overlay. The starter index needs none.
        :param max_age: refuses an index whose corpus date is more than so many days ago when it is opened, or that has
            none.
        :param allow_rollback: with trusted keys, takes a replacement over that has an earlier corpus date. An old signature
            stays valid, so it is refused otherwise.
        :raises IndexResidencyError: when memory or the limit of locked memory is too small for it. Also a
            ``MemoryError``.
        :raises IndexNotFoundError: when there is no such file.
        :raises IndexFileError: when the system refuses to open it.
        :raises IndexDamagedError: when it is no index, or a damaged one.
        :raises IndexVersionError: when a later breachdex wrote it.
        :raises IndexNotSignedError: when it has no valid signature of a trusted key.
        :raises IndexStaleError: when it is older than ``max_age``.
        :raises ValueError: for a key that is none.
        """
    @classmethod
    def starter(cls) -> Self:
        """Opens the starter index, whatever ``$BREACHDEX_INDEX`` names, with a :class:`StarterIndexWarning`."""
    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Opens an index that is in memory; the bytes are copied. It cannot be pickled. Raises what :meth:`open`
        raises of a file's content."""
    def count(self, password: Password) -> int:
        """How often a password was seen; 0 when it is not in the index. About a microsecond; no lock is taken.

        :raises CountsUnavailableError: when the index has no counts; :meth:`contains` works.
        :raises InvalidPasswordError: for text that cannot be encoded, such as a lone surrogate. Holds no password.
        :raises NotCoveredError: when the index does not know that part of the corpus.
        :raises IndexDamagedError: when what would have to be read is damaged. The next question meets it again.
        :raises IndexClosedError: after :meth:`close`.
        """
    def contains(self, password: Password, min_count: int = 1) -> bool:
        """Whether a password was seen at least ``min_count`` times (inclusive). Costs what :meth:`count` costs.

        :raises ValueError: for a ``min_count`` below 1; otherwise as :meth:`count`, but an index without counts
            answers for ``min_count=1``.
        """
    def examine(
        self, password: Password, min_count: int = 1, *, stored: str | None = None
    ) -> Exposure | None:
        """How a password is exposed in any of the forms that are looked up: as it is, in NFC, in NFKC, and with ``¥`` as a
        backslash, as Japanese keyboards write one; ``None`` where it is not.

        :param min_count: from how many sightings on (inclusive) it counts as exposed.
        :param stored: the form of the password that will be kept, if it is another: looked up too.
        :raises BreachdexError: as :meth:`contains`.
        """
    def count_hash(self, digest: bytes | str) -> int:
        """How often a digest was seen; 0 when it is not in the index.

        :param digest: ``bytes`` are the raw digest, ``str`` is hexadecimal in any case, both in full width.
        :raises InvalidDigestError: for another width or what is not hexadecimal; otherwise as :meth:`count`.
        """
    def range(self, prefix: str) -> str:
        """All entries under five hexadecimal digits, as the range protocol has them: upper-case ``SUFFIX:COUNT``
        rows, ascending, CRLF between them and none after the last.

        :raises InvalidPrefixError: for anything but five hexadecimal digits.
        :raises NotExactError: when the index keeps fewer bits than a digest has.
        :raises CountsUnavailableError: when it has no counts.
        :raises NotCoveredError: when it does not know this range.
        """
    @overload
    def counts(self, values: Values, *, threads: int | None = None) -> list[int | None]:
        """Counts of many passwords at once, whose waits for memory overlap: as many answers as values, in the same
        order, null for null, and at most 2**32 - 1.

        :param values: a list or tuple of passwords and ``None``; or anything that exports an Arrow array or stream
            of text or bytes: pyarrow, polars and pandas columns, DuckDB relations. A table or frame must have one
            column.
        :param threads: how many work on Arrow data, the interpreter's lock given up; ``None`` is one for each
            processor from 65,536 rows on. Lists are hashed on the calling thread.
        :returns: a list for a list, :class:`Counts` for an array, :class:`ChunkedCounts` for a stream.
        :raises TypeError: for a bare ``str`` or ``bytes``, a NumPy array, several columns, or values that are no
            passwords; says what to pass instead.
        :raises BreachdexError: as :meth:`count`, with the row; one row without an answer fails the whole call.
        """
    @overload
    def counts(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    @overload
    def counts_hash(self, values: Values, *, threads: int | None = None) -> list[int | None]:
        """:meth:`counts` of digests: bytes are raw, text is hexadecimal, as in :meth:`count_hash`.

        :raises InvalidDigestError: for a digest of another width, or text that is not hexadecimal.
        """
    @overload
    def counts_hash(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts_hash(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    def verify(self) -> None:
        """Reads and checks every byte of the file; a second or two a gigabyte, and Ctrl-C stops it.

        :raises IndexDamagedError: with the first place that is wrong.
        """
    def reload_if_changed(self) -> bool:
        """Looks at the file now; another one under the path is opened, verified from end to end, and then answers.
        One that cannot be used is not taken: the previous index stays in use, one line is logged, and
        :attr:`reload_error` says why.

        :returns: whether another file answers now; ``False`` for an index in memory.
        :raises IndexDamagedError: when the open file itself was changed in place, as every question does from then
            on, until a sound file is put under the path by rename.
        :raises IndexClosedError: after :meth:`close`.
        """
    def close(self) -> None:
        """Gives the file up. Questions that are being answered finish. May be called again."""
    @property
    def metadata(self) -> Metadata:
        """What the index that answers now says about itself."""
    @property
    def path(self) -> str | None:
        """The absolute path of the file; ``None`` for the starter index and for one in memory."""
    @property
    def signed_by(self) -> str | None:
        """The id of the trusted key that signed the index that answers now, as minisign prints it; ``None`` where no
        signature was asked for."""
    @property
    def reload_error(self) -> Exception | None:
        """Why the file that is under the path now was not taken over; ``None`` when all is well."""
    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
    def __len__(self) -> int:
        """Number of entries."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: object, /) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class IndexSet:
    """Bases and overlays asked as one: an overlay is a small index of passwords of your own to refuse.

    Counts add up over the bases. **A hit in an overlay is exposed whatever** ``min_count`` **says**, and adds no count.
    What an overlay does not cover it does not hold. Closing and pickling take all members along.
    """

    def __new__(
        cls,
        base: Index | RangeClient | Iterable[Index | RangeClient],
        overlays: Iterable[Index] | None = None,
    ) -> Self:
        """
        :param base: an index, a :class:`RangeClient`, or several indexes with at most one client among them.
        :raises IndexKindError: when one holds another kind of digest than the others.
        :raises ValueError: for no base, several clients, or a client whose ``on_error`` is not ``raise``.
        """
    def count(self, password: Password) -> int:
        """How often the bases have seen a password, added up; of one that only overlays hold, the largest of their
        counts. 0 only when every member answered and none holds it. Raises what :meth:`Index.count` raises when a member
        cannot answer: a part of a count is none."""
    def contains(self, password: Password, min_count: int = 1) -> bool:
        """Whether an overlay holds a password, or the bases have seen it at least ``min_count`` times. A hit counts even
        when another member cannot answer; without one, raises what :meth:`Index.contains` raises."""
    def examine(
        self, password: Password, min_count: int = 1, *, stored: str | None = None
    ) -> Exposure | None:
        """:meth:`Index.examine` of all members together, as :meth:`contains` asks them."""
    def count_hash(self, digest: bytes | str) -> int:
        """:meth:`count` of a digest, as in :meth:`Index.count_hash`."""
    def range(self, prefix: str) -> str:
        """The entries of all members under five digits, equal ones as one row, as in :meth:`Index.range`."""
    def acount(self, password: Password) -> Coroutine[Any, Any, int]:
        """:meth:`count` without blocking the event loop: on a thread where a :class:`RangeClient` is a base, at once where
        none is."""
    def acontains(self, password: Password, min_count: int = 1) -> Coroutine[Any, Any, bool]:
        """:meth:`contains` without blocking the event loop."""
    def aexamine(
        self, password: Password, min_count: int = 1, *, stored: str | None = None
    ) -> Coroutine[Any, Any, Exposure | None]:
        """:meth:`examine` without blocking the event loop."""
    def acount_hash(self, digest: bytes | str) -> Coroutine[Any, Any, int]:
        """:meth:`count_hash` without blocking the event loop."""
    def arange(self, prefix: str) -> Coroutine[Any, Any, str]:
        """:meth:`range` without blocking the event loop."""
    @overload
    def counts(self, values: Values, *, threads: int | None = None) -> list[int | None]:
        """:meth:`count` of many passwords at once, as in :meth:`Index.counts`."""
    @overload
    def counts(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    @overload
    def counts_hash(self, values: Values, *, threads: int | None = None) -> list[int | None]:
        """:meth:`counts` of digests, as in :meth:`Index.counts_hash`."""
    @overload
    def counts_hash(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts_hash(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    def verify(self) -> None:
        """:meth:`Index.verify` of every member."""
    def reload_if_changed(self) -> bool:
        """:meth:`Index.reload_if_changed` of every member; whether any was replaced."""
    def close(self) -> None:
        """Closes every member."""
    @property
    def base(self) -> Any:
        """The first base."""
    @property
    def bases(self) -> tuple[Index | RangeClient, ...]:
        """The bases."""
    @property
    def overlays(self) -> tuple[Index, ...]:
        """What lies over it."""
    @property
    def metadata(self) -> Metadata | None:
        """What the first index among the bases says about itself; ``None`` where a :class:`RangeClient` is the only base."""
    @property
    def signed_by(self) -> str | None:
        """:attr:`Index.signed_by` of the first index among the bases; ``None`` where a :class:`RangeClient` is the only base."""
    @property
    def reload_error(self) -> Exception | None:
        """:attr:`Index.reload_error` of the first member that has one."""
    @property
    def closed(self) -> bool:
        """Whether a member was closed."""
    def __len__(self) -> int:
        """Number of entries of all members; what two of them hold counts twice."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: object, /) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class BlockingRangeClient:
    """The blocking half of ``breachdex.RangeClient``, which applies its ``on_error``."""

    def __new__(
        cls, base_url: str, timeout: float, kind: str, insecure_http: bool, on_error: str
    ) -> Self: ...
    def count(self, password: Password) -> int: ...
    def count_hash(self, digest: bytes | str) -> int: ...
    def range(self, prefix: str) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def on_error(self) -> OnError: ...

@final
class BuildReport:
    """What a build wrote. Frozen."""

    @property
    def entries(self) -> int:
        """Number of entries."""
    @property
    def file_size(self) -> int:
        """Bytes of the file."""
    @property
    def bits(self) -> int:
        """Leading bits kept of every digest."""
    @property
    def floor(self) -> int:
        """What was seen less often than this may be missing."""
    @property
    def collisions(self) -> int:
        """Different digests that fell on the kept bits of another; 0 for an exact index."""
    @property
    def left_out(self) -> int:
        """Rows and range files outside the prefixes asked for. What ``min_count`` or ``top`` leaves out is not
        counted."""
    @property
    def false_positive_rate(self) -> float:
        """The probability that a password that never leaked is reported; 0 for an exact index."""
    @property
    def content_id(self) -> str:
        """Names the content: equal ids mean equal entries and facts."""
    @property
    def went_unsorted(self) -> str | None:
        """Where the input was first out of order, so that it was sorted on disk; ``None`` where it was sorted."""
    @property
    def groups(self) -> int:
        """Number of groups, the units in which the file is encoded."""
    @property
    def groups_copied(self) -> int:
        """Groups that were copied from segments without decoding them."""
    @property
    def bytes_copied(self) -> int:
        """Bytes of these groups."""
    @property
    def passwords_like_digests(self) -> tuple[tuple[str, Kind], ...]:
        """Inputs that were read as passwords, and whose first lines look like digests, with the kind of these."""
    @property
    def passwords_in_notation(self) -> tuple[str, ...]:
        """Inputs with passwords that are written as hashcat does, ``$HEX[...]``, and that were hashed as they stand."""
    @property
    def passwords_with_users(self) -> tuple[str, ...]:
        """Inputs that were read as passwords, and whose first lines all are an e-mail address, a colon and a password."""
    @property
    def passwords_not_utf8(self) -> tuple[str, ...]:
        """Inputs with passwords that are not UTF-8, and whose bytes were hashed."""
    @property
    def empty_span(self) -> tuple[str, str] | None:
        """The first and the last prefix of a span without any entry, in an index of all prefixes with so many entries that
        this is no chance: its input was cut off, or is a part."""
    @property
    def passed_over(self) -> tuple[str, ...]:
        """Names in folders of range files that cannot be range files."""
    @staticmethod
    def _restore(facts: tuple[Any, ...], notes: tuple[Any, ...] | None = None) -> BuildReport: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Progress:
    """How far a build has come. Frozen."""

    @property
    def phase(self) -> str:
        """What is being done."""
    @property
    def done(self) -> int:
        """How much of it."""
    @property
    def total(self) -> int | None:
        """Of how much; ``None`` where that is not known."""
    @staticmethod
    def _restore(phase: str, done: int, total: int | None) -> Progress: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def digest(password: Password, kind: Kind = "sha1") -> bytes:
    """The raw digest of a password: 20 bytes of SHA-1, 16 of NTLM. For looking it up only: whoever stores one has
    all but stored the password.

    :raises InvalidPasswordError: as :meth:`Index.count`.
    """

def build(
    inputs: Path | Sequence[Path],
    output: Path,
    *,
    kind: Kind = "sha1",
    format: Literal["hibp", "ranges", "passwords", "index"] | None = None,
    bits: int | None = None,
    counts: bool = True,
    min_count: int = 1,
    top: int | None = None,
    merge: Literal["sum", "max", "error"] | None = None,
    partial: bool = False,
    prefixes: Sequence[str] | None = None,
    directory_bits: int | None = None,
    memory: int | None = None,
    threads: int | None = None,
    temp_dir: Path | None = None,
    source: str = "",
    corpus_date: date | str | None = None,
    replace: bool = False,
    trusted_keys: TrustedKeys | Literal[False] | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> BuildReport:
    """Builds an index as ``breachdex build`` does. The file appears when it is complete, by rename; a build that
    fails or is interrupted (Ctrl-C) leaves nothing behind. The same entries and options give the same bytes.

    What is probably not what was meant, such as a list of passwords whose lines look like digests, is in the report, and
    warned of with :class:`BuildWarning` once the index is there. Where warnings are errors, that one is raised then.

    :param inputs: files, plain, ``.gz``, ``.zst``, ``.bz2``, ``.xz``, or the only file of a ``.zip`` or ``.7z``, or
        folders of range files, in any order.
    :param output: the index to write.
    :param kind: which digest the inputs hold, or passwords are hashed to.
    :param format: ``hibp`` is ``HEX:COUNT`` lines, ``passwords`` one a line; by itself a folder is ``ranges``, an
        index is known by its first bytes, and anything else is ``hibp``.
    :param bits: leading bits kept of each digest, 32 or more; ``None`` keeps all, which is exact.
    :param counts: whether to keep how often each was seen.
    :param min_count: leaves out what was seen less often.
    :param top: keeps so many of the most frequent.
    :param merge: what becomes of counts of equal digests; by itself passwords are summed and others an error.
    :param partial: a folder holds the ranges of its files only.
    :param prefixes: the inputs hold these ranges only, each ``"FIRST-LAST"``, inclusive, or one prefix.
    :param directory_bits: builds a segment of a larger index, as :func:`build_segment` does; use it with ``prefixes``.
    :param memory: bytes to use; ``None`` is 1 GiB.
    :param threads: ``None`` is one for each processor.
    :param temp_dir: where input that is out of order is sorted; ``None`` is beside ``output``.
    :param source: where the data comes from, kept in the index.
    :param corpus_date: the day it is of, kept in the index.
    :param replace: whether ``output`` may exist; the old file stays until the new one is complete.
    :param trusted_keys: public keys of which one must have signed every input that is an index, as :meth:`Index.open` takes
        them.
    :param progress: called several times a second. An exception from it stops the build and comes out again.
    :raises TargetExistsError: when ``output`` exists and ``replace`` is false.
    :raises BuildError: for an option that makes no sense, options that contradict one another, a target in use, and faults
        in the input, with file and line.
    :raises IndexNotSignedError: when an input that is an index has no valid signature of a trusted key.
    :raises InputNotFoundError: when an input, or the folder of the output, is not there.
    :raises IndexFileError: when the system refuses to read or write.
    """

def warn_of_list(
    name: str,
    kind: Kind,
    like_digests: Kind | None,
    with_users: bool,
    in_notation: bool,
    not_utf8: bool,
) -> None:
    """Warns of a list that the tasks of a cluster read, as :func:`build` does of one."""

def build_segment(
    rows: ArrowArray | ArrowStream | Iterable[ArrowArray | ArrowStream],
    output: Path,
    *,
    first: str = "00000",
    last: str = "FFFFF",
    kind: Kind = "sha1",
    format: Literal["digests", "passwords"] = "digests",
    bits: int | None = None,
    counts: bool = True,
    min_count: int = 1,
    merge: Literal["sum", "max", "error"] | None = None,
    directory_bits: int = 16,
    is_sorted: bool = False,
    skip_outside: bool = False,
    memory: int | None = None,
    threads: int | None = None,
    temp_dir: Path | None = None,
    source: str = "",
    corpus_date: date | str | None = None,
    replace: bool = False,
    progress: Callable[[Progress], object] | None = None,
) -> BuildReport:
    """Builds a segment: the part of an index whose digests begin with ``first`` to ``last``, of Arrow data. Segments of one
    corpus are built anywhere and become one index by :func:`join`. A segment is an index like any other; what it does not
    cover is :class:`NotCoveredError`.

    Rows are read on the calling thread, which holds the GIL for the producer's code alone, and encoded on others. The file
    appears when it is complete, as with :func:`build`. Memory stays within ``memory`` but for the batches that the producer
    makes. A segment may have no rows.

    :param rows: Arrow data (an array, a table, a ``RecordBatchReader``, a stream), or an iterable of record batches. One column
        holds digests, as hexadecimal text or as binary, or passwords; a column of whole numbers, where there is one, holds
        their counts, 1 or more. Without such a column each row counts 1. A null is an error.
    :param output: the segment to write.
    :param first: the first prefix that the segment covers, five hexadecimal digits.
    :param last: the last one, inclusive.
    :param format: ``passwords`` hashes the rows, of text or binary.
    :param merge: what becomes of counts of equal digests; by itself passwords are summed and equal digests an error.
    :param directory_bits: 16 for a segment of an index of more than 4,194,304 entries, whose groups are then copied by
        :func:`join`. Below that, :func:`join` encodes all entries once more unless these are the directory bits of the whole.
    :param is_sorted: promises that digests ascend: rows go into the file in one pass, and a row out of order is an error.
        Without it, rows that are out of order are sorted on disk. With ``bits`` or ``min_count`` a promise also spares a
        second pass.
    :param skip_outside: leaves rows out whose digests the segment does not cover; they are an error otherwise.
    :param threads: ``None`` is one for each processor; 1 is right for an executor that runs one task on each core.

    ``kind``, ``bits``, ``counts``, ``min_count``, ``memory``, ``temp_dir``, ``source``, ``corpus_date``, ``replace`` and
    ``progress`` are those of :func:`build`.

    :raises TargetExistsError: when ``output`` exists and ``replace`` is false.
    :raises BuildError: for options that cannot be, and for a row that is out of order, outside, null, or a duplicate.
    :raises InvalidDigestError: for a row that is no digest of the kind.
    :raises InvalidPasswordError: for a password that cannot be hashed.
    :raises InvalidArrowError: for Arrow data that cannot be read, or whose producer failed.
    :raises TypeError: for columns that are not of these types.
    :raises InputNotFoundError: when the folder of the output is not there.
    :raises IndexFileError: when the system refuses to write.
    """

def build_packed(
    pieces: Iterable[bytes],
    output: Path,
    *,
    first: str,
    last: str,
    kind: Kind,
    bits: int | None,
    counts: bool,
    min_count: int,
    merge: Literal["sum", "max", "error"],
    memory: int,
    temp_dir: Path,
    source: str,
    corpus_date: date | str | None,
) -> tuple[BuildReport, int]:
    """Builds a segment of what :class:`Partitions` packed, for the tasks of :mod:`breachdex.spark`, and says of how many rows.

    :param memory: what fits into so many bytes is put in order in memory; more is sorted in ``temp_dir``.
    :raises BuildError: as :func:`build_segment` does; for pieces that arrived damaged, and for rows of another part.
    """

def join(
    segments: Sequence[Path],
    output: Path,
    *,
    complete: bool = True,
    source: str | None = None,
    corpus_date: date | str | None = None,
    directory_bits: int | None = None,
    memory: int | None = None,
    threads: int | None = None,
    replace: bool = False,
    sign_key: Path | None = None,
    trusted_keys: TrustedKeys | Literal[False] | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> BuildReport:
    """Joins segments, in any order, into one index: byte for byte the index that :func:`build` makes of all their rows with
    the same options. Groups are copied as they are encoded, after all of their checksums and hashes were found to hold. The
    GIL is released.

    :param segments: indexes that cover different prefixes, and agree in kind, bits, counts, minimum count, source and date.
    :param output: the index to write. It appears when it is complete; a join that fails leaves nothing behind.
    :param complete: whether the segments must cover every prefix together.
    :param source: where the data comes from; ``None`` takes what all segments say.
    :param corpus_date: the day it is of; ``None`` takes what all segments say.
    :param directory_bits: makes a larger segment of segments that do not cover everything.
    :param sign_key: a secret key without a password, of ``breachdex keygen --no-password``, that signs the index before it gets
        its name, as ``breachdex build --sign`` does.
    :param trusted_keys: public keys of which one must have signed every segment.
    :raises SegmentError: for segments that overlap, differ or are named twice, and for a prefix that none covers.
    :raises IndexDamagedError: when a segment is damaged, or is no index.
    :raises IndexKindError: when one is a file of pairs.
    :raises IndexNotFoundError: when a segment is not there.
    :raises TargetExistsError: when ``output`` exists and ``replace`` is false.
    :raises BuildError: for options that cannot be, and a target in use.
    """

def examine(
    index: Index | IndexSet | RangeClient,
    password: Password,
    min_count: int = 1,
    *,
    stored: str | None = None,
    test_password: bool = False,
) -> Exposure | None:
    """:meth:`Index.examine` of an index, a set, or a range client."""

@final
class Unavailable:
    """The password could not be checked, and ``on_error`` says to refuse it."""

    def __new__(cls) -> Self: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Pairs:
    """Exposed pairs of user names and passwords of your own incidents, in a file of keyed digests, with its key.

    >>> pairs = breachdex.Pairs.open("pairs.bdx", "pairs.key")
    >>> pairs.find("hanako@example.jp", "the password")
    'pair'

    A ``with`` statement is not needed: the file is closed with the last reference. Safe to use from any thread, and in
    forked children. Pickles as the paths of the file and its keys.
    """

    @classmethod
    def open(cls, path: Path, key: Path | Sequence[Path], *, reload_every: float | None = None) -> Self:
        """Opens a file that :meth:`add` or ``breachdex overlay add --pairs`` made.

        :param key: the key file, or several of which it was made with one.
        :param reload_every: seconds between two looks at whether the file was replaced; ``None`` for never.
        :raises PairKeyError: for another key than its own, and for a key file that others can read.
        :raises IndexKindError: for an index or an overlay of passwords.
        :raises BreachdexError: for a file that is missing or damaged.
        """
    @staticmethod
    def add(
        path: Path,
        key: Path,
        pairs: Iterable[tuple[str, Password]],
        *,
        mail_rules: bool = True,
        local_names: bool = True,
    ) -> int:
        """Adds pairs of a user name and a password; returns how many were not there. The file, and its key where neither is
        there, are made with mode 0600. Reads and writes all of the file: some seconds for a million pairs.

        :param mail_rules: whether addresses are compared by the table of mail providers; kept in the file.
        :param local_names: whether addresses are also known without their host; kept in the file.
        :raises ValueError: for a pair without a user name or a password, by its number from 0; nothing is written.
        :raises PairKeyError: for another key than the file's.
        :raises IndexKindError: for rules other than the file's, and for a file that holds no pairs.
        """
    def find(self, user: str, password: Password) -> Literal["pair", "similar_pair", "user_name"] | None:
        """What is known about a user name and a password: the ``pair``, a ``similar_pair``, or the ``user_name`` with other
        passwords alone. ``None`` where neither is in the list. Costs the same whatever the answer.

        :raises BreachdexError: where there is no answer.
        """
    def verify(self) -> None:
        """Reads and checks the whole file."""
    def reload_if_changed(self) -> bool:
        """Takes over a file that replaced this one, if it is sound and has the same key and rules; whether one was."""
    def close(self) -> None:
        """Closes the file; later questions are an :class:`IndexClosedError`."""
    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    @property
    def reload_error(self) -> Exception | None:
        """Why the file that is under the path now was not taken over; ``None`` when all is well."""
    @property
    def path(self) -> str:
        """The absolute path of the file."""
    @property
    def key_id(self) -> str:
        """The id of the key that it was made with."""
    def __len__(self) -> int:
        """How many pairs it holds."""
    def __bool__(self) -> bool:
        """True, also without pairs."""

@final
class ExposedPair:
    """A password is exposed together with what the account is known by. Holds neither."""

    def __new__(cls, name: Literal["pair", "similar_pair"]) -> Self: ...
    @property
    def match(self) -> Literal["pair", "similar_pair"]:
        """Whether the pair itself is exposed, or a similar one."""
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Gate:
    """Asks one index for one surface of a framework: one threshold, and one meaning of a fault.

    A fault that is passed over is logged once a minute.
    """

    def __new__(
        cls,
        index: Index | IndexSet | RangeClient,
        *,
        min_count: int = 1,
        on_error: OnError = "raise",
        test_password: bool = False,
        pairs: Iterable[Pairs] = (),
    ) -> Self:
        """
        :param min_count: from how many sightings on (inclusive) a password counts as exposed.
        :param on_error: what a fault at run time means: ``accept``, ``reject`` or ``raise``.
        :param test_password: whether :data:`TEST_PASSWORD` is exposed.
        :param pairs: lists of exposed pairs, asked where the account is known.
        :raises ValueError: for an option that makes no sense, and for an index that cannot answer it.
        """
    def examine(
        self, password: str | bytes, *, stored: str | None = None, users: Sequence[str | None] = ()
    ) -> Exposure | ExposedPair | Unavailable | None:
        """How a password is exposed in any of the forms that are looked up: as it is, NFC, NFKC, ``¥`` as a backslash,
        and ``stored``, the form that will be kept. ``None`` where it is not exposed.

        :param users: what the account is known by, such as its name and its address: lists of pairs are asked for these."""
    @property
    def index(self) -> Index | IndexSet | RangeClient:
        """What is asked."""
    @property
    def tells_counts(self) -> bool:
        """Whether people may be told how often a password was seen. The starter index counts every password once; and
        beside overlays it would tell a leak that is known to all from one of the site's own."""
    @property
    def min_count(self) -> int:
        """From how many sightings on (inclusive) a password counts as exposed."""
    @property
    def on_error(self) -> OnError:
        """What a fault at run time means."""

def messages(language: str) -> dict[str, str]:
    """Every message of a language (``en`` for those that are not known) by its code. ``CODE.one`` is said of one thing
    where the language has such a form."""

def exposed_count(count: int, language: str) -> str:
    """How often an exposed password was seen, as a sentence: the number in groups of three digits."""

def grouped_number(number: int, language: str) -> str:
    """A number in groups of three digits, as a language separates them."""

def negotiate(accept_language: str) -> str | None:
    """The language of an ``Accept-Language`` header that its sender likes best, of those that breachdex speaks."""

def spoken_language(language: str) -> str | None:
    """The code of a language named as ``ja``, ``ja-JP`` or ``ja_JP.UTF-8``; ``None`` for one that breachdex does not speak."""

def language_code(language: str) -> str:
    """The code of a language named as ``ja``, ``ja-JP`` or ``ja_JP.UTF-8``; ``en`` for one that is not known."""

def languages() -> list[str]:
    """The codes of the languages that breachdex speaks, as ``en``."""

def sentence_separator(language: str) -> str:
    """What stands between two sentences of a language: a space, or nothing in Japanese."""

def public_keys(given: TrustedKeys) -> tuple[str, ...]:
    """The texts of public keys that are given as text or as the paths of files.

    :raises ValueError: for a key that is none, and for no key.
    """

def run_command(arguments: Sequence[str]) -> int:
    """Runs the command ``breachdex``; returns its exit code."""

@final
class Reason:
    """Why a verdict is not a plain yes. Frozen; holds no password, no word and no digest."""

    @property
    def code(self) -> Code:
        """Which rule."""
    @property
    def action(self) -> Action:
        """What the policy does about it."""
    @property
    def count(self) -> int | None:
        """Of ``exposed``: how often it was seen, where that is known."""
    @property
    def form(self) -> Literal["raw", "nfc", "nfkc", "trimmed", "visible", "casefold", "stored"] | None:
        """Of ``exposed``: which way of writing it is exposed."""
    @property
    def source(
        self,
    ) -> Literal["base", "overlay", "user_name", "email", "service_name", "context"] | None:
        """Of ``exposed``: which index; of ``context_word``: where the word comes from."""
    @property
    def match(self) -> Literal["pair", "similar_pair"] | None:
        """Of ``exposed_pair``: whether the pair itself is exposed, or a similar one."""
    @property
    def length(self) -> int | None:
        """Of ``too_short`` and ``too_long``: code points."""
    @property
    def min_length(self) -> int | None:
        """Of ``too_short``: how many there must be."""
    @property
    def max_length(self) -> int | None:
        """Of ``too_long``: how many there may be."""
    def to_dict(self) -> dict[str, Any]:
        """``code``, ``action`` and what the rule says besides, for JSON."""
    @staticmethod
    def _restore(facts: tuple[Any, ...]) -> Reason: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Verdict:
    """What becomes of a password, and why. Frozen; has no truth value: ask for ``accepted``."""

    @property
    def event(self) -> Event:
        """When it was judged."""
    @property
    def action(self) -> Action:
        """The severest of the reasons' actions; ``accept`` without any."""
    @property
    def language(self) -> str:
        """The policy's language, as ``en``."""
    @property
    def accepted(self) -> bool:
        """Whether it may be used: the action is ``accept``, ``warn`` or ``notify``."""
    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The severest first, then by code."""
    def in_grace(self) -> Verdict:
        """The same while grace lasts: what would be refused is a warning, and said as one. What could not be checked has no
        grace."""
    def messages(self, lang: str | None = None, *, show_count: bool | None = None) -> list[str]:
        """What a person is told, one sentence or two for each reason.

        :param lang: as ``ja`` or ``ja_JP.UTF-8``; ``None`` is the language of the request that is being answered and,
            without one, the policy's.
        :param show_count: whether to say how often an exposed password was seen, where that is known; ``None`` is as
            configured, and that is no by default.
        :raises PolicyError: for a language that breachdex does not speak.
        """
    def to_dict(self) -> dict[str, Any]:
        """``event``, ``action``, ``accepted`` and ``reasons``, for JSON."""
    @staticmethod
    def _restore(
        event: str, reasons: Sequence[tuple[Any, ...]], language: str, tells_counts: bool
    ) -> Verdict: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __bool__(self) -> NoReturn: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Grace:
    """How long a log-in that would be refused is let pass with a warning."""

    @property
    def is_counted(self) -> bool:
        """Whether the beginning of each account's grace has to be kept."""
    def left(self, since: int | None, log_ins: int, today: int) -> tuple[bool, int | None, int | None]:
        """Whether it is over at a log-in, and how many days and further log-ins are left.

        :param since: the day of the first log-in at which the owner was warned, as ``date.toordinal()`` counts; ``None`` where
            this is it.
        :param log_ins: how many such log-ins there were before.
        """
    def __eq__(self, other: object, /) -> bool: ...

@final
class PolicyRules:
    """The rules of a :class:`breachdex.Policy`, without an index."""

    @staticmethod
    def from_settings(settings: Mapping[str, Any]) -> PolicyRules:
        """Of what a file would say, as a mapping."""
    @staticmethod
    def from_toml(path: Path) -> PolicyRules:
        """Of a file."""
    def changed(self, settings: Mapping[str, Any]) -> PolicyRules:
        """The same with what a mapping says changed: it has the keys of a file, but for ``profile``, ``mfa``, ``index`` and
        ``overlays``; ``on_error``, ``rules`` and ``actions`` are changed cell by cell."""
    @property
    def profile(self) -> Profile:
        """The profile that the rules began as."""
    @property
    def index(self) -> str | None:
        """The index that the file names, if any."""
    @property
    def overlays(self) -> list[str]:
        """The overlays that the file names."""
    @property
    def pairs(self) -> list[str]:
        """The lists of exposed pairs that the file names."""
    @property
    def pair_key(self) -> list[str]:
        """The key files of these."""
    @property
    def min_count(self) -> int:
        """From how many sightings on a password is exposed."""
    @property
    def min_length(self) -> int:
        """Fewest code points."""
    @property
    def max_length(self) -> int:
        """Most code points."""
    @property
    def needs_counts(self) -> bool:
        """Whether the index must know how often a password was seen."""
    @property
    def test_password(self) -> bool:
        """Whether :data:`TEST_PASSWORD` is exposed."""
    @property
    def grace(self) -> Grace | None:
        """How long a log-in that would be refused is let pass with a warning."""
    def action(self, event: Event, code: Code) -> Action:
        """What is done about a reason at an event; ``accept`` for a rule that is off."""
    def on_error(self, event: Event) -> Literal["accept", "reject", "raise"]:
        """What a fault means at an event."""
    def to_toml(self) -> str:
        """A file that says the same, with everything spelled out."""
    @staticmethod
    def _restore(
        text: str,
        index: Path | None,
        overlays: Sequence[Path],
        profile: str,
        pairs: Sequence[Path],
        pair_keys: Sequence[Path],
    ) -> PolicyRules: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Partitions:
    """Rows by the part that the first 16 bits of their digests fall into, for the tasks of :mod:`breachdex.spark`."""

    def __new__(cls, borders: Sequence[int], *, kind: Kind = "sha1", piece: int | None = None) -> Self:
        """
        :param borders: the first 16-bit prefix of each part, ascending from 0.
        :param piece: bytes of a piece; 256 MiB unless given.
        :raises BuildError: borders are not like that.
        """
    def add_text(self, text: bytes, *, passwords: bool, bare: bool, name: str, first_line: int) -> int:
        """Adds the rows of whole lines; returns how many lines there were.

        :param passwords: whether a line is a password, not ``HEX:COUNT``.
        :param bare: whether a digest without a count is a row.
        :param name: the file, for errors.
        :param first_line: the number of the first line in it.
        :raises BuildError: with the first line that is no row; the rows before it are added.
        """
    def add_columns(
        self,
        values: ArrowArray,
        counts: ArrowArray | None,
        *,
        passwords: bool,
        skip_nulls: bool,
        name: str,
        first_row: int,
    ) -> int:
        """Adds the rows of a column of digests or passwords; returns how many were null and left out.

        :param counts: their counts; 1 each without.
        :param name: the table, for errors.
        :param first_row: the number of the first row in it.
        :raises BuildError: with the first row that is none.
        :raises TypeError: for columns of other types.
        """
    def rows(self) -> int:
        """Rows since the last :meth:`take`."""
    def notes(self) -> list[tuple[str, Kind | None, bool, bool, bool]]:
        """What is to be said of each list of passwords so far: its name, the kind of digests that its lines look like, and
        whether they begin with users, hold passwords in hashcat's notation, and some that are not UTF-8."""
    def sizes(self) -> list[int]:
        """How many rows each part has."""
    def write(self, path: Path) -> None:
        """Writes all rows into a new file: the pieces of each part, in the order of parts, then where each part ends, from 0 on,
        as little-endian numbers of 64 bits. None are left.

        :raises IndexFileError: when the system refuses.
        """
    def take(self) -> list[tuple[int, bytes]]:
        """All rows, packed in pieces of one part each, with its number, in the order of parts. None are left."""

@final
class Judge:
    """The rules of a :class:`breachdex.Policy` with what they ask."""

    def __new__(
        cls, rules: PolicyRules, index: Index | IndexSet | RangeClient, pairs: Iterable[Pairs] = ()
    ) -> Self:
        """:raises PolicyError: where an index does not know how often a password was seen, and the rules ask that."""
    def check(
        self,
        password: Password,
        user_name: str | None,
        email: str | None,
        event: Event,
        stored: str | None,
        may_wait: bool,
    ) -> Verdict:
        """The verdict.

        :raises TypeError: where a range server would have to be waited for, without ``may_wait``.
        """
    def attest(
        self, rules: PolicyRules, pairs: Sequence[Path], file: Path | None, max_age: int | None, verify: bool
    ) -> str:
        """The JSON of ``breachdex policy attest --json`` about these rules and what is asked."""
    @property
    def has_server(self) -> bool:
        """Whether questions go over the network."""
