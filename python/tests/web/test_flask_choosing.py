"""Flask-Security: what is refused at sign-up, change and reset, in which words, and what is stored."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.flask_security import ExposedPasswordUtil
from flask_babel import Babel  # type: ignore[import-untyped]
from flask_security import PasswordUtil, verify_password
from flask_site import GOOD, Site, errors, link

ENGLISH = (
    "This password is in a list of passwords that leaked in the past, so it cannot be used. "
    "Please choose a different one that you do not use anywhere else."
)
ENGLISH_FORM = (
    "Apart from differences in how its characters are written (such as full and half width), this password is the "
    "same as one that leaked in the past. Please choose a different one."
)
JAPANESE = (
    "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
    "ほかのサービスで使っていない、別のパスワードを設定してください。"
)


@pytest.fixture
def site(exposed_index: Path) -> Site:
    return Site({"BREACHDEX_INDEX": exposed_index})


def sign_up(site: Site, password: str, **headers: str) -> Any:
    body = {"email": "new@example.com", "password": password, "password_confirm": password}
    return site.app.test_client().post("/register", json=body, headers=headers)


def test_sign_up_refuses_an_exposed_password_and_does_not_say_how_often_it_was_seen(site: Site) -> None:
    refused = errors(sign_up(site, "correct horse battery staple"))
    assert refused == {"password": [ENGLISH]}
    with site.app.app_context():
        assert site.user("new@example.com") is None


def test_one_switch_shows_how_often(exposed_index: Path) -> None:
    site = Site({"BREACHDEX_INDEX": exposed_index, "BREACHDEX_SHOW_COUNT": True})
    assert errors(sign_up(site, "seen-once-7531"))["password"][1] == "It was seen 1 time in leaked data."
    said = errors(sign_up(site, "password", **{"Accept-Language": "ja"}))["password"][1]
    assert said == "流出データの中で 52,256,179 回確認されています。"


def test_sign_up_takes_what_is_not_exposed(site: Site) -> None:
    assert sign_up(site, GOOD).status_code == 200
    with site.app.app_context():
        assert verify_password(GOOD, site.user("new@example.com").password)


def test_the_form_in_html_shows_the_reason_and_never_the_password(site: Site) -> None:
    word = "correct horse battery staple"
    body = {"email": "new@example.com", "password": word, "password_confirm": word}
    page = site.app.test_client().post("/register", data=body)
    assert ENGLISH in page.text
    assert word not in page.text


def test_change_refuses_an_exposed_password(site: Site) -> None:
    site.add(password=GOOD)
    browser, answer = site.log_in(GOOD)
    assert answer.status_code == 200
    word = "correct horse battery staple"
    body = {"password": GOOD, "new_password": word, "new_password_confirm": word}
    assert errors(browser.post("/change", json=body))["new_password"][0] == ENGLISH


def test_reset_refuses_an_exposed_password_and_takes_another(site: Site) -> None:
    site.add(password=GOOD)
    with site.mails() as outbox:
        site.app.test_client().post("/reset", json={"email": "ann@example.com"})
    path = link(outbox[0])
    assert errors(reset(site, path, "correct horse battery staple"))["password"][0] == ENGLISH
    assert reset(site, path, "Nachtzug nach Porto 42").status_code == 200


def reset(site: Site, path: str, password: str) -> Any:
    body = {"password": password, "password_confirm": password}
    return site.app.test_client().post(path, json=body)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("ﾊﾟｽﾜｰﾄﾞ", ENGLISH_FORM),
        ("ｈｕｎｔｅｒ２", ENGLISH_FORM),
        (unicodedata.normalize("NFD", "パスワード"), ENGLISH),
        ("パスワード", ENGLISH),
    ],
)
def test_forms(site: Site, typed: str, words: str) -> None:
    site.app.config["SECURITY_PASSWORD_LENGTH_MIN"] = 4
    assert errors(sign_up(site, typed))["password"][0] == words


def test_the_form_that_will_be_stored_is_looked_up(tmp_path: Path) -> None:
    """Flask-Security stores NFKD, which the index holds here and which is none of the other forms."""
    stored = unicodedata.normalize("NFKD", "Ｐâté de campagne")
    (tmp_path / "rows").write_text(hashlib.sha1(stored.encode()).hexdigest().upper() + ":9")
    breachdex.build(tmp_path / "rows", tmp_path / "i.bdx", format="hibp")
    site = Site({"BREACHDEX_INDEX": tmp_path / "i.bdx"})
    assert errors(sign_up(site, "Ｐâté de campagne"))["password"][0] == ENGLISH


def test_the_form_that_is_stored_is_flask_securitys_own(site: Site) -> None:
    typed = "Ｋâse fondue für alle"
    with site.app.test_request_context():
        against, stored = site.security.password_util.validate(typed, True)
        assert against is None
        assert stored == PasswordUtil(site.app).normalize(typed) == unicodedata.normalize("NFKD", typed)
    site.app.config["SECURITY_PASSWORD_NORMALIZE_FORM"] = None
    with site.app.test_request_context():
        assert site.security.password_util.validate(typed, True) == (None, typed)


def test_flask_securitys_other_checks_stay(
    exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zxcvbn.py").write_text(
        "def zxcvbn(password, user_inputs):\n    return {'score': 0, 'feedback': {'warning': 'No trains, please'}}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    site = Site({"BREACHDEX_INDEX": exposed_index, "SECURITY_PASSWORD_COMPLEXITY_CHECKER": "zxcvbn"})
    assert errors(sign_up(site, "short"))["password"] == ["Password must be at least 8 characters"]
    assert errors(sign_up(site, GOOD))["password"] == ["No trains, please"]


@pytest.mark.parametrize("setting", [None, False, "strict", "best-effort"])
def test_the_remote_service_is_never_asked(exposed_index: Path, setting: object) -> None:
    """The autouse fixture fails the test if anything does."""
    site = Site({"BREACHDEX_INDEX": exposed_index, "SECURITY_PASSWORD_CHECK_BREACHED": setting})
    assert errors(sign_up(site, "correct horse battery staple"))["password"][0] == ENGLISH
    assert sign_up(site, GOOD).status_code == 200


def test_flask_securitys_own_util_would_ask_it(exposed_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above can fail."""
    asked: list[str] = []

    def pwned(password: str) -> int:
        asked.append(password)
        return 0

    monkeypatch.setattr("flask_security.utils.pwned", pwned)
    site = Site(
        {"SECURITY_PASSWORD_CHECK_BREACHED": "strict"}, password_util_cls=PasswordUtil, login_form=None
    )
    sign_up(site, GOOD)
    assert asked == [GOOD]


