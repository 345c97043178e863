"""Flask-Security with BREACHDEX_POLICY: what is refused where, in which words, and what becomes of a log-in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import BreachdexWarning, Policy
from breachdex.flask_security import password_exposed, password_judged
from flask_babel import Babel  # type: ignore[import-untyped]
from flask_security import verify_password
from flask_site import EXPOSED, GOOD, Site, errors, inside, link
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line, our_frames

TOO_SHORT = {
    "en": "This password is too short. Please use at least 15 characters (it has 7).",
    "ja": "パスワードが短すぎます。15文字以上で設定してください（現在7文字）。",
}
REFUSED = {
    "en": (
        "This password is in a list of passwords that leaked in the past, so it cannot be used. "
        "Please choose a different one that you do not use anywhere else."
    ),
    "ja": (
        "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
        "ほかのサービスで使っていない、別のパスワードを設定してください。"
    ),
}
CONTEXT = {
    "en": (
        "This password is easy to guess from a user name, an e-mail address or the name of this service. "
        "Please choose a different one."
    ),
    "ja": (
        "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードは使用できません。"
        "別のパスワードを設定してください。"
    ),
}
VERIFIED = {"BREACHDEX_ADDRESSES_VERIFIED": True}


@pytest.fixture(params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> str:
    """What the browser asks for."""
    return str(request.param)


@pytest.fixture
def make(exposed_index: Path) -> Any:
    """Makes a site with a policy."""
    return lambda policy, **config: Site(
        {"BREACHDEX_INDEX": exposed_index, "BREACHDEX_POLICY": policy, **VERIFIED, **config}
    )


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What the signals said."""
    heard: list[Any] = []

    def exposed(sender: Any, event: str, action: str, **_: Any) -> None:
        heard.append((event, action))

    def judged(sender: Any, event: str, verdict: Any, **more: Any) -> None:
        assert more == {}
        heard.append((event, [(reason.code, reason.action) for reason in verdict.reasons]))

    password_exposed.connect(exposed)
    password_judged.connect(judged)
    yield heard
    password_exposed.disconnect(exposed)
    password_judged.disconnect(judged)


def sign_up(site: Site, password: str, email: str = "new@example.com", **headers: str) -> Any:
    body = {"email": email, "password": password, "password_confirm": password}
    return site.app.test_client().post("/register", json=body, headers=headers)


def reset(site: Site, password: str, **headers: str) -> Any:
    with site.mails() as outbox:
        site.app.test_client().post("/reset", json={"email": "ann@example.com"})
    body = {"password": password, "password_confirm": password}
    return site.app.test_client().post(link(outbox[0]), json=body, headers=headers)


def change(site: Site, password: str, **headers: str) -> Any:
    browser, _ = site.log_in(GOOD)
    body = {"password": GOOD, "new_password": password, "new_password_confirm": password}
    return browser.post("/change", json=body, headers=headers)


