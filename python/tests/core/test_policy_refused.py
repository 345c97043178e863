"""A policy that makes no sense is refused when it is made, naming the file, the line, the key and the nearest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Policy, PolicyError


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "\nprofile = 'nits'",
            ':2: profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not "nits"; did you mean "nist"?',
        ),
        ("mfa = true\nmfa = true", ":2: duplicate key"),
        ("mfa =", ":1: "),
        (
            "[rules]\n# off\nexposd = false",
            (
                ':3: rules has no key "exposd" (the keys are context_word, control_character, exposed, exposed_pair, repetitive, '
                'similar_exposed, too_long, too_short); did you mean "exposed"?'
            ),
        ),
        (
            "mfa = true\n[actions.log_in]\nexposed = 'forcereset'",
            (
                ":3: actions.log_in.exposed must be one of accept, warn, notify, force_reset, reject, not "
                '"forcereset"; did you mean "force_reset"?'
            ),
        ),
        ("min_length = '15'", ":1: min_length must be a whole number, not a string"),
        ("max_length = 63", ": max_length must be 64 or more, not 63"),
        (
            "min_length = 65\nmax_length = 64",
            ": min_length (65) is more than max_length (64): nothing would do",
        ),
        (
            "[actions.sign_up]\nexposed = 'force_reset'",
            ": actions.sign_up.exposed cannot be force_reset, which is for log_in; use reject",
        ),
        (
            "[actions.reset]\nexposed = 'warn'",
            (
                ": actions.log_in.exposed is force_reset and actions.reset.exposed is warn: a user could set the same "
                "password again and be refused again; set actions.reset.exposed to reject"
            ),
        ),
        (
            "[on_error]\nlog_in = 'reject'\nreset = 'accept'",
            ": on_error.log_in is reject and on_error.reset is accept: set on_error.reset to reject or raise",
        ),
        (
            "on_error = 'ignore'",
            ':1: on_error must be one of accept, reject, raise, not "ignore"',
        ),
    ],
)
def test_a_file_by_line_and_key(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(file)
    assert str(caught.value).startswith(f"{file}{complaint}")
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, breachdex.BreachdexError)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(missing)
    assert str(caught.value) == f"cannot read {missing}: No such file or directory (os error 2)"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            {"name": "nits"},
            'profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not "nits"; did you mean "nist"?',
        ),
        ({"max_length": 63}, "max_length must be 64 or more, not 63"),
        ({"min_length": 0}, "min_length must be 1 or more, not 0"),
        ({"min_length": True}, "min_length must be a whole number, not true or false"),
        ({"min_length": 2**70}, "min_length must be a whole number, not a number of that size"),
        ({"min_length": 8.5}, "min_length must be a whole number, not a value of another type"),
        (
            {"forms": ["nfd"]},
            'forms must be one of nfc, nfkc, trimmed, visible, casefold, not "nfd"; did you mean "nfc"?',
        ),
        ({"language": "jp"}, 'language must be one of en, ja, not "jp"; did you mean "ja"?'),
        ({"context": [7]}, "context must be a string, not a number"),
        (
            {"on_error": {"login": "raise"}},
            'on_error has no key "login" (the keys are sign_up, change, reset, log_in); did you mean "log_in"?',
        ),
        (
            {"actions": {"log_in": {"index_unavailable": "reject"}}},
            "actions.log_in.index_unavailable is what on_error is for: set that instead",
        ),
        (
            {"actions": {"change": {"too_short": "force_reset"}}},
            "actions.change.too_short cannot be force_reset, which is for log_in; use reject",
        ),
    ],
)
def test_arguments_by_key(settings: dict[str, Any], complaint: str, exposed_index: Path) -> None:
    whole: dict[str, Any] = {"name": "nist", "index": exposed_index, **settings}
    with pytest.raises(PolicyError) as caught:
        Policy.profile(**whole)
    assert str(caught.value) == complaint


def test_a_string_is_no_list(exposed_index: Path) -> None:
    for name in ("context", "forms"):
        with pytest.raises(TypeError) as caught:
            Policy.profile("nist", index=exposed_index, **{name: "abc"})  # type: ignore[arg-type]
        assert str(caught.value) == "context and forms are lists of strings, not a string"
    with pytest.raises(TypeError) as caught:
        Policy.profile("nist", index=exposed_index, overlays="own.bdx")
    assert str(caught.value) == "overlays is a list of paths or indexes, not a string"


def test_an_index_that_cannot_answer_is_refused_at_once(
    make_index: Callable[..., Path], exposed_index: Path, tmp_path: Path
) -> None:
    bare = make_index(tmp_path / "bare.bdx", {"x": 1}, counts=False)
    settings: dict[str, Any]
    for settings, what in (
        ({"name": "nist", "min_count": 2}, "min_count is 2"),
        ({"name": "asvs-l1"}, 'the scope is "common"'),
    ):
        with pytest.raises(PolicyError) as caught:
            Policy.profile(index=bare, **settings)
        assert str(caught.value) == f"{what}, which needs an index with counts; this one was built without"
    assert not Policy.profile("nist", index=bare, min_length=1).check("x").accepted
    with pytest.raises(PolicyError) as caught:
        Policy.profile("nist", min_count=2)
    assert str(caught.value) == (
        "min_count is 2, and the starter index does not know how often a password was seen: name a full index"
    )
    # Whatever faults mean: that is for what happens later.
    missing = tmp_path / "missing.bdx"
    for lenient in ("accept", "reject"):
        with pytest.raises(breachdex.IndexNotFoundError) as not_found:
            Policy.profile("nist", index=missing, on_error=lenient)
        assert str(not_found.value) == f"cannot open {missing}: No such file or directory (os error 2)"
        with pytest.raises(breachdex.IndexNotFoundError):
            Policy.profile("nist", index=exposed_index, overlays=[missing], on_error=lenient)


@pytest.mark.parametrize(
    ("settings", "key"), [({"service_name": "\ud800"}, "service_name"), ({"context": ["\ud800"]}, "context")]
)
def test_half_a_surrogate_pair_is_refused_by_key(
    settings: dict[str, Any], key: str, exposed_index: Path
) -> None:
    with pytest.raises(PolicyError, match="half of a surrogate pair"):
        Policy.profile("nist", index=exposed_index, **settings)