def test_the_breached_count_is_the_threshold_and_inclusive(exposed_index: Path) -> None:
    for least, refused in [(4, True), (5, False)]:
        site = Site({"BREACHDEX_INDEX": exposed_index, "SECURITY_PASSWORD_BREACHED_COUNT": least})
        assert (sign_up(site, "correct horse battery staple").status_code == 400) is refused


def test_an_overlay_counts_whatever_the_threshold(exposed_index: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("Kuckucksuhr im Regen\n")
    breachdex.build(tmp_path / "words", tmp_path / "overlay.bdx", format="passwords")
    config = {
        "BREACHDEX_INDEX": exposed_index,
        "BREACHDEX_OVERLAYS": [tmp_path / "overlay.bdx"],
        "SECURITY_PASSWORD_BREACHED_COUNT": 100,
    }
    assert errors(sign_up(Site(config), "Kuckucksuhr im Regen"))["password"][0] == ENGLISH


def test_half_a_surrogate_pair_is_refused_in_flask_securitys_words(site: Site) -> None:
    assert errors(sign_up(site, "abcdefghi\ud800"))["password"] == ["Invalid password"]


@pytest.mark.filterwarnings("ignore::breachdex.StarterIndexWarning")
def test_the_starter_index_does_not_say_how_often() -> None:
    site = Site({"BREACHDEX_INDEX": breachdex.Index.open()})
    assert errors(sign_up(site, "12345678"))["password"] == [ENGLISH]


class TestLanguages:
    def test_the_browsers(self, site: Site) -> None:
        refused = errors(
            sign_up(site, "correct horse battery staple", **{"Accept-Language": "ja-JP,ja;q=0.9,en;q=0.5"})
        )
        assert refused["password"] == [JAPANESE]

    def test_another_one_of_the_browsers_gives_english(self, site: Site) -> None:
        refused = errors(sign_up(site, "correct horse battery staple", **{"Accept-Language": "fr"}))
        assert refused["password"][0] == ENGLISH

    def test_flask_babels_goes_before_the_browsers(self, exposed_index: Path) -> None:
        site = Site({"BREACHDEX_INDEX": exposed_index})
        Babel(site.app, locale_selector=lambda: "ja_JP")
        refused = errors(sign_up(site, "correct horse battery staple", **{"Accept-Language": "en"}))
        assert refused["password"][0] == JAPANESE

    def test_the_setting_speaks_where_the_requests_language_is_not_known(self, exposed_index: Path) -> None:
        site = Site({"BREACHDEX_INDEX": exposed_index, "BREACHDEX_LANG": "ja"})
        refused = errors(sign_up(site, "correct horse battery staple", **{"Accept-Language": "fr"}))
        assert refused["password"][0] == JAPANESE
        Babel(site.app, locale_selector=lambda: "de")
        refused = errors(sign_up(site, "correct horse battery staple", **{"Accept-Language": "en"}))
        assert refused["password"][0] == JAPANESE

    def test_outside_of_a_request_it_is_english(self, site: Site) -> None:
        with site.app.app_context():
            against, _ = ExposedPasswordUtil(site.app).validate("correct horse battery staple", True)
        assert against is not None
        assert against[0] == ENGLISH
