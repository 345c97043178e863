"""The compiled part of breachdex. Import these names from ``breachdex``."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from os import PathLike
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self, TypeAlias, final, overload

__version__: Final[str]

Kind: TypeAlias = Literal["sha1", "ntlm"]
OnError: TypeAlias = Literal["accept", "reject", "raise"]
Password: TypeAlias = str | bytes | bytearray | memoryview
Path: TypeAlias = str | PathLike[str]

class ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

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
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Counts:
    """Counts of an array, as an Arrow array of UInt32."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...
    def to_pylist(self) -> list[int | None]: ...

@final
class ChunkedCounts:
    """Counts of a stream of arrays, in the same chunks, as an Arrow stream of UInt32."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...
    def to_pylist(self) -> list[int | None]: ...

@final
class Exposure:
    """How a password is exposed. Frozen; holds neither the password nor its digest."""

    @property
    def count(self) -> int | None:
        """How often it was seen; ``None`` where that is not known."""
    @property
    def form(self) -> Literal["raw", "nfc", "nfkc", "stored"]:
        """The form of it that is exposed."""
    @property
    def source(self) -> Literal["base", "overlay"]:
        """Which index knows it."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Index:
    """An index of breached password digests. Safe to share between threads; forks and spawned processes may
    use it too. See the documentation of every method for what it costs and raises."""

    @classmethod
    def open(cls, path: Path | None = None, reload_every: float | None = None) -> Self: ...
    @classmethod
    def starter(cls) -> Self: ...
    @classmethod
    def from_bytes(cls, data: bytes) -> Self: ...
    def count(self, password: Password) -> int: ...
    def contains(self, password: Password, min_count: int = 1) -> bool: ...
    def count_hash(self, digest: bytes | str) -> int: ...
    def range(self, prefix: str) -> str: ...
    @overload
    def counts(
        self, values: list[Any] | tuple[Any, ...], *, threads: int | None = None
    ) -> list[int | None]: ...
    @overload
    def counts(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    @overload
    def counts_hash(
        self, values: list[Any] | tuple[Any, ...], *, threads: int | None = None
    ) -> list[int | None]: ...
    @overload
    def counts_hash(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts_hash(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    def verify(self) -> None: ...
    def reload_if_changed(self) -> bool: ...
    def close(self) -> None: ...
    @property
    def metadata(self) -> Metadata: ...
    @property
    def path(self) -> str | None: ...
    @property
    def reload_error(self) -> Exception | None: ...
    @property
    def closed(self) -> bool: ...
    def __len__(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class IndexSet:
    """A base and overlays asked as one. A hit in an overlay is exposed whatever ``min_count`` says."""

    def __new__(cls, base: Index, overlays: Iterable[Index] = ...) -> Self: ...
    def count(self, password: Password) -> int: ...
    def contains(self, password: Password, min_count: int = 1) -> bool: ...
    def count_hash(self, digest: bytes | str) -> int: ...
    def range(self, prefix: str) -> str: ...
    @overload
    def counts(
        self, values: list[Any] | tuple[Any, ...], *, threads: int | None = None
    ) -> list[int | None]: ...
    @overload
    def counts(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    @overload
    def counts_hash(
        self, values: list[Any] | tuple[Any, ...], *, threads: int | None = None
    ) -> list[int | None]: ...
    @overload
    def counts_hash(self, values: ArrowArray, *, threads: int | None = None) -> Counts: ...
    @overload
    def counts_hash(self, values: ArrowStream, *, threads: int | None = None) -> ChunkedCounts: ...
    def verify(self) -> None: ...
    def reload_if_changed(self) -> bool: ...
    def close(self) -> None: ...
    @property
    def base(self) -> Index: ...
    @property
    def overlays(self) -> tuple[Index, ...]: ...
    @property
    def metadata(self) -> Metadata: ...
    @property
    def reload_error(self) -> Exception | None: ...
    @property
    def closed(self) -> bool: ...
    def __len__(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class BlockingRangeClient:
    """The blocking half of ``breachdex.RangeClient``; raises whatever goes wrong."""

    def __new__(cls, base_url: str, timeout: float, kind: str, insecure_http: bool) -> Self: ...
    def count(self, password: Password) -> int: ...
    def count_hash(self, digest: bytes | str) -> int: ...
    def range(self, prefix: str) -> str: ...
    @property
    def base_url(self) -> str: ...

@final
class BuildReport:
    """What a build wrote. Frozen."""

    @property
    def entries(self) -> int: ...
    @property
    def file_size(self) -> int: ...
    @property
    def bits(self) -> int: ...
    @property
    def floor(self) -> int: ...
    @property
    def collisions(self) -> int: ...
    @property
    def left_out(self) -> int: ...
    @property
    def false_positive_rate(self) -> float: ...
    @property
    def content_id(self) -> str: ...
    @property
    def went_unsorted(self) -> str | None: ...

@final
class Progress:
    """How far a build has come. Frozen."""

    @property
    def phase(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int | None: ...

def digest(password: Password, kind: Kind = "sha1") -> bytes: ...
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
    memory: int | None = None,
    threads: int | None = None,
    temp_dir: Path | None = None,
    source: str = "",
    corpus_date: date | str | None = None,
    replace: bool = False,
    progress: Callable[[Progress], object] | None = None,
) -> BuildReport: ...
def examine(
    index: Index | IndexSet, password: str | bytes, min_count: int = 1, *, stored: str | None = None
) -> Exposure | None:
    """How a password is exposed in any of the forms that are looked up (as it is, NFC, NFKC, ``¥`` as a
    backslash, and ``stored``, the form that will be kept); ``None`` where it is not. Counts below
    ``min_count`` are not exposed."""

def messages(language: str) -> dict[str, str]:
    """Every message of a language (``en`` for those that are not known) by its code."""

def run_command(arguments: Sequence[str]) -> int:
    """Runs the command ``breachdex``; returns its exit code."""