class TestChoosing:
    def test_every_reason_is_said(self, make: Any, language: str) -> None:
        site = make("nist")
        site.add(password=GOOD)
        spoken, reasons = {"Accept-Language": language}, [REFUSED[language], TOO_SHORT[language]]
        assert errors(sign_up(site, "hunter2", **spoken)) == {"password": reasons}
        assert errors(reset(site, "hunter2", **spoken)) == {"password": reasons}
        assert errors(change(site, "hunter2", **spoken)) == {"new_password": reasons}
        assert sign_up(site, "a lantern nobody has").status_code == 200
        assert reset(site, "a lantern somebody has").status_code == 200

    def test_the_address_is_a_word_at_sign_up_and_later(self, make: Any, language: str) -> None:
        site = make("asvs-l2")
        site.add("wolfgang@example.com", GOOD)
        spoken = {"Accept-Language": language}
        refused = errors(sign_up(site, "margarethe1", "margarethe@example.com", **spoken))
        assert refused == {"password": [CONTEXT[language]]}
        assert sign_up(site, "margarethe-und-der-fluss", "margarethe@example.com").status_code == 200
        browser, _ = site.log_in(GOOD, "wolfgang@example.com")
        body = {"password": GOOD, "new_password": "Wolfgang77!", "new_password_confirm": "Wolfgang77!"}
        refused = errors(browser.post("/change", json=body, headers=spoken))
        assert refused == {"new_password": [CONTEXT[language]]}

    def test_so_is_the_user_name(self, make: Any) -> None:
        """Asked without the form, to whose class Flask-Security would add the field for every other test."""
        site = make({"profile": "asvs-l2"})
        fields = {"email": "n@example.com", "username": "margarethe"}
        with site.app.test_request_context():
            against, _ = site.security.password_util.validate("Margarethe7", True, **fields)
        assert against == [CONTEXT["en"]]

    def test_events_have_their_own_row(self, make: Any) -> None:
        rows = {"sign_up": {"too_short": "warn"}, "change": {"too_short": "warn"}}
        site = make({"profile": "nist", "actions": rows})
        site.add(password=GOOD)
        assert sign_up(site, "kaeru 823").status_code == 200
        assert "password" in errors(reset(site, "kaeru 823"))
        assert change(site, "kaeru 823").status_code == 200

    def test_whoever_is_logged_in_and_sets_anothers_password_resets_it(self, make: Any) -> None:
        site = make({"profile": "nist", "actions": {"change": {"too_short": "warn"}}})
        site.add()
        with site.app.test_request_context():
            against, _ = site.security.password_util.validate("kaeru 823", False, user=site.user())
        assert against == ["This password is too short. Please use at least 15 characters (it has 9)."]

    def test_warnings_refuse_nothing_and_are_told(self, make: Any, told: list[Any]) -> None:
        assert sign_up(make("nist"), "a" * 20).status_code == 200
        assert sign_up(make("permissive"), "seen-once-7531").status_code == 200
        assert told == [
            ("sign_up", [("repetitive", "warn")]),
            ("sign_up", [("exposed", "warn")]),
        ]

    def test_long_ones_are_the_policys_business(self, make: Any) -> None:
        """Flask-Security by itself takes 128 code points of NFKD."""
        site = make("nist")
        word = "개구리의 노래가 들려온다네 " * 5
        assert len(unicodedata.normalize("NFKD", word.strip())) > 128
        assert sign_up(site, word.strip()).status_code == 200
        with site.app.app_context():
            stored = site.security.password_util.normalize(word.strip())
            assert verify_password(stored, site.user("new@example.com").password)
        assert errors(sign_up(site, "x y" * 400, "more@example.com"))["password"] == [
            "This password is too long. Please use at most 1024 characters."
        ]

    def test_flask_securitys_minimum_stays(self, make: Any) -> None:
        site = make("asvs-l2", SECURITY_PASSWORD_LENGTH_MIN=12)
        assert errors(sign_up(site, "kaeru 823"))["password"] == ["Password must be at least 12 characters"]

    def test_the_form_that_will_be_stored_is_looked_up(self, tmp_path: Path) -> None:
        stored = unicodedata.normalize("NFKD", "Ｐâté de campagne")
        (tmp_path / "rows").write_text(breachdex.digest(stored).hex().upper() + ":9")
        breachdex.build(tmp_path / "rows", tmp_path / "i.bdx", format="hibp")
        site = Site({"BREACHDEX_INDEX": tmp_path / "i.bdx", "BREACHDEX_POLICY": "nist", **VERIFIED})
        assert errors(sign_up(site, "Ｐâté de campagne"))["password"] == [REFUSED["en"]]

    def test_an_overlay(self, make: Any, tmp_path: Path) -> None:
        (tmp_path / "words").write_text("Kuckucksuhr im Regen\n")
        breachdex.build(tmp_path / "words", tmp_path / "overlay.bdx", format="passwords")
        site = make(
            "nist", BREACHDEX_OVERLAYS=[tmp_path / "overlay.bdx"], SECURITY_PASSWORD_BREACHED_COUNT=100
        )
        assert errors(sign_up(site, "Kuckucksuhr im Regen"))["password"] == [REFUSED["en"]]
        assert sign_up(site, EXPOSED).status_code == 200, "seen four times only"

    def test_half_a_surrogate_pair(self, make: Any) -> None:
        assert errors(sign_up(make("nist"), "abcdefghi\ud800"))["password"] == ["Invalid password"]

    def test_a_language_that_breachdex_does_not_speak(self, make: Any) -> None:
        site = make("nist")
        Babel(site.app, locale_selector=lambda: "fr")
        assert errors(sign_up(site, "hunter2"))["password"] == [REFUSED["en"], TOO_SHORT["en"]]


