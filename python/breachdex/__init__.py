"""Is this password already in the attackers' lists?

>>> import breachdex
>>> index = breachdex.Index.open("pwned.bdx")
>>> index.contains("correct horse battery staple")
True

Every answer is right or an exception: a damaged index, a question outside of what it covers and a password of
the wrong kind never look like "not exposed".
"""

from __future__ import annotations

from breachdex._asking import aexamine, avalidate, examine, validate
from breachdex._breachdex import (
    TEST_PASSWORD,
    BuildReport,
    ChunkedCounts,
    Counts,
    Exposure,
    Index,
    IndexSet,
    Metadata,
    Observation,
    Pairs,
    Progress,
    Radar,
    RadarStatus,
    Reason,
    Verdict,
    __version__,
    build,
    build_segment,
    digest,
    join,
)
from breachdex._configuration import configure
from breachdex._errors import (
    BreachdexError,
    BreachdexWarning,
    BuildError,
    BuildWarning,
    ConfigurationError,
    CountsUnavailableError,
    IndexClosedError,
    IndexDamagedError,
    IndexFileError,
    IndexKindError,
    IndexMismatchError,
    IndexNotFoundError,
    IndexNotSignedError,
    IndexResidencyError,
    IndexStaleError,
    IndexVersionError,
    InputNotFoundError,
    InvalidArrowError,
    InvalidDigestError,
    InvalidPasswordError,
    InvalidPrefixError,
    NotCoveredError,
    NotExactError,
    PairKeyError,
    PasswordRejectedError,
    PolicyError,
    RadarStateError,
    RemoteError,
    SegmentError,
    StarterIndexWarning,
    TargetExistsError,
)
from breachdex._marks import Mark, Marks
from breachdex._policy import Policy
from breachdex._remote import RangeClient

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from breachdex._log_in_watch import Attack, LogInWatch
    from breachdex._radar_metrics import radar_metrics
    from breachdex._sidecar_radar import SidecarRadar

__all__ = [
    "TEST_PASSWORD",
    "Attack",
    "BreachdexError",
    "BreachdexWarning",
    "BuildError",
    "BuildReport",
    "BuildWarning",
    "ChunkedCounts",
    "ConfigurationError",
    "Counts",
    "CountsUnavailableError",
    "Exposure",
    "Index",
    "IndexClosedError",
    "IndexDamagedError",
    "IndexFileError",
    "IndexKindError",
    "IndexMismatchError",
    "IndexNotFoundError",
    "IndexNotSignedError",
    "IndexResidencyError",
    "IndexSet",
    "IndexStaleError",
    "IndexVersionError",
    "InputNotFoundError",
    "InvalidArrowError",
    "InvalidDigestError",
    "InvalidPasswordError",
    "InvalidPrefixError",
    "LogInWatch",
    "Mark",
    "Marks",
    "Metadata",
    "NotCoveredError",
    "NotExactError",
    "Observation",
    "PairKeyError",
    "Pairs",
    "PasswordRejectedError",
    "Policy",
    "PolicyError",
    "Progress",
    "Radar",
    "RadarStateError",
    "RadarStatus",
    "RangeClient",
    "Reason",
    "RemoteError",
    "SegmentError",
    "SidecarRadar",
    "StarterIndexWarning",
    "TargetExistsError",
    "Verdict",
    "__version__",
    "aexamine",
    "avalidate",
    "build",
    "build_segment",
    "configure",
    "digest",
    "examine",
    "join",
    "radar_metrics",
    "validate",
]

_LATER = {
    "Attack": "_log_in_watch",
    "LogInWatch": "_log_in_watch",
    "SidecarRadar": "_sidecar_radar",
    "radar_metrics": "_radar_metrics",
}
"""What is imported when it is first asked for: it brings modules for HTTP and addresses along."""


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found
