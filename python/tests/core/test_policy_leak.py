"""A policy leaves no trace of a password, of its digest, or of whose it is, whatever goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import traceback
import warnings
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Policy
from support import EXPOSED, damaged

PASSWORD = "zq7-Sentinel-Ünïcode-終わり"
USER_NAME = "zq8sentinelhanako"
EMAIL = "zq9.sentinel@mail.example"
WORD = "zq6-sentinel-word"
STORED = "zq5 sentinel as it is kept"
SECRETS = (PASSWORD, USER_NAME, EMAIL, WORD, STORED)


def needles() -> list[str]:
    """What is looked for: each secret as it is, escaped and encoded, its digests, and the beginnings of those."""
    found = []
    for secret in SECRETS:
        for digest in (hashlib.sha1(secret.encode()).hexdigest(), breachdex.digest(secret, "ntlm").hex()):
            found += [digest, digest[:8], str(bytes.fromhex(digest))[2:-1]]
        found += [secret, ascii(secret)[1:-1], repr(secret.encode())[2:-1]]
    return [needle.lower() for needle in [*found, "sentinel"]]


@pytest.fixture
def spoken() -> Iterator[io.StringIO]:
    """Everything that is logged or warned of."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: print(message, file=said)
        yield said
    root.removeHandler(handler)
    root.setLevel(level)


def questions(policy: Policy) -> list[Callable[[], Any]]:
    """Every question, sound and unsound, that may be asked with secrets in it."""
    ask = policy.check
    return [
        lambda: ask(PASSWORD, USER_NAME, EMAIL),
        lambda: ask(PASSWORD.encode(), USER_NAME, EMAIL, "change", stored=STORED),
        lambda: ask(STORED, USER_NAME, EMAIL, "log_in", stored=PASSWORD),
        lambda: ask(USER_NAME, USER_NAME, EMAIL, "reset"),
        lambda: ask(f"{WORD}99", USER_NAME, EMAIL),
        lambda: ask(EMAIL, email=EMAIL),
        lambda: ask(PASSWORD * 500, USER_NAME),
        lambda: ask(f"{PASSWORD}\x00 and more", USER_NAME, EMAIL),
        lambda: ask(f"\t{PASSWORD}\u3000", USER_NAME, EMAIL),
        lambda: ask(f"\ufeff{PASSWORD[:4]}\u200b{PASSWORD[4:]} ", USER_NAME, EMAIL, "log_in"),
        lambda: ask(f"{PASSWORD}\ud800", USER_NAME, EMAIL),
        lambda: ask(PASSWORD, f"{USER_NAME}\udfff", EMAIL),
        lambda: ask(PASSWORD, USER_NAME, f"{EMAIL}\ud8ff"),
        lambda: ask(PASSWORD, USER_NAME, EMAIL, stored=f"{STORED}\ud800"),
        lambda: ask(PASSWORD.encode() + b"\xff", USER_NAME, EMAIL),
        lambda: ask([PASSWORD], USER_NAME, EMAIL),  # type: ignore[arg-type]
        lambda: ask({PASSWORD: PASSWORD}),  # type: ignore[arg-type]
        lambda: ask(PASSWORD, USER_NAME.encode(), EMAIL),  # type: ignore[arg-type]
        lambda: ask(PASSWORD, USER_NAME, [EMAIL]),  # type: ignore[arg-type]
        lambda: ask(PASSWORD, USER_NAME, EMAIL, stored=STORED.encode()),  # type: ignore[arg-type]
        lambda: ask(PASSWORD, USER_NAME, EMAIL, "signup"),  # type: ignore[arg-type]
        lambda: ask(PASSWORD, USER_NAME, EMAIL, None),  # type: ignore[arg-type]
    ]


def twin(policy: Policy) -> list[Callable[[], Any]]:
    """The same of :meth:`Policy.acheck`."""

    def ask(*args: Any, **kwargs: Any) -> Any:
        # Its own frame holds the secrets by the test's doing; nothing below may.
        question: Coroutine[Any, Any, Any] = policy.acheck(*args, **kwargs)
        return asyncio.run(question)

    return [
        lambda: ask(PASSWORD, USER_NAME, EMAIL),
        lambda: ask(PASSWORD, USER_NAME, EMAIL, "change", stored=STORED),
        lambda: ask(PASSWORD, USER_NAME, EMAIL, "log_in", stored=STORED),
        lambda: ask(f"{PASSWORD}\ud800", USER_NAME, EMAIL),
        lambda: ask(PASSWORD, f"{USER_NAME}\udfff", EMAIL),
        lambda: ask([PASSWORD], USER_NAME, EMAIL),
        lambda: ask(PASSWORD, USER_NAME, EMAIL, "signup"),
    ]