class TestLogIn:
    def test_force_reset(self, make: Any, told: list[Any], language: str) -> None:
        site = make("nist")
        site.add()
        with site.mails() as outbox:
            browser = site.app.test_client()
            body = {"email": "ann@example.com", "password": EXPOSED}
            answer = browser.post("/login", json=body, headers={"Accept-Language": language})
        [reason] = errors(answer)["password"]
        assert reason.startswith({"en": "For your safety", "ja": "安全のため"}[language])
        assert not inside(browser)
        assert [message.recipients for message in outbox] == [["ann@example.com"]]
        assert told == [("log_in", [("exposed", "force_reset")]), ("log_in", "force_reset")]
        assert reset(site, "a lantern nobody has").status_code == 200

    def test_warn(self, make: Any, told: list[Any]) -> None:
        site = make({"profile": "nist", "actions": {"log_in": {"exposed": "warn"}}})
        site.add()
        browser = site.app.test_client()
        page = browser.post("/login", data={"email": "ann@example.com", "password": EXPOSED})
        assert page.status_code == 302
        with browser.session_transaction() as session:
            [(category, said)] = session["_flashes"]
        assert (category, said[:40]) == ("warning", "The password you logged in with is in a ")
        assert told == [("log_in", [("exposed", "warn")]), ("log_in", "warn")]

    def test_for_another_reason(self, make: Any, told: list[Any]) -> None:
        """Nothing says that the password leaked, and no mail does."""
        for action, admitted in [("warn", True), ("notify", True), ("reject", False)]:
            site = make({"profile": "nist", "actions": {"log_in": {"too_short": action}}})
            site.add(password="kaeru 8")
            with site.mails() as outbox:
                browser, answer = site.log_in("kaeru 8")
            assert inside(browser) is admitted
            assert outbox == []
            if not admitted:
                assert errors(answer)["password"] == [TOO_SHORT["en"]]
        assert told == [("log_in", [("too_short", action)]) for action in ("warn", "notify", "reject")]

    def test_not_without_a_verified_address(self, make: Any) -> None:
        with pytest.warns(BreachdexWarning) as warned:
            site = make("nist", BREACHDEX_ADDRESSES_VERIFIED=False)
        assert str(warned[0].message) == (
            "BREACHDEX_POLICY says 'force_reset' at log_in, which only warns here, because no reset instructions "
            "could reach the owner: set SECURITY_CONFIRMABLE = True, or BREACHDEX_ADDRESSES_VERIFIED = True if you "
            "verify addresses; or let the policy say 'warn'"
        )
        site.add()
        browser, answer = site.log_in()
        assert answer.status_code == 200
        assert inside(browser)

    def test_nor_without_a_way_to_reset(self, make: Any) -> None:
        with pytest.warns(BreachdexWarning, match="set SECURITY_RECOVERABLE = True; or let"):
            site = make("nist", SECURITY_RECOVERABLE=False)
        site.add()
        assert inside(site.log_in()[0])

    def test_a_wrong_password_is_not_judged(self, make: Any, told: list[Any]) -> None:
        site = make("nist")
        site.add(password=GOOD)
        assert site.log_in(EXPOSED)[1].status_code == 400
        assert told == []


