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
    digest,
)
from breachdex._configuration import configure
from breachdex._errors import (
    BreachdexError,
    BreachdexWarning,
    BuildError,
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
    StarterIndexWarning,
    TargetExistsError,
)
from breachdex._marks import Mark, Marks
from breachdex._policy import Policy
from breachdex._remote import RangeClient

__all__ = [
    "TEST_PASSWORD",
    "BreachdexError",
    "BreachdexWarning",
    "BuildError",
    "BuildReport",
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
    "StarterIndexWarning",
    "TargetExistsError",
    "Verdict",
    "__version__",
    "aexamine",
    "avalidate",
    "build",
    "configure",
    "digest",
    "examine",
    "validate",
]
