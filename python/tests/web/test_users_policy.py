"""fastapi-users with a policy: what is refused where, in which words, and what becomes of a log-in."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Policy
from breachdex.fastapi_users import ExposedPasswordMixin
from fastapi.security import OAuth2PasswordRequestForm
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line, our_frames
from users_site import EXPOSED, GOOD, Plain, User, UserCreate, manager, site

pytestmark = pytest.mark.anyio

LONG = "a lantern nobody has written down"
REASONS = {
    "en": (
        "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a "
        "different one that you do not use anywhere else. This password is too short. Please use at least 15 "
        "characters (it has 7)."
    ),
    "ja": (
        "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
        "ほかのサービスで使っていない、別のパスワードを設定してください。"
        "パスワードが短すぎます。15文字以上で設定してください（現在7文字）。"
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
BAD_CREDENTIALS = {"detail": "LOGIN_BAD_CREDENTIALS"}


@pytest.fixture
def kind(exposed_index: Path) -> Any:
    """A manager with a policy of that profile, with those changes."""

    def make(profile: Any = "nist", changes: dict[str, Any] | None = None, **settings: Any) -> type[Plain]:
        policy = Policy.profile(profile, **{"index": exposed_index, **(changes or {})})
        return manager(breachdex_policy=policy, **settings)

    return make


async def sign_up(made: Any, password: str, email: str = "new@example.com") -> Any:
    return await made.client.post("/register", json={"email": email, "password": password})


async def reset(made: Any, password: str) -> Any:
    await made.client.post("/forgot-password", json={"email": "ann@example.com"})
    return await made.client.post("/reset-password", json={"token": made.mailed[-1][1], "password": password})


async def change(made: Any, password: str) -> Any:
    token = (await made.log_in(GOOD)).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    return await made.client.patch("/users/me", json={"password": password}, headers=header)


class TestChoosing:
    @pytest.mark.parametrize("language", ["en", "ja"])
    async def test_every_reason_is_said(self, kind: Any, language: str) -> None:
        async with site(kind(breachdex_language=language)) as made:
            await made.add(GOOD)
            for answer in (
                await sign_up(made, "hunter2"),
                await reset(made, "hunter2"),
                await change(made, "hunter2"),
            ):
                assert answer.status_code == 400
                assert answer.json()["detail"]["reason"] == REASONS[language]
            assert (await sign_up(made, LONG)).status_code == 201
            assert (await change(made, f"{LONG}!")).status_code == 200
            assert (await reset(made, f"{LONG}?")).status_code == 200

    async def test_events_have_their_own_row(self, kind: Any) -> None:
        for event in ("sign_up", "change", "reset"):
            rows = {event: {"too_short": "warn"}}
            async with site(kind(changes={"actions": rows})) as made:
                await made.add(GOOD)
                taken = {
                    "sign_up": (await sign_up(made, "kaeru 823")).status_code == 201,
                    "change": (await change(made, "kaeru 823")).status_code == 200,
                    "reset": (await reset(made, "kaeru 824")).status_code == 200,
                }
                assert [name for name, was in taken.items() if was] == [event]

    @pytest.mark.parametrize("language", ["en", "ja"])
    async def test_the_address_is_a_word(self, kind: Any, language: str) -> None:
        async with site(kind("asvs-l2", breachdex_language=language)) as made:
            answer = await sign_up(made, "Margarethe7!", "margarethe@example.com")
            assert answer.json()["detail"]["reason"] == CONTEXT[language]
            assert (await sign_up(made, "margarethe-und-der-fluss")).status_code == 201

    async def test_so_is_a_user_name_where_the_site_has_them(self, kind: Any) -> None:
        class Named(UserCreate):
            username: str

        chosen = Named(email="n@example.com", username="margarethe", password="Margarethe7!")
        async with site(kind("asvs-l2")) as made, made.session() as session:
            with pytest.raises(Exception) as raised:
                await made.make(session).create(chosen)
            assert getattr(raised.value, "reason", "") == CONTEXT["en"]

    async def test_warnings_refuse_nothing(self, kind: Any) -> None:
        async with site(kind("permissive")) as made:
            assert (await sign_up(made, "hunter2")).status_code == 201

    async def test_the_other_bases_are_asked_first(self, exposed_index: Path) -> None:
        class Strict(Plain):
            async def validate_password(self, password: str, user: Any) -> None:
                if "x" not in password:
                    raise breachdex.BreachdexError("no x")

        policy = Policy.profile("nist", index=exposed_index)
        strict = type("Manager", (ExposedPasswordMixin, Strict), {"breachdex_policy": policy, **ENDS})
        async with site(strict) as made, made.session() as session:
            with pytest.raises(breachdex.BreachdexError, match="no x"):
                await made.make(session).validate_password("hunter2", User())


async def end_sessions(self: object, user: object) -> None:
    """They end by themselves."""


ENDS = {"end_sessions": end_sessions}


class TestLogIn:
    async def test_force_reset(self, kind: Any) -> None:
        async with site(kind()) as made:
            await made.add()
            assert (await made.log_in()).json() == BAD_CREDENTIALS
            assert [email for email, _ in made.mailed] == ["ann@example.com"]
            assert (await reset(made, LONG)).status_code == 200
            assert (await made.log_in(LONG)).status_code == 200

    async def test_not_without_a_verified_address(self, kind: Any) -> None:
        async with site(kind()) as made:
            await made.add(is_verified=False)
            assert (await made.log_in()).status_code == 200

    async def test_the_hook_hears_of_exposed_ones_only(self, kind: Any) -> None:
        told: list[str] = []

        async def on_exposed_log_in(self: object, user: object, action: str) -> None:
            told.append(action)

        rows = {"log_in": {"exposed": "warn", "too_short": "reject"}}
        made_of = kind(changes={"actions": rows}, on_exposed_log_in=on_exposed_log_in)
        async with site(made_of) as made:
            await made.add(EXPOSED)
            assert (await made.log_in()).status_code == 200
            await made.set_password("kaeru 823")
            assert (await made.log_in("kaeru 823")).json() == BAD_CREDENTIALS
        assert told == ["warn"]

    async def test_a_wrong_password_and_an_inactive_user_are_not_judged(self, kind: Any) -> None:
        async with site(kind()) as made:
            await made.add(GOOD)
            await made.add(EXPOSED, "ben@example.com", is_active=False)
            assert (await made.log_in(EXPOSED)).json() == BAD_CREDENTIALS
            assert (await made.log_in(EXPOSED, "ben@example.com")).json() == BAD_CREDENTIALS
            assert made.mailed == []


class TestSettings:
    async def test_sessions_must_end(self, exposed_index: Path) -> None:
        policy = Policy.profile("nist", index=exposed_index)
        with pytest.raises(TypeError) as raised:
            type("Manager", (ExposedPasswordMixin, Plain), {"breachdex_policy": policy})
        assert str(raised.value) == (
            "breachdex_policy says 'force_reset' at log_in, which must end the sessions of an account: define "
            "Manager.end_sessions(user), which may do nothing with PasswordBoundJWTStrategy"
        )
        mild = Policy.profile("nist", index=exposed_index, actions={"log_in": {"exposed": "warn"}})
        type("Manager", (ExposedPasswordMixin, Plain), {"breachdex_policy": mild})

    @pytest.mark.parametrize(
        ("name", "value", "end"),
        [
            ("breachdex_log_in", "warn", " and says 'force_reset': say it in the policy"),
            ("breachdex_min_count", 2, ": say it in the policy"),
            ("breachdex_index", "pwned.bdx", ": say it in the policy"),
        ],
    )
    async def test_what_the_policy_says_is_said_there(
        self, kind: Any, name: str, value: Any, end: str
    ) -> None:
        with pytest.raises(ValueError) as raised:
            kind(**{name: value})
        assert str(raised.value) == (
            f"{name} is {value!r} beside breachdex_policy, which speaks for that{end}"
        )


class TestFaults:
    @pytest.mark.parametrize(("on_error", "status"), [("raise", 500), ("reject", 400), ("accept", 201)])
    async def test_a_damaged_index(self, kind: Any, damaged_index: Path, on_error: str, status: int) -> None:
        rows = {"sign_up": on_error, "change": on_error, "reset": on_error}
        async with site(kind(changes={"index": damaged_index, "on_error": rows})) as made:
            with every_log_line() as lines:
                answer = await sign_up(made, SENTINEL)
                await made.add(SENTINEL)
                assert (await made.log_in(SENTINEL)).status_code == 200, "log-in lets in"
            assert answer.status_code == status
            if status == 400:
                assert answer.json()["detail"]["reason"].startswith("The safety of this password cannot be")
            assert_clean(answer.text, *lines)

    async def test_log_in_may_be_told_to_refuse(self, kind: Any, damaged_index: Path) -> None:
        changes = {"index": damaged_index, "on_error": "reject"}
        async with site(kind(changes=changes)) as made:
            await made.add()
            assert (await made.log_in()).json() == BAD_CREDENTIALS
            assert made.mailed == []

    async def test_frames_hold_nothing(self, kind: Any, damaged_index: Path) -> None:
        made_of = kind(changes={"index": damaged_index, "on_error": "raise"})
        form = OAuth2PasswordRequestForm(username="ann@example.com", password=SENTINEL)
        async with site(made_of) as made, made.session() as session:
            await made.add(SENTINEL)
            ours = made.make(session)
            user = UserCreate(email="a@example.com", password=SENTINEL)
            for asked in (ours.create(user), ours.authenticate(form)):
                with pytest.raises(breachdex.IndexDamagedError) as raised:
                    await asked
                frames = our_frames(raised.value)
                assert "self" in frames
                assert_clean(frames)


async def test_nothing_of_a_password_is_written(kind: Any, capfd: pytest.CaptureFixture[str]) -> None:
    async with site(kind()) as made:
        await made.add(EXPOSED_SENTINEL)
        with every_log_line() as lines:
            answers = [await sign_up(made, password) for password in (SENTINEL, EXPOSED_SENTINEL)]
            answers += [await reset(made, EXPOSED_SENTINEL), await made.log_in(EXPOSED_SENTINEL)]
    assert {answer.status_code for answer in answers} == {201, 400}
    assert_clean(*lines, *[answer.text for answer in answers], *capfd.readouterr())


class TestRangeServer:
    @pytest.fixture
    def served(self, exposed_index: Path) -> Iterator[str]:
        """The address of a range server."""
        asked = ["serve", "--index", str(exposed_index), "--listen", "127.0.0.1:0"]
        command = [sys.executable, "-m", "breachdex", *asked]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert server.stdout is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            assert found is not None
            yield found.group()
        finally:
            server.terminate()
            server.communicate(timeout=20)

    async def test_is_waited_for(self, kind: Any, served: str) -> None:
        async with site(kind(changes={"index": breachdex.RangeClient(served)})) as made:
            answer = await sign_up(made, "hunter2")
            assert answer.json()["detail"]["reason"] == REASONS["en"]
            assert (await sign_up(made, LONG)).status_code == 201
            await made.add()
            assert (await made.log_in()).json() == BAD_CREDENTIALS

    async def test_that_does_not_answer_is_a_fault(self, kind: Any) -> None:
        nobody = breachdex.RangeClient("http://127.0.0.1:1")
        async with site(kind(changes={"index": nobody})) as made:
            with every_log_line() as lines:
                answer = await sign_up(made, SENTINEL)
                await made.add(SENTINEL)
                assert (await made.log_in(SENTINEL)).status_code == 200
            assert answer.status_code == 500
            assert_clean(answer.text, *lines)