class TestSettings:
    def test_all_the_ways_to_name_one(self, exposed_index: Path, tmp_path: Path) -> None:
        file = tmp_path / "policy.toml"
        file.write_text(f'profile = "nist"\nindex = "{exposed_index}"\n')
        ready = Policy.profile("nist", index=exposed_index)
        named: object
        for named in ("nist", {"profile": "nist"}):
            site = Site({"BREACHDEX_INDEX": exposed_index, "BREACHDEX_POLICY": named, **VERIFIED})
            assert errors(sign_up(site, "hunter2"))["password"] == [REFUSED["en"], TOO_SHORT["en"]]
        for named in (file, str(file), ready):
            site = Site({"BREACHDEX_POLICY": named, **VERIFIED})
            assert errors(sign_up(site, "hunter2"))["password"] == [REFUSED["en"], TOO_SHORT["en"]]

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (
                {"BREACHDEX_POLICY": "nist", "BREACHDEX_LOG_IN": "accept"},
                (
                    "BREACHDEX_LOG_IN is 'accept' and BREACHDEX_POLICY says 'force_reset' about exposed passwords at "
                    "log-in: say it in one of them only"
                ),
            ),
            (
                {"BREACHDEX_POLICY": "nits"},
                (
                    "BREACHDEX_POLICY in the app's config: profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not "
                    '"nits"; did you mean "nist"?'
                ),
            ),
            (
                {"BREACHDEX_POLICY": Policy.profile("nist")},
                (
                    "BREACHDEX_POLICY in the app's config is a Policy, which has its index: name it there, not beside it"
                ),
            ),
        ],
    )
    def test_what_makes_no_sense(self, exposed_index: Path, config: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError) as raised:
            Site({"BREACHDEX_INDEX": exposed_index, **VERIFIED, **config})
        assert str(raised.value) == message

    @pytest.mark.parametrize(
        ("config", "says"),
        [
            ({"SECURITY_PASSWORD_CHECK_BREACHED": "strict"}, "None (on_error 'raise' at sign_up)"),
            ({"SECURITY_PASSWORD_CHECK_BREACHED": "best-effort"}, "None (on_error 'raise' at sign_up)"),
            ({"SECURITY_PASSWORD_BREACHED_COUNT": 100}, "1 for min_count"),
            ({"BREACHDEX_LOG_IN_ON_ERROR": "reject"}, "'accept' for on_error at log_in"),
            ({"BREACHDEX_INDEX": "/srv/other.bdx"}, "'{index}'"),
            ({"BREACHDEX_OVERLAYS": ["/srv/other.bdx"]}, "['{overlay}']"),
        ],
    )
    def test_what_a_policy_contradicts(
        self, exposed_index: Path, tmp_path: Path, config: dict[str, Any], says: str
    ) -> None:
        """Beside a file, an open policy and a mapping that says so itself."""
        for name in ("i.bdx", "o.bdx", "other.bdx"):
            (tmp_path / name).write_bytes(exposed_index.read_bytes())
        [(key, value)] = config.items()
        moved = str(value).replace("/srv", str(tmp_path))
        value = [moved[2:-2]] if isinstance(value, list) else type(value)(moved)
        index, overlay = str(tmp_path / "i.bdx"), str(tmp_path / "o.bdx")
        file = tmp_path / "policy.toml"
        file.write_text(f'profile = "nist"\nindex = "{index}"\noverlays = ["{overlay}"]\n')
        says = says.format(index=index, overlay=overlay)
        where = {"BREACHDEX_INDEX", "BREACHDEX_OVERLAYS"}
        with pytest.raises(ValueError) as raised:
            Site({"BREACHDEX_POLICY": file, **VERIFIED, key: value})
        if key in where:
            said_twice = f"{key} in the app's config is {value!r} and the policy says {says}: say it in one of them only"
            assert str(raised.value) == said_twice
        else:
            assert str(raised.value) == (
                f"{key} is {value!r} and {file} in BREACHDEX_POLICY says {says}: say it in one of them only"
            )
        said = {"min_count": 1, "on_error": {"sign_up": "raise", "log_in": "accept"}}
        written = {"profile": "nist", "index": index, "overlays": [overlay], **said}
        ready = Policy.profile("nist", index=index, overlays=[overlay])
        for policy in (written, ready):
            with pytest.raises(ValueError) as raised:
                Site({"BREACHDEX_POLICY": policy, **VERIFIED, key: value})
            if policy is ready and key in where:
                assert str(raised.value) == (
                    "BREACHDEX_POLICY in the app's config is a Policy, which has its index: name it there, not beside it"
                )
            elif key in where:
                assert str(raised.value) == said_twice
            else:
                assert str(raised.value) == (
                    f"{key} is {value!r} and BREACHDEX_POLICY says {says}: say it in one of them only"
                )

    def test_what_agrees_with_a_file(self, exposed_index: Path, tmp_path: Path) -> None:
        file = tmp_path / "policy.toml"
        file.write_text(f'profile = "nist"\nindex = "{exposed_index}"\nmin_count = 2\non_error = "reject"\n')
        site = Site(
            {
                "BREACHDEX_POLICY": file,
                "BREACHDEX_INDEX": exposed_index,
                "BREACHDEX_LOG_IN_ON_ERROR": "reject",
                "SECURITY_PASSWORD_CHECK_BREACHED": "strict",
                "SECURITY_PASSWORD_BREACHED_COUNT": 2,
                **VERIFIED,
            }
        )
        assert errors(sign_up(site, "hunter2"))["password"] == [REFUSED["en"], TOO_SHORT["en"]]

    def test_what_is_none(self) -> None:
        with pytest.raises(breachdex.ConfigurationError) as raised:
            Site({"BREACHDEX_POLICY": 7})
        assert str(raised.value) == (
            "BREACHDEX_POLICY in the app's config must be a Policy, a profile, the path of a TOML file or a mapping, not 7"
        )

    def test_nothing_waits_for_a_range_server(self) -> None:
        policy = Policy.profile("nist", index=breachdex.RangeClient("http://127.0.0.1:9"))
        with pytest.raises(TypeError) as raised:
            Site({"BREACHDEX_POLICY": policy, **VERIFIED})
        assert str(raised.value) == "Flask-Security cannot wait for a RangeClient: give the policy an index"

    def test_what_agrees_may_be_said_twice(self, make: Any) -> None:
        make("nist", BREACHDEX_LOG_IN="force_reset", SECURITY_CONFIRMABLE=True)


