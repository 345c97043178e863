"""The whole apps on the pages about Flask, Starlette, Litestar and Pyramid: sign-up, change, reset and log-in."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import breachdex
import pytest
from docs.test_snippets import blocks
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from page_sites import FORCE_RESET, REFUSED, SITES, UNAVAILABLE, Site, TestClient
from test_pages import page  # noqa: F401

BAD = "correct horse battery staple"
GOOD = "a lantern nobody has written down"
OTHER = "nine quiet herons by the weir"


@pytest.fixture(params=SITES)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow hashes are what the pages recommend, and not what is tested."""
    scrypt = hashlib.scrypt

    def quick(password: bytes, *, salt: bytes, **_: int) -> bytes:
        return scrypt(password, salt=salt, n=2, r=1, p=1)

    monkeypatch.setattr(hashlib, "scrypt", quick)


@pytest.fixture
def site(framework: str, page: Any) -> Site:  # noqa: F811
    """The app of the page, as the page configures it."""
    return SITES[framework](page(f"{framework}.md"))


@pytest.fixture
def damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Configures the same again with ``on_error``, and changes the index in place while it is open."""
    monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)

    def change(on_error: str) -> None:
        policy = {"profile": "nist", "mfa": True, "on_error": on_error}
        copy = tmp_path / f"{on_error}.bdx"
        copy.write_bytes((tmp_path / "pwned.bdx").read_bytes())
        breachdex.configure(index=copy, policy=policy)
        breachdex.examine("not there 1177")
        with copy.open("ab") as file:
            file.write(b"!")

    return change


def plant(site: Site, name: str, password: str) -> None:
    """An account from before breachdex was there."""
    hash_it = site.names.get("hashed") or site.names["generate_password_hash"]
    site.names["accounts"][name] = hash_it(password)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_sign_up_change_and_reset(site: Site, language: str) -> None:
    refused = site.sign_up("ben", BAD, language)
    assert refused.status in (400, 422)
    assert refused.messages[0].startswith(REFUSED[language])
    assert "ben" not in site.names["accounts"]
    assert site.sign_up("hanako", "H4n4ko2026!!", language).status in (400, 422)
    assert site.sign_up("ben", GOOD).status < 300
    assert site.change(OTHER).status == 401
    assert site.log_in("ben", GOOD).status < 300
    refused = site.change(BAD, language)
    assert refused.status in (400, 422)
    assert refused.messages[0].startswith(REFUSED[language])
    assert site.change(OTHER).status < 300
    assert site.change(GOOD).status < 300, "the session of who changed their own goes on"
    assert site.change(OTHER).status < 300
    assert site.log_in("ben", GOOD).status == 401
    site.names["resets"]["link"] = "ben"
    refused = site.reset("link", BAD, language)
    assert refused.status in (400, 422)
    assert refused.messages[0].startswith(REFUSED[language])
    assert site.reset("link", GOOD).status < 300
    assert site.reset("link", GOOD).status == 404
    assert site.log_in("ben", GOOD).status < 300


def test_nobody_signs_up_with_the_name_of_another(site: Site) -> None:
    assert site.sign_up("ben", GOOD).status < 300
    answer = site.sign_up("ben", OTHER)
    assert answer.status == 409
    assert "This user name is taken." in answer.text
    assert site.log_in("ben", GOOD).status < 300


@pytest.mark.parametrize(
    "password",
    [
        b"4711",
        b"null",
        b'{"a": "%s"}',
        rb'"%s\ud800"',
        b'"%s',
        b'"%s\xff"',
        b'"\xe3\x82"',
    ],
    ids=repr,
)
def test_what_json_can_bring_is_the_client_s_mistake(framework: str, site: Site, password: bytes) -> None:
    if framework == "litestar" and b"\\x" in repr(password).encode():
        pytest.skip("Litestar answers 500 to a body that is not UTF-8")
    typed = password.replace(b"%s", SENTINEL.encode())
    plant(site, "old", GOOD)
    bodies = [b'{"user_name": "%s", "password": %s}' % (name, typed) for name in (b"new", b"old")]
    bodies += [b'{"user_name": %s, "password": "%s"}' % (typed, OTHER.encode()), b'{"user_name": "new"}']
    kept = dict(site.names["accounts"])
    if not site.is_form:
        bodies += [b'{"user_name": "new", "password": ["%s", 1]}' % SENTINEL.encode(), b"[%s]" % typed]
    for body in bodies:
        for path in ("/sign-up", "/log-in", "/reset/nothing"):
            answer = site.send(path, body, "en")
            assert 400 <= answer.status < 500, (path, body)
            assert_clean(answer.text)
    assert site.names["accounts"] == kept


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_log_in_that_ends_with_another_password(site: Site, language: str) -> None:
    plant(site, "old", GOOD)
    assert site.log_in("old", GOOD).status < 300
    plant(site, "old", BAD)
    site.names["resets"].clear()
    for name, password in (("old", "wrong"), ("nobody", BAD)):
        answer = site.log_in(name, password, language)
        assert answer.status == 401
        assert FORCE_RESET[language] not in answer.text
    refused = site.log_in("old", BAD, language)
    assert 400 <= refused.status < 500
    assert refused.messages[0].startswith(FORCE_RESET[language])
    assert site.change(OTHER).status == 401, "no session, not even the one from before"
    assert site.log_in("old", BAD).status == 401
    ((token, name),) = site.names["resets"].items()
    assert name == "old"
    assert site.reset(token, OTHER).status < 300
    assert site.log_in("old", OTHER).status < 300


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_damaged_index(site: Site, language: str, damage: Callable[[str], None]) -> None:
    damage("raise")
    with every_log_line():
        assert site.sign_up("ben", GOOD, language).status == 500
    assert "ben" not in site.names["accounts"]
    damage("reject")
    refused = site.sign_up("ben", GOOD, language)
    assert refused.status in (400, 422)
    assert refused.messages[0].startswith(UNAVAILABLE[language])
    plant(site, "old", GOOD)
    refused = site.log_in("old", GOOD, language)
    assert refused.messages[0].startswith(UNAVAILABLE[language])
    damage("accept")
    assert site.sign_up("ben", GOOD).status < 300
    assert site.log_in("old", GOOD).status < 300, "a password that could not be checked did not expire"


def test_a_missing_index(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = ModuleType("missing")
    monkeypatch.setitem(sys.modules, "missing", app)
    whole = blocks(f"docs/site/{framework}.md")[0]
    with pytest.raises(breachdex.IndexNotFoundError, match="pwned.bdx"):
        exec(compile(whole, framework, "exec"), vars(app))  # noqa: S102
    if framework != "flask":  # The others open what is configured elsewhere too.
        monkeypatch.setitem(os.environ, "BREACHDEX_INDEX", str(tmp_path / "gone.bdx"))
        inherited = whole.replace('breachdex.configure(index="pwned.bdx", ', "dict(").replace(
            'policy={"profile": "nist", "mfa": True})', "policy=1)"
        )
        breachdex.configure()
        with pytest.raises(breachdex.IndexNotFoundError, match="gone.bdx"):
            exec(compile(inherited, framework, "exec"), vars(app))  # noqa: S102


@pytest.mark.parametrize("on_error", [None, "raise", "reject", "accept"])
def test_nothing_leaks(
    site: Site, on_error: str | None, damage: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    for number, password in enumerate((SENTINEL, EXPOSED_SENTINEL)):
        plant(site, f"old{number}", password)
    if on_error:
        damage(on_error)
    answers = []
    with every_log_line() as lines:
        for number, password in enumerate((SENTINEL, EXPOSED_SENTINEL)):
            answers += [
                site.sign_up(f"new{number}", password),
                site.log_in(f"old{number}", password),
                site.change(password),
                site.send("/sign-up", {"password": password}, "en"),
            ]
            site.names["resets"]["link"] = f"old{number}"
            answers.append(site.reset("link", password))
    out, err = capfd.readouterr()
    assert_clean("\n".join(lines), out, err, *(answer.text for answer in answers))


def test_fastapi_without_a_model(page: Any, damage: Callable[[str], None]) -> None:  # noqa: F811
    client = TestClient(page("starlette.md")["api"], raise_server_exceptions=False)

    def sign_up(password: str, language: str = "en") -> Any:
        body = {"user_name": "ben", "password": password}
        return client.post("/sign-up", data=body, headers={"Accept-Language": language})

    for language, words in REFUSED.items():
        refused = sign_up(EXPOSED_SENTINEL if language == "en" else BAD, language)
        assert refused.status_code == 422
        (error,) = refused.json()["detail"]
        assert (error["type"], error["loc"]) == ("exposed", ["body", "password"])
        assert error["msg"].startswith(words)
        assert_clean(refused.text)
    assert sign_up(GOOD).status_code == 201
    damage("raise")
    with every_log_line() as lines:
        assert sign_up(SENTINEL).status_code == 500
    assert_clean("\n".join(lines))
