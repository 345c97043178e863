"""Flask-Security at log-in: what every action does, and that nobody else's answer changes."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex._gate import Gate
from breachdex.flask_security import (
    ExposedLoginForm,
    ExposedLoginMixin,
    ExposedUnifiedSigninForm,
    password_exposed,
)
from flask_security import LoginForm
from flask_site import EXPOSED, GOOD, Site, errors, inside, link

REJECTED = (
    "This password is in a list of passwords that leaked in the past, so it cannot be used. "
    "Please choose a different one that you do not use anywhere else."
)
WARNING = (
    "The password you logged in with is in a list of passwords that leaked in the past. Please change it soon to "
    "one that you do not use anywhere else."
)
FORCED = (
    "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address "
    "you registered."
)
FORCED_JAPANESE = "安全のため、パスワードの再設定が必要です。ご登録のメールアドレスにお送りしたご案内に沿って、再設定してください。"


@pytest.fixture
def make(exposed_index: Path) -> Any:
    """Makes a site whose addresses are verified, with an account that has an exposed password."""

    def site(action: str | None = "force_reset", **config: Any) -> Site:
        named = {} if action is None else {"BREACHDEX_LOG_IN": action}
        made = Site(
            {
                "BREACHDEX_INDEX": exposed_index,
                "SECURITY_CONFIRMABLE": True,
                "SECURITY_AUTO_LOGIN_AFTER_CONFIRM": False,
                **named,
                **config,
            }
        )
        made.add(confirmed_at=made.security.datetime_factory())
        return made

    return site


class TestForceReset:
    def test_no_session_is_opened_and_the_reason_is_shown(self, make: Any) -> None:
        browser, answer = make().log_in()
        assert errors(answer) == {"password": [FORCED]}
        assert not inside(browser)
        assert not any(cookie.key == "remember_token" for cookie in browser._cookies.values())

    def test_the_page_shows_it_in_japanese(self, make: Any) -> None:
        page = (
            make()
            .app.test_client()
            .post(
                "/login",
                data={"email": "ann@example.com", "password": EXPOSED},
                headers={"Accept-Language": "ja"},
            )
        )
        assert FORCED_JAPANESE in page.text
        assert EXPOSED not in page.text

    def test_generic_responses_still_give_the_reason_to_who_knows_the_password(self, make: Any) -> None:
        site = make(SECURITY_RETURN_GENERIC_RESPONSES=True)
        page = site.app.test_client().post("/login", data={"email": "ann@example.com", "password": EXPOSED})
        assert FORCED in page.text

    def test_the_old_password_no_longer_works(self, make: Any) -> None:
        site = make()
        site.log_in()
        _, answer = site.log_in()
        assert errors(answer) == {"password": ["Invalid password"]}

    def test_the_way_back_in_goes_to_the_address_on_file(self, make: Any) -> None:
        site = make()
        with site.mails() as outbox:
            site.log_in()
        assert [message.recipients for message in outbox] == [["ann@example.com"]]
        assert outbox[0].subject == "Password reset instructions"
        path = link(outbox[0])
        body = {"password": GOOD, "password_confirm": GOOD}
        assert site.app.test_client().post(path, json=body).status_code == 200
        browser, answer = site.log_in(GOOD)
        assert answer.status_code == 200
        assert inside(browser)

    def test_the_reset_refuses_the_same_password(self, make: Any) -> None:
        site = make()
        with site.mails() as outbox:
            site.log_in()
        body = {"password": EXPOSED, "password_confirm": EXPOSED}
        assert errors(site.app.test_client().post(link(outbox[0]), json=body))["password"][0] == REJECTED

    def test_other_sessions_remembered_log_ins_and_tokens_end(self, make: Any) -> None:
        site = make()
        site.set_password(GOOD)
        session, _ = site.log_in(GOOD)
        remembered, _ = site.log_in(GOOD, remember=True)
        remembered.delete_cookie("session")
        token = site.app.test_client().post(
            "/login?include_auth_token", json={"email": "ann@example.com", "password": GOOD}
        )
        token = token.json["response"]["user"]["authentication_token"]
        header = {"Authentication-Token": token, "Accept": "application/json"}
        assert inside(session)
        assert inside(remembered)
        assert site.app.test_client().get("/private", headers=header).status_code == 200
        site.set_password(EXPOSED)
        site.log_in()
        remembered.delete_cookie("session")
        assert not inside(session)
        assert not inside(remembered)
        assert site.app.test_client().get("/private", headers=header).status_code == 401

    def test_an_account_gets_one_mail_a_day(self, make: Any) -> None:
        site = make()
        site.add("ben@example.com", confirmed_at=site.security.datetime_factory())
        with site.mails() as outbox:
            for _ in range(3):
                site.set_password(EXPOSED)
                _, answer = site.log_in()
                assert errors(answer) == {"password": [FORCED]}
            site.log_in(email="ben@example.com")
        assert [message.recipients for message in outbox] == [["ann@example.com"], ["ben@example.com"]]

    def test_the_time_between_two_mails_is_a_setting(self, make: Any) -> None:
        site = make(BREACHDEX_MAIL_EVERY=0)
        with site.mails() as outbox:
            for _ in range(2):
                site.set_password(EXPOSED)
                site.log_in()
        assert len(outbox) == 2

    def test_an_unconfirmed_account_is_as_without(self, make: Any) -> None:
        """Flask-Security itself refuses it, before anything is looked up."""
        site = make()
        site.add("new@example.com")
        with site.mails() as outbox:
            _, answer = site.log_in(email="new@example.com")
        assert errors(answer) == {"email": ["Email requires confirmation."]}
        assert outbox == []

    def test_without_verified_addresses_it_only_warns_and_says_so_at_the_start(
        self, exposed_index: Path
    ) -> None:
        config = {"BREACHDEX_INDEX": exposed_index, "BREACHDEX_LOG_IN": "force_reset"}
        with pytest.warns(UserWarning, match="only warns, because nothing verifies the addresses"):
            site = Site(config)
        site.add()
        browser, answer = site.log_in()
        assert answer.status_code == 200
        assert inside(browser)

    def test_a_site_may_verify_addresses_itself(self, exposed_index: Path) -> None:
        config = {
            "BREACHDEX_INDEX": exposed_index,
            "BREACHDEX_LOG_IN": "force_reset",
            "BREACHDEX_ADDRESSES_VERIFIED": True,
        }
        site = Site(config)
        site.add()
        browser, answer = site.log_in()
        assert errors(answer) == {"password": [FORCED]}
        assert not inside(browser)

    def test_a_mail_server_that_is_down_is_logged_without_the_address(
        self, make: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def down(*_: Any, **__: Any) -> None:
            raise smtplib.SMTPRecipientsRefused({"ann@example.com": (550, b"no such user ann@example.com")})

        site = make()
        monkeypatch.setattr(type(site.security._mail_util), "send_mail", down)
        browser, answer = site.log_in()
        assert errors(answer) == {"password": [FORCED]}
        assert not inside(browser)
        assert [record.getMessage() for record in caplog.records] == [
            "reset instructions could not be mailed: SMTPRecipientsRefused"
        ]
        assert "ann" not in caplog.text


class TestOtherActions:
    def test_reject_refuses_with_the_reason_and_changes_nothing(self, make: Any) -> None:
        site = make("reject")
        with site.mails() as outbox:
            for _ in range(2):
                browser, answer = site.log_in()
                assert errors(answer) == {"password": [REJECTED]}
                assert not inside(browser)
        assert outbox == []

    def test_warn_lets_in_and_says_so_on_the_next_page(self, make: Any) -> None:
        browser = make("warn").app.test_client()
        browser.post("/login", data={"email": "ann@example.com", "password": EXPOSED})
        assert inside(browser)
        with browser.session_transaction() as session:
            assert session["_flashes"] == [("warning", WARNING)]

    def test_warn_is_the_default(self, make: Any) -> None:
        browser, answer = make(None).log_in()
        assert answer.status_code == 200
        assert inside(browser)

    def test_notify_lets_in_and_writes_to_the_address_on_file_once_a_day(self, make: Any) -> None:
        site = make("notify")
        with site.mails() as outbox:
            for _ in range(3):
                browser, _ = site.log_in()
                assert inside(browser)
        (message,) = outbox
        assert message.recipients == ["ann@example.com"]
        assert message.body == WARNING + "\n\nhttp://localhost/reset\n"

    def test_accept_lets_in_without_a_word(self, make: Any) -> None:
        site = make("accept")
        browser = site.app.test_client()
        with site.mails() as outbox:
            browser.post("/login", data={"email": "ann@example.com", "password": EXPOSED})
        assert inside(browser)
        assert outbox == []
        with browser.session_transaction() as session:
            assert "_flashes" not in session

    @pytest.mark.parametrize("action", ["accept", "warn", "notify", "force_reset", "reject"])
    def test_a_password_that_is_not_exposed_is_let_in(self, make: Any, action: str) -> None:
        site = make(action)
        site.set_password(GOOD)
        with site.mails() as outbox:
            browser, answer = site.log_in(GOOD)
        assert answer.status_code == 200
        assert inside(browser)
        assert outbox == []

    @pytest.mark.parametrize("action", ["accept", "warn", "notify", "force_reset", "reject"])
    def test_the_signal_says_what_was_done_and_not_the_password(self, make: Any, action: str) -> None:
        site = make(action)
        heard: list[dict[str, Any]] = []

        def hear(sender: Any, **told: Any) -> None:
            told["user"] = told["user"].email
            heard.append(told)

        with password_exposed.connected_to(hear, site.app):
            site.log_in()
            site.log_in("not it")
        assert heard == [{"user": "ann@example.com", "event": "log_in", "action": action}]

    def test_the_threshold_holds_at_log_in_too(self, make: Any) -> None:
        browser, _ = make("reject", SECURITY_PASSWORD_BREACHED_COUNT=5).log_in()
        assert inside(browser)


class TestNobodyElseNotices:
    """A wrong password and an unknown user: answer, status and statements as without breachdex."""

    @pytest.mark.parametrize("action", ["accept", "warn", "notify", "force_reset", "reject"])
    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("ann@example.com", "hunter2-but-wrong"),
            ("ann@example.com", "hunter2"),
            ("who@example.com", EXPOSED),
        ],
    )
    def test_json_and_html(self, make: Any, action: str, email: str, password: str) -> None:
        ours, theirs = make(action), make(action)
        theirs.security.forms["login_form"].cls = LoginForm
        credentials = {"email": email, "password": password}
        for body in ({"json": credentials}, {"data": credentials}):
            answers = []
            for site in (ours, theirs):
                with site.statements() as statements, site.mails() as outbox:
                    answer = site.app.test_client().post("/login", **body)
                answers.append((answer.status_code, answer.data, len(statements), len(outbox)))
            assert answers[0] == answers[1]
            assert answers[0][2] <= 1

    def test_a_deactivated_account_is_as_without(self, make: Any) -> None:
        site = make()
        site.add("off@example.com", active=False, confirmed_at=site.security.datetime_factory())
        with site.mails() as outbox:
            _, answer = site.log_in(email="off@example.com")
        assert errors(answer) == {"email": ["Account is disabled."]}
        assert outbox == []


@pytest.mark.filterwarnings("ignore:Passing SelectField choices:DeprecationWarning")
class TestUnifiedSignin:
    @pytest.fixture
    def site(self, exposed_index: Path) -> Site:
        config = {
            "BREACHDEX_INDEX": exposed_index,
            "BREACHDEX_LOG_IN": "force_reset",
            "BREACHDEX_ADDRESSES_VERIFIED": True,
            "SECURITY_UNIFIED_SIGNIN": True,
            "SECURITY_US_ENABLED_METHODS": ["password", "email"],
            "SECURITY_TOTP_ISSUER": "test",
            "SECURITY_TOTP_SECRETS": {"1": "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFzMKLxXYiZu9B"},
        }
        site = Site(config, us_signin_form=ExposedUnifiedSigninForm)
        site.add()
        return site

    def test_a_password_is_looked_up(self, site: Site) -> None:
        browser = site.app.test_client()
        with site.mails() as outbox:
            answer = browser.post("/us-signin", json={"identity": "ann@example.com", "passcode": EXPOSED})
        assert errors(answer) == {"passcode": [FORCED]}
        assert not inside(browser)
        assert [message.subject for message in outbox] == ["Password reset instructions"]

    def test_a_wrong_one_is_not(self, site: Site) -> None:
        answer = site.app.test_client().post(
            "/us-signin", json={"identity": "ann@example.com", "passcode": "hunter2"}
        )
        assert errors(answer) == {"passcode": ["Password or code submitted is not valid"]}

    def test_a_code_is_not_even_if_it_could_be_found(self, site: Site, tmp_path: Path) -> None:
        with site.app.app_context():
            user = site.user()
            secret = site.security.totp_factory.generate_totp_secret()
            site.datastore.us_set(user, "email", secret)
            site.datastore.commit()  # type: ignore[no-untyped-call]
            code = site.security.totp_factory.generate_totp_password(secret)
        (tmp_path / "code").write_text(code)
        breachdex.build(tmp_path / "code", tmp_path / "code.bdx", format="passwords")
        gate = Gate(breachdex.Index.open(tmp_path / "code.bdx"))
        site.app.extensions["breachdex"] = replace(site.app.extensions["breachdex"], log_in_gate=gate)
        browser = site.app.test_client()
        answer = browser.post("/us-signin", json={"identity": "ann@example.com", "passcode": code})
        assert answer.status_code == 200
        assert inside(browser)

    def test_nor_is_asking_for_one(self, site: Site) -> None:
        with site.app.app_context():
            secret = site.security.totp_factory.generate_totp_secret()
            site.datastore.us_set(site.user(), "email", secret)
            site.datastore.commit()  # type: ignore[no-untyped-call]
        body = {"identity": "ann@example.com", "chosen_method": "email"}
        with site.mails() as outbox:
            answer = site.app.test_client().post("/us-signin/send-code", json=body)
        assert answer.status_code == 200
        assert [message.subject for message in outbox] == ["Verification Code"]


class TestWiring:
    def test_it_goes_before_a_sites_own_form(self, make: Any, exposed_index: Path) -> None:
        class Own(LoginForm):
            pass

        class Both(ExposedLoginMixin, Own):
            pass

        class Mixed(ExposedLoginForm, Own):
            pass

        for form in (Both, Mixed):
            site = make("reject")
            site.security.forms["login_form"].cls = form
            browser, answer = site.log_in()
            assert answer.status_code == 400
            assert not inside(browser)

    def test_the_form_without_the_util_is_an_error_from_the_first_request_on(self) -> None:
        from flask_security import PasswordUtil

        site = Site({"PROPAGATE_EXCEPTIONS": True}, password_util_cls=PasswordUtil)
        with pytest.raises(RuntimeError) as raised:
            site.app.test_client().get("/login")
        assert str(raised.value) == (
            "the log-in form needs the same checks at reset, or its users would go round in circles: "
            "pass password_util_cls=ExposedPasswordUtil to Security() too"
        )
