"""Flask-Security: what refuses to start, what a fault at run time means, and what never leaks."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import breachdex
import pytest
from flask_site import GOOD, Site, errors, inside, link
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line, our_frames
from support import write_index

UNAVAILABLE = "The safety of this password cannot be checked at the moment. Please try again a little later."
UNAVAILABLE_JAPANESE = "現在、パスワードの安全性を確認できません。しばらくしてからもう一度お試しください。"


def sign_up(site: Site, password: str, **headers: str) -> Any:
    body = {"email": "new@example.com", "password": password, "password_confirm": password}
    return site.app.test_client().post("/register", json=body, headers=headers)


class TestStart:
    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(breachdex.IndexNotFoundError) as raised:
            Site({"BREACHDEX_INDEX": tmp_path / "none.bdx"})
        assert f"{tmp_path}/none.bdx" in str(raised.value)

    def test_an_index_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "text.bdx").write_text("password\nhunter2\n" * 100)
        with pytest.raises(breachdex.IndexDamagedError, match=r"text\.bdx"):
            Site({"BREACHDEX_INDEX": tmp_path / "text.bdx"})

    def test_damaged_entries(self, small_damaged_index: Path) -> None:
        with pytest.raises(breachdex.IndexDamagedError, match=r"small\.bdx is damaged"):
            Site({"BREACHDEX_INDEX": small_damaged_index, "SECURITY_PASSWORD_CHECK_BREACHED": "best-effort"})

    def test_a_threshold_without_counts(self, tmp_path: Path) -> None:
        (tmp_path / "words").write_text("password\n")
        breachdex.build(tmp_path / "words", tmp_path / "i.bdx", format="passwords", counts=False)
        with pytest.raises(ValueError, match="min_count needs an index with counts"):
            Site({"BREACHDEX_INDEX": tmp_path / "i.bdx", "SECURITY_PASSWORD_BREACHED_COUNT": 2})

    @pytest.mark.parametrize(
        ("setting", "value", "message"),
        [
            (
                "SECURITY_PASSWORD_CHECK_BREACHED",
                "stric",
                "SECURITY_PASSWORD_CHECK_BREACHED must be None, 'strict' or 'best-effort', not 'stric'",
            ),
            (
                "BREACHDEX_LOG_IN",
                "block",
                "BREACHDEX_LOG_IN must be one of accept, warn, notify, force_reset, reject, not 'block'",
            ),
            (
                "BREACHDEX_LOG_IN_ON_ERROR",
                "ignore",
                "on_error must be one of 'accept', 'reject' and 'raise', not 'ignore'",
            ),
            (
                "SECURITY_PASSWORD_BREACHED_COUNT",
                0,
                "min_count must be a whole number from 1 on, not 0",
            ),
            ("BREACHDEX_MAIL_EVERY", -1, "the time between two mails must not be negative, but is -1.0"),
        ],
    )
    def test_a_setting_that_is_none(
        self, exposed_index: Path, setting: str, value: object, message: str
    ) -> None:
        with pytest.raises(ValueError) as raised:
            Site({"BREACHDEX_INDEX": exposed_index, setting: value})
        assert str(raised.value) == message

    def test_a_forced_reset_needs_resets(self, exposed_index: Path) -> None:
        config = {"BREACHDEX_INDEX": exposed_index, "BREACHDEX_LOG_IN": "force_reset"}
        with pytest.raises(ValueError, match="set SECURITY_RECOVERABLE = True"):
            Site({**config, "SECURITY_RECOVERABLE": False})

    def test_overlays_over_an_open_index(self, exposed_index: Path, tmp_path: Path) -> None:
        overlay = write_index(tmp_path / "own.bdx", {"examplecorp2026": 1})
        config = {"BREACHDEX_INDEX": breachdex.Index.open(exposed_index), "BREACHDEX_OVERLAYS": [overlay]}
        util = Site(config).security.password_util
        with Site(config).app.app_context():
            assert util.validate("examplecorp2026", True)[0]
            assert util.validate("correct horse battery staple", True)[0]


class TestFaults:
    def test_strict_refuses_and_says_so_once_a_minute(
        self, damaged_index: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = Site({"BREACHDEX_INDEX": damaged_index, "SECURITY_PASSWORD_CHECK_BREACHED": "strict"})
        assert errors(sign_up(site, GOOD)) == {"password": [UNAVAILABLE]}
        refused = errors(sign_up(site, GOOD, **{"Accept-Language": "ja"}))
        assert refused == {"password": [UNAVAILABLE_JAPANESE]}
        (line,) = [record.getMessage() for record in caplog.records if record.name == "breachdex"]
        assert line.startswith(f"passwords cannot be checked and are refused: {damaged_index} is damaged")

    def test_best_effort_accepts_and_says_so(
        self, damaged_index: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = Site({"BREACHDEX_INDEX": damaged_index, "SECURITY_PASSWORD_CHECK_BREACHED": "best-effort"})
        assert sign_up(site, "correct horse battery staple").status_code == 200
        (line,) = [record.getMessage() for record in caplog.records if record.name == "breachdex"]
        assert line.startswith("passwords cannot be checked and are accepted")

    def test_by_default_it_is_raised(self, damaged_index: Path) -> None:
        site = Site({"BREACHDEX_INDEX": damaged_index, "PROPAGATE_EXCEPTIONS": True})
        with pytest.raises(breachdex.IndexDamagedError):
            sign_up(site, GOOD)

    def test_log_in_is_not_shut_by_a_fault(
        self, damaged_index: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = Site({"BREACHDEX_INDEX": damaged_index, "BREACHDEX_LOG_IN": "reject"})
        site.add()
        browser, answer = site.log_in()
        assert answer.status_code == 200
        assert inside(browser)
        assert "passwords cannot be checked and are accepted" in caplog.text

    @pytest.mark.parametrize("recheck", ["always", "newer_index"])
    def test_nor_by_a_file_that_is_changed_in_place(
        self, exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recheck: str
    ) -> None:
        monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
        copy = tmp_path / "copy.bdx"
        copy.write_bytes(exposed_index.read_bytes())
        config = {"BREACHDEX_INDEX": copy, "BREACHDEX_LOG_IN": "reject", "BREACHDEX_RECHECK": recheck}
        site = Site({**config, "BREACHDEX_MARK_FIELD": "password_mark"})
        site.add(password=GOOD)
        for damaged in (False, True, True):
            if damaged:
                with copy.open("ab") as file:
                    file.write(b"!")
            browser, answer = site.log_in(password=GOOD)
            assert answer.status_code == 200
            assert inside(browser)

    def test_log_in_may_be_told_to_refuse(self, damaged_index: Path) -> None:
        config = {
            "BREACHDEX_INDEX": damaged_index,
            "BREACHDEX_LOG_IN": "force_reset",
            "BREACHDEX_LOG_IN_ON_ERROR": "reject",
            "BREACHDEX_ADDRESSES_VERIFIED": True,
        }
        site = Site(config)
        site.add()
        with site.mails() as outbox:
            for _ in range(2):
                browser, answer = site.log_in()
                assert errors(answer) == {"password": [UNAVAILABLE]}
        assert not inside(browser)
        assert outbox == []


class TestLeaks:
    """Sentinels, exposed and not, through every door."""

    @pytest.mark.parametrize("action", ["accept", "warn", "notify", "force_reset", "reject"])
    def test_nothing_of_a_password_is_written_anywhere(
        self, exposed_index: Path, capfd: pytest.CaptureFixture[str], action: str
    ) -> None:
        config = {
            "BREACHDEX_INDEX": exposed_index,
            "BREACHDEX_LOG_IN": action,
            "BREACHDEX_ADDRESSES_VERIFIED": True,
        }
        site = Site(config)
        with (
            every_log_line() as lines,
            warnings.catch_warnings(record=True) as warned,
            site.mails() as outbox,
        ):
            warnings.simplefilter("always")
            self.drive(site)
        out, err = capfd.readouterr()
        assert_clean(*lines, *[str(warning.message) for warning in warned], out, err)
        with site.app.app_context():
            assert_clean(*[message.as_string() for message in outbox])

    def drive(self, site: Site) -> None:
        for password in (SENTINEL, EXPOSED_SENTINEL):
            answer = sign_up(site, password)
            assert answer.status_code == (200 if password == SENTINEL else 400)
            assert_clean(answer.text)
        site.add("ann@example.com", EXPOSED_SENTINEL)
        for body in (
            {"password": EXPOSED_SENTINEL},
            {"password": SENTINEL},
            {"password": [EXPOSED_SENTINEL]},
        ):
            for kind in ("json", "data"):
                browser = site.app.test_client()
                answer = browser.post("/login", **{kind: {"email": "ann@example.com", **body}})
                assert_clean(answer.text, str(answer.headers))
                assert_clean(browser.get("/change").text)
        with site.mails() as outbox:
            site.app.test_client().post("/reset", json={"email": "ann@example.com"})
        for password in (EXPOSED_SENTINEL, SENTINEL):
            body = {"password": password, "password_confirm": password}
            assert_clean(site.app.test_client().post(link(outbox[-1]), json=body).text)

    @pytest.mark.parametrize("faults", [None, "strict", "best-effort"])
    def test_nor_when_the_index_is_damaged(self, damaged_index: Path, faults: str | None) -> None:
        config = {
            "BREACHDEX_INDEX": damaged_index,
            "SECURITY_PASSWORD_CHECK_BREACHED": faults,
            "BREACHDEX_LOG_IN_ON_ERROR": "raise" if faults is None else "accept",
        }
        site = Site(config)
        site.add("ann@example.com", SENTINEL)
        with every_log_line() as lines:
            answers = [sign_up(site, SENTINEL), site.log_in(SENTINEL)[1], sign_up(site, SENTINEL + "\ud800")]
        assert [answer.status_code for answer in answers[:2]] == {
            None: [500, 500],
            "strict": [400, 200],
            "best-effort": [200, 200],
        }[faults]
        assert "is damaged" in "".join(lines)
        assert_clean(*lines, *[answer.text for answer in answers])

    def test_nor_in_frames_that_a_report_prints(self, damaged_index: Path) -> None:
        config = {
            "BREACHDEX_INDEX": damaged_index,
            "BREACHDEX_LOG_IN_ON_ERROR": "raise",
            "PROPAGATE_EXCEPTIONS": True,
        }
        site = Site(config)
        site.add("ann@example.com", SENTINEL)
        for act in (lambda: sign_up(site, SENTINEL), lambda: site.log_in(SENTINEL)):
            with pytest.raises(breachdex.IndexDamagedError) as raised:
                act()  # type: ignore[no-untyped-call]
            frames = our_frames(raised.value)
            assert "gate" in frames
            assert_clean(frames)


def test_the_search_finds_what_is_planted() -> None:
    """So that the tests above can fail."""
    for planted in (
        SENTINEL,
        breachdex.digest(SENTINEL).hex(),
        breachdex.digest(EXPOSED_SENTINEL).hex()[:8].upper(),
    ):
        with every_log_line() as lines:
            logging.getLogger("some.library").debug("got %s", planted)
        with pytest.raises(AssertionError):
            assert_clean(*lines)