def states(tmp_path: Path, make_index: Callable[..., Path]) -> Iterator[Policy]:
    """Policies whose index holds the secrets, holds others, is broken, or is not there at all."""
    own = dict.fromkeys(SECRETS, 3)
    held = make_index(tmp_path / "held.bdx", EXPOSED | own)
    none = make_index(tmp_path / "none.bdx", {"other": 1})
    broken = damaged(held, tmp_path / "damaged.bdx")
    ntlm = make_index(tmp_path / "ntlm.bdx", own, kind="ntlm")
    breachdex.build(held, tmp_path / "part.bdx", prefixes=["00000"])
    closed = breachdex.Index.open(none)
    for index in (held, none, broken, ntlm, tmp_path / "part.bdx", closed):
        opened = index if isinstance(index, breachdex.Index) else breachdex.Index.open(index)
        for on_error in ("accept", "reject", "raise"):
            yield Policy.profile(
                "nist",
                index=opened,
                service_name=WORD,
                context=[WORD],
                on_error=on_error,
                rules={"similar_exposed": True},
            )
        if opened is not closed:
            yield Policy.profile("permissive", index=opened, context=[WORD])
        closed.close() if opened is closed else None
    yield Policy.profile("nist", index=none, overlays=[held], context=[WORD], forms=["casefold"])


def tell(spoken: io.StringIO, question: Callable[[], Any]) -> bool:
    """Writes down all that an answer or an error shows; whether it was an error."""
    try:
        verdict = question()
    except Exception as error:  # noqa: BLE001 - every error is looked at
        chain = [error, error.__cause__, error.__context__]
        spoken.writelines(f"{link!s} {link!r} {vars(link) if link else ''}\n" for link in chain)
        frames = traceback.TracebackException.from_exception(error, capture_locals=True)
        # Whoever asks holds the question: all frames but those of this test are looked at.
        spoken.writelines(f"{frame.locals}\n" for frame in frames.stack if frame.filename != __file__)
        return True
    spoken.write(f"{verdict!s} {verdict!r} {verdict.reasons!r} {verdict.to_dict()!r}\n")
    spoken.write(f"{json.dumps(verdict.to_dict())} {verdict.messages()} {verdict.messages('ja')}\n")
    return False


def assert_clean(spoken: io.StringIO) -> None:
    said = spoken.getvalue().lower()
    assert [needle for needle in needles() if needle in said] == []


def test_no_verdict_and_no_error_says_who_or_what(
    tmp_path: Path, make_index: Callable[..., Path], spoken: io.StringIO
) -> None:
    answered = failed = 0
    for policy in states(tmp_path, make_index):
        for question in [*questions(policy), *twin(policy)]:
            if tell(spoken, question):
                failed += 1
            else:
                answered += 1
        spoken.write(f"{policy!r} {policy!s} {policy._rules!r}\n")
    assert answered > 100 and failed > 200
    for expected in (
        "damaged",
        "closed",
        "surrogate",
        "passwords cannot be checked",
        "context_word",
        "similar_exposed",
    ):
        assert expected in spoken.getvalue()
    assert_clean(spoken)


def test_a_range_server_is_asked_without_a_trace(nobody: str, spoken: io.StringIO) -> None:
    client = breachdex.RangeClient(nobody, timeout=2)
    for on_error in ("accept", "reject", "raise"):
        policy = Policy.profile("nist", index=client, context=[WORD], on_error=on_error)
        failed = [tell(spoken, question) for question in twin(policy)]
        assert all(failed[3:]) and (on_error == "raise") == all(failed)
        assert tell(spoken, lambda: policy.check(PASSWORD, USER_NAME, EMAIL))  # noqa: B023 - asked at once
        spoken.write(repr(policy))
    assert "gave no answer" in spoken.getvalue() and "await acheck()" in spoken.getvalue()
    assert_clean(spoken)
    # Nor the five digits that the server would have been told.
    said = spoken.getvalue().lower()
    assert hashlib.sha1(PASSWORD.encode()).hexdigest()[:5] not in said


def test_a_file_with_a_complaint_does_not_repeat_its_words(tmp_path: Path, spoken: io.StringIO) -> None:
    file = tmp_path / "policy.toml"
    for complaint in ("max_length = 3", "profile = 'nits'", "min_length = 'x'", "x = 1", "[rules", "mfa ="):
        file.write_text(f"service_name = '{WORD}'\ncontext = ['{WORD}']\n{complaint}\n")
        assert tell(spoken, lambda: Policy.from_toml(file))
    assert_clean(spoken)


def test_a_password_in_the_wrong_place_is_not_repeated(exposed_index: Path, spoken: io.StringIO) -> None:
    policy = Policy.profile("nist", index=exposed_index)
    assert tell(spoken, lambda: policy.check(USER_NAME, EMAIL, "sign_up", PASSWORD))  # type: ignore[arg-type]
    assert tell(spoken, lambda: policy.check("x").messages(PASSWORD))
    assert_clean(spoken)


def test_the_words_of_a_policy_are_not_in_the_frames_of_its_refusal(
    exposed_index: Path, spoken: io.StringIO
) -> None:
    assert tell(spoken, lambda: Policy.profile("nist", index=exposed_index, context=[WORD], max_length=3))
    assert_clean(spoken)
