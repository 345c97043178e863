"""fastapi-users: what is refused where a password is chosen, what every action does at log-in, and leaks."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.fastapi_users import ExposedPasswordMixin
from fastapi import HTTPException
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users.authentication import JWTStrategy
from fastapi_users.exceptions import InvalidPasswordException
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line, our_frames
from users_site import EXPOSED, GOOD, Plain, User, UserCreate, manager, site

pytestmark = pytest.mark.anyio

REASON = (
    "This password is in a list of passwords that leaked in the past, so it cannot be used. "
    "Please choose a different one that you do not use anywhere else."
)
REASON_JAPANESE = (
    "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
    "ほかのサービスで使っていない、別のパスワードを設定してください。"
)
BAD_CREDENTIALS = {"detail": "LOGIN_BAD_CREDENTIALS"}
ACTIONS = ["accept", "warn", "notify", "force_reset", "reject"]


@pytest.fixture
def kind(exposed_index: Path) -> Any:
    return lambda **settings: manager(**{"breachdex_index": exposed_index, **settings})


class TestChoosing:
    async def test_sign_up(self, kind: Any) -> None:
        async with site(kind()) as made:
            answer = await made.client.post("/register", json={"email": "a@example.com", "password": EXPOSED})
            assert answer.status_code == 400
            assert answer.json() == {"detail": {"code": "REGISTER_INVALID_PASSWORD", "reason": REASON}}
            answer = await made.client.post("/register", json={"email": "a@example.com", "password": GOOD})
            assert answer.status_code == 201
            assert (await made.log_in(GOOD, "a@example.com")).status_code == 200

    async def test_in_japanese(self, kind: Any) -> None:
        async with site(kind(breachdex_language="ja")) as made:
            answer = await made.client.post("/register", json={"email": "a@example.com", "password": EXPOSED})
            assert answer.json()["detail"]["reason"] == REASON_JAPANESE

    async def test_change(self, kind: Any) -> None:
        async with site(kind()) as made:
            await made.add(GOOD)
            header = {"Authorization": f"Bearer {(await made.log_in(GOOD)).json()['access_token']}"}
            answer = await made.client.patch("/users/me", json={"password": EXPOSED}, headers=header)
            assert answer.json() == {"detail": {"code": "UPDATE_USER_INVALID_PASSWORD", "reason": REASON}}
            answer = await made.client.patch("/users/me", json={"password": GOOD + "!"}, headers=header)
            assert answer.status_code == 200

    async def test_reset(self, kind: Any) -> None:
        async with site(kind()) as made:
            await made.add(GOOD)
            await made.client.post("/forgot-password", json={"email": "ann@example.com"})
            ((_, token),) = made.mailed
            answer = await made.client.post("/reset-password", json={"token": token, "password": EXPOSED})
            assert answer.json() == {"detail": {"code": "RESET_PASSWORD_INVALID_PASSWORD", "reason": REASON}}
            answer = await made.client.post("/reset-password", json={"token": token, "password": GOOD + "!"})
            assert answer.status_code == 200

    async def test_the_other_bases_are_asked_first(self, kind: Any) -> None:
        class Strict(Plain):
            async def validate_password(self, password: str, user: Any) -> None:
                raise InvalidPasswordException(reason="no")

        both = type("Both", (ExposedPasswordMixin, Strict), {"breachdex_index": kind().breachdex_index})
        async with site(both) as made:
            answer = await made.client.post("/register", json={"email": "a@example.com", "password": EXPOSED})
            assert answer.json()["detail"]["reason"] == "no"

    async def test_forms_and_threshold(self, kind: Any) -> None:
        async with site(kind(breachdex_min_count=5)) as made, made.session() as session:
            ours = made.make(session)
            await ours.validate_password(EXPOSED, User())
            with pytest.raises(InvalidPasswordException) as raised:
                await ours.validate_password("ﾊﾟｽﾜｰﾄﾞ", User())
            assert raised.value.reason.startswith("Apart from differences in how its characters are written")
            assert "times" not in raised.value.reason


class TestForceReset:
    async def test_nobody_is_let_in_and_the_way_back_goes_to_the_address(self, kind: Any) -> None:
        async with site(kind(breachdex_log_in="force_reset")) as made:
            await made.add()
            answer = await made.log_in()
            assert (answer.status_code, answer.json()) == (400, BAD_CREDENTIALS)
            ((address, token),) = made.mailed
            assert address == "ann@example.com"
            refused = await made.client.post("/reset-password", json={"token": token, "password": EXPOSED})
            assert refused.status_code == 400
            taken = await made.client.post("/reset-password", json={"token": token, "password": GOOD})
            assert taken.status_code == 200
            assert (await made.log_in(GOOD)).status_code == 200

    async def test_the_old_password_no_longer_works(self, kind: Any) -> None:
        async with site(kind(breachdex_log_in="force_reset")) as made:
            await made.add()
            await made.log_in()
            async with made.session() as session:
                plain = Plain(made.make(session).user_db)
                user = await plain.get_by_email("ann@example.com")
                assert not plain.password_helper.verify_and_update(EXPOSED, user.hashed_password)[0]

    async def test_other_sessions_end(self, kind: Any) -> None:
        async with site(kind(breachdex_log_in="force_reset")) as made:
            await made.add(GOOD)
            token = (await made.log_in(GOOD)).json()["access_token"]
            assert await made.inside(token)
            await made.set_password(EXPOSED)
            await made.log_in()
            assert not await made.inside(token)

    async def test_they_would_not_with_an_ordinary_token(self, kind: Any) -> None:
        """So that the test above can fail."""
        async with site(kind(breachdex_log_in="force_reset"), JWTStrategy) as made:
            await made.add(GOOD)
            token = (await made.log_in(GOOD)).json()["access_token"]
            await made.set_password(EXPOSED)
            await made.log_in()
            assert await made.inside(token)

    async def test_ending_sessions_is_the_sites(self, kind: Any) -> None:
        ended: list[str] = []

        async def end_sessions(self: object, user: Any) -> None:
            ended.append(user.email)

        async with site(kind(breachdex_log_in="force_reset", end_sessions=end_sessions)) as made:
            await made.add()
            await made.log_in()
            assert ended == ["ann@example.com"]

    async def test_it_must_be_said_how_they_end(self, exposed_index: Path) -> None:
        settings = {"breachdex_index": exposed_index, "breachdex_log_in": "force_reset"}
        with pytest.raises(TypeError) as raised:
            type("Users", (ExposedPasswordMixin, Plain), settings)
        assert str(raised.value) == (
            "breachdex_log_in = 'force_reset' must end the sessions of an account: define "
            "Users.end_sessions(user), which may do nothing with PasswordBoundJWTStrategy"
        )

    async def test_an_account_gets_one_mail_a_day(self, kind: Any) -> None:
        async with site(kind(breachdex_log_in="force_reset")) as made:
            await made.add()
            await made.add(email="ben@example.com")
            for _ in range(3):
                await made.set_password(EXPOSED)
                assert (await made.log_in()).json() == BAD_CREDENTIALS
            await made.log_in(email="ben@example.com")
            assert [address for address, _ in made.mailed] == ["ann@example.com", "ben@example.com"]

    async def test_an_unverified_address_is_let_in_unless_the_site_vouches(self, kind: Any) -> None:
        for vouched, status in [(False, 200), (True, 400)]:
            settings = {"breachdex_log_in": "force_reset", "breachdex_addresses_verified": vouched}
            async with site(kind(**settings)) as made:
                await made.add(is_verified=False)
                assert (await made.log_in()).status_code == status
                assert len(made.mailed) == vouched

    async def test_a_mail_that_fails_is_logged_without_the_address(
        self, kind: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def on_after_forgot_password(self: object, user: Any, token: str, request: Any = None) -> None:
            raise ConnectionRefusedError(f"no mail for {user.email}")

        settings = {
            "breachdex_log_in": "force_reset",
            "on_after_forgot_password": on_after_forgot_password,
        }
        async with site(kind(**settings)) as made:
            await made.add()
            assert (await made.log_in()).json() == BAD_CREDENTIALS
        lines = [record.getMessage() for record in caplog.records if record.name == "breachdex"]
        assert lines == ["reset instructions could not be mailed: ConnectionRefusedError"]
        assert "ann" not in caplog.text


class TestOtherActions:
    @pytest.mark.parametrize("action", ["accept", "warn", "notify"])
    async def test_these_let_in(self, kind: Any, action: str) -> None:
        async with site(kind(breachdex_log_in=action)) as made:
            await made.add()
            assert await made.inside((await made.log_in()).json()["access_token"])
            assert made.mailed == []

    async def test_reject_does_not_and_changes_nothing(self, kind: Any) -> None:
        async with site(kind(breachdex_log_in="reject")) as made:
            await made.add()
            for _ in range(2):
                answer = await made.log_in()
                assert (answer.status_code, answer.json()) == (400, BAD_CREDENTIALS)
            async with made.session() as session:
                plain = Plain(made.make(session).user_db)
                user = await plain.get_by_email("ann@example.com")
                assert plain.password_helper.verify_and_update(EXPOSED, user.hashed_password)[0]

    @pytest.mark.parametrize("action", ACTIONS)
    async def test_what_is_not_exposed_is_let_in(self, kind: Any, action: str) -> None:
        async with site(kind(breachdex_log_in=action)) as made:
            await made.add(GOOD)
            assert (await made.log_in(GOOD)).status_code == 200
            assert made.mailed == []

    @pytest.mark.parametrize("action", ACTIONS)
    async def test_the_hook_hears_of_every_action_and_may_say_why(self, kind: Any, action: str) -> None:
        heard: list[tuple[str, str]] = []

        async def on_exposed_log_in(self: object, user: Any, action: str) -> None:
            heard.append((user.email, action))
            if action == "reject":
                raise HTTPException(400, "LOGIN_PASSWORD_EXPOSED")

        async with site(kind(breachdex_log_in=action, on_exposed_log_in=on_exposed_log_in)) as made:
            await made.add()
            answer = await made.log_in()
            await made.log_in("not it")
        assert heard == [("ann@example.com", action)]
        if action == "reject":
            assert answer.json() == {"detail": "LOGIN_PASSWORD_EXPOSED"}


class TestNobodyElseNotices:
    @pytest.mark.parametrize("action", ACTIONS)
    @pytest.mark.parametrize(
        ("email", "password"),
        [("ann@example.com", "hunter2"), ("who@example.com", EXPOSED), ("off@example.com", EXPOSED)],
    )
    async def test_answer_and_statements_are_as_without(
        self, kind: Any, action: str, email: str, password: str
    ) -> None:
        answers = []
        for ours in (kind(breachdex_log_in=action), Plain):
            async with site(ours) as made:
                await made.add()
                await made.add(email="off@example.com", is_active=False)
                made.statements.clear()
                answer = await made.log_in(password, email)
                headers = sorted(answer.headers.items())
                answers.append((answer.status_code, answer.content, headers, made.statements, made.mailed))
        assert answers[0] == answers[1]


class TestFaults:
    async def test_no_index(self, kind: Any, tmp_path: Path) -> None:
        with pytest.raises(breachdex.IndexNotFoundError, match=r"none\.bdx"):
            kind(breachdex_index=tmp_path / "none.bdx")

    async def test_damaged_entries(self, kind: Any, small_damaged_index: Path) -> None:
        with pytest.raises(breachdex.IndexDamagedError, match=r"small\.bdx is damaged"):
            kind(breachdex_index=small_damaged_index, breachdex_on_error="accept")

    @pytest.mark.parametrize(
        ("setting", "value", "message"),
        [
            (
                "breachdex_log_in",
                "block",
                "breachdex_log_in must be one of accept, warn, notify, force_reset, reject, not 'block'",
            ),
            (
                "breachdex_on_error",
                "ignore",
                "on_error must be one of 'accept', 'reject' and 'raise', not 'ignore'",
            ),
            ("breachdex_min_count", 0, "min_count must be a whole number from 1 on, not 0"),
        ],
    )
    async def test_settings_that_are_none(self, kind: Any, setting: str, value: object, message: str) -> None:
        with pytest.raises(ValueError) as raised:
            kind(**{setting: value})
        assert str(raised.value) == message

    @pytest.mark.parametrize(("on_error", "status"), [("raise", 500), ("reject", 400), ("accept", 201)])
    async def test_a_damaged_index(self, kind: Any, damaged_index: Path, on_error: str, status: int) -> None:
        made_of = kind(breachdex_index=damaged_index, breachdex_on_error=on_error, breachdex_log_in="reject")
        async with site(made_of) as made:
            body = {"email": "a@example.com", "password": SENTINEL}
            with every_log_line() as lines:
                answer = await made.client.post("/register", json=body)
                await made.add()
                assert (await made.log_in()).status_code == 200
            assert answer.status_code == status
            if status == 400:
                assert answer.json()["detail"]["reason"] == (
                    "The safety of this password cannot be checked at the moment. "
                    "Please try again a little later."
                )
            assert_clean(answer.text, *lines)

    async def test_log_in_is_not_shut_by_a_file_that_is_changed_in_place(
        self, kind: Any, exposed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("breachdex._gate.RELOAD_EVERY", 0.0)
        copy = tmp_path / "copy.bdx"
        copy.write_bytes(exposed_index.read_bytes())
        async with site(kind(breachdex_index=copy, breachdex_log_in="reject")) as made:
            await made.add(GOOD)
            for _ in range(3):
                assert (await made.log_in(GOOD)).status_code == 200
                with copy.open("ab") as file:
                    file.write(b"!")

    async def test_log_in_may_be_told_to_refuse(self, kind: Any, damaged_index: Path) -> None:
        settings = {"breachdex_log_in": "force_reset", "breachdex_log_in_on_error": "reject"}
        async with site(kind(breachdex_index=damaged_index, **settings)) as made:
            await made.add()
            assert (await made.log_in()).json() == BAD_CREDENTIALS
            assert made.mailed == []


class TestLeaks:
    @pytest.mark.parametrize("action", ACTIONS)
    async def test_nothing_of_a_password_is_written(
        self, kind: Any, action: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        async with site(kind(breachdex_log_in=action)) as made:
            await made.add(EXPOSED_SENTINEL)
            answers = []
            with every_log_line() as lines:
                for password in (SENTINEL, EXPOSED_SENTINEL):
                    body = {"email": "a@example.com", "password": password}
                    answers.append(await made.client.post("/register", json=body))
                    answers.append(await made.log_in(password))
                    await made.client.post("/forgot-password", json={"email": "ann@example.com"})
                    body = {"token": made.mailed[-1][1], "password": password}
                    answers.append(await made.client.post("/reset-password", json=body))
        assert {answer.status_code for answer in answers} >= {201, 400}
        # The driver's own DEBUG lines hold the statements' parameters, which are hashes.
        assert_clean(*lines, *[answer.text for answer in answers], *capfd.readouterr())

    async def test_nor_is_it_in_the_exception(self, kind: Any) -> None:
        async with site(kind()) as made, made.session() as session:
            with pytest.raises(InvalidPasswordException) as raised:
                await made.make(session).validate_password(EXPOSED_SENTINEL, User())
        assert raised.value.__context__ is None
        assert_clean(str(raised.value), repr(raised.value), raised.value.reason)
        assert EXPOSED_SENTINEL.encode() not in pickle.dumps(raised.value.__dict__)

    async def test_nor_in_frames_that_a_report_prints(self, kind: Any, damaged_index: Path) -> None:
        made_of = kind(breachdex_index=damaged_index, breachdex_log_in_on_error="raise")
        user = UserCreate(email="a@example.com", password=SENTINEL)
        form = OAuth2PasswordRequestForm(username="ann@example.com", password=SENTINEL)
        async with site(made_of) as made, made.session() as session:
            await made.add(SENTINEL)
            ours = made.make(session)
            for asked in (ours.create(user), ours.authenticate(form)):
                with pytest.raises(breachdex.IndexDamagedError) as raised:
                    await asked
                frames = our_frames(raised.value)
                assert "self" in frames
                assert_clean(frames)

    async def test_half_a_surrogate_pair(self, kind: Any) -> None:
        async with site(kind()) as made, made.session() as session:
            with pytest.raises(InvalidPasswordException) as raised:
                await made.make(session).validate_password(SENTINEL + "\ud800", User())
        assert raised.value.reason.startswith("This password has something in it that is not a character.")
        assert_clean(str(raised.value), str(raised.value.__context__))