class TestFaults:
    @pytest.mark.parametrize(("setting", "status"), [("strict", 400), ("best-effort", 200), (None, 500)])
    def test_the_setting_of_flask_security_says(
        self, damaged_index: Path, setting: str | None, status: int
    ) -> None:
        config = {"BREACHDEX_INDEX": damaged_index, "SECURITY_PASSWORD_CHECK_BREACHED": setting}
        site = Site({**config, **VERIFIED, "BREACHDEX_POLICY": "nist"})
        site.add(password=SENTINEL)
        with every_log_line() as lines:
            answer = sign_up(site, SENTINEL)
            assert answer.status_code == status
            browser, _ = site.log_in(SENTINEL)
        assert inside(browser), "a broken disk does not lock everybody out"
        assert_clean(answer.text, *lines)

    def test_log_in_may_be_told_to_refuse(self, damaged_index: Path) -> None:
        config = {"BREACHDEX_INDEX": damaged_index, "BREACHDEX_LOG_IN_ON_ERROR": "reject"}
        site = Site({**config, **VERIFIED, "BREACHDEX_POLICY": "nist"})
        site.add()
        with site.mails() as outbox:
            browser, answer = site.log_in()
        [reason] = errors(answer)["password"]
        assert reason.startswith("The safety of this password cannot be checked")
        assert (outbox, inside(browser)) == ([], False)
        with site.app.app_context():
            assert verify_password(EXPOSED, site.user().password)

    def test_frames_hold_nothing(self, damaged_index: Path) -> None:
        site = Site({"BREACHDEX_INDEX": damaged_index, "BREACHDEX_POLICY": "nist", **VERIFIED})
        site.add(password=SENTINEL)
        util = site.security.password_util
        with site.app.test_request_context(), pytest.raises(breachdex.IndexDamagedError) as raised:
            util.validate(SENTINEL, False, user=site.user())
        frames = our_frames(raised.value)
        assert "is_register" in frames
        assert_clean(frames)


def test_nothing_of_a_password_is_written(make: Any, capfd: pytest.CaptureFixture[str]) -> None:
    site = make("nist")
    site.add(password=EXPOSED_SENTINEL)
    with every_log_line() as lines:
        answers = [sign_up(site, password) for password in (SENTINEL, EXPOSED_SENTINEL)]
        answers += [reset(site, EXPOSED_SENTINEL), site.log_in(EXPOSED_SENTINEL)[1]]
    assert {answer.status_code for answer in answers} == {200, 400}
    assert_clean(*lines, *[answer.text for answer in answers], *capfd.readouterr())
