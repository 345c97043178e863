"""``breachdex.configure()`` and the environment, and the questions to what they name."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
import traceback
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import _configuration
from breachdex._configuration import current
from breachdex._verdicts import CODES, EVENTS
from breachdex.types import OnError
from support import damaged, write_index

EXPOSED = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"


@pytest.fixture
def other_index(tmp_path: Path) -> Path:
    return write_index(tmp_path / "other.bdx", {GOOD: 5})


def refusal(password: str, **about: Any) -> breachdex.PasswordRejectedError:
    with pytest.raises(breachdex.PasswordRejectedError) as raised:
        breachdex.validate(password, **about)
    return raised.value


class TestLayers:
    def test_the_starter_index_answers_where_nothing_is_said(self) -> None:
        exposure = breachdex.examine("password")
        assert exposure is not None
        assert breachdex.examine(EXPOSED + "!") is None

    def test_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, exposed_index: Path, other_index: Path
    ) -> None:
        said = {
            "INDEX": str(exposed_index),
            "OVERLAYS": f"{other_index}{os.pathsep}",
            "POLICY": "asvs-l2",
            "MIN_COUNT": "5",
            "ON_ERROR": "reject",
            "LANG": "ja_JP.UTF-8",
            "SHOW_COUNT": "yes",
        }
        for key, value in said.items():
            monkeypatch.setenv(f"BREACHDEX_{key}", value)
        breachdex.configure()
        now = current()
        assert (now.index, now.overlays, now.min_count) == (str(exposed_index), (str(other_index),), 5)
        assert (now.on_error_at("log_in"), now.lang, now.show_count) == ("reject", "ja", True)
        assert now.policy is not None
        assert (now.policy.profile_name, now.policy.min_length, now.policy.on_error("reset")) == (
            "asvs-l2",
            8,
            "reject",
        )
        assert breachdex.examine(EXPOSED) is None
        found = breachdex.examine(GOOD)
        assert found is not None
        assert found.source == "overlay"

    def test_configure_goes_before_the_environment_key_by_key(
        self, monkeypatch: pytest.MonkeyPatch, exposed_index: Path
    ) -> None:
        monkeypatch.setenv("BREACHDEX_INDEX", str(exposed_index))
        monkeypatch.setenv("BREACHDEX_LANG", "ja")
        breachdex.configure(lang="en", min_count=5)
        assert (current().index, current().lang) == (str(exposed_index), "en")
        assert breachdex.examine(EXPOSED) is None
        breachdex.configure(min_count=4)
        assert (current().lang, breachdex.examine(EXPOSED) is None) == ("ja", False)

    def test_a_layer_that_names_an_index_drops_the_overlays_below(
        self, monkeypatch: pytest.MonkeyPatch, exposed_index: Path, other_index: Path
    ) -> None:
        monkeypatch.setenv("BREACHDEX_OVERLAYS", str(other_index))
        breachdex.configure()
        assert breachdex.examine(GOOD)
        breachdex.configure(index=exposed_index)
        assert breachdex.examine(GOOD) is None
        breachdex.configure(index=exposed_index, overlays=[breachdex.Index.open(other_index)])
        assert breachdex.examine(GOOD)

    def test_policies_without_an_index_of_their_own_ask_the_configured_one(
        self, exposed_index: Path, other_index: Path
    ) -> None:
        breachdex.configure(index=exposed_index, overlays=[other_index], lang="ja")
        policy = breachdex.Policy.profile("asvs-l2")
        assert not policy.check(GOOD).accepted
        assert policy.check(EXPOSED).messages()[0].startswith("このパスワードは")
        assert breachdex.Policy.profile("asvs-l2", index=exposed_index).check(GOOD).accepted

    def test_the_same_object_until_something_changes(self, exposed_index: Path) -> None:
        before = current()
        assert current() is before
        breachdex.configure(index=exposed_index)
        after = current()
        assert after is not before
        assert current() is after
        assert after.judge is current().judge

    def test_a_policy_brings_its_index_unless_a_layer_above_names_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exposed_index: Path, other_index: Path
    ) -> None:
        file = tmp_path / "policy.toml"
        file.write_text(f'profile = "asvs-l2"\nindex = "{other_index}"\n')
        monkeypatch.setenv("BREACHDEX_POLICY", str(file))
        breachdex.configure()
        assert breachdex.examine(GOOD)
        breachdex.configure(index=exposed_index)
        assert breachdex.examine(GOOD) is None
        assert current().policy is not None


class TestWhatMakesNoSense:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (
                {"index": 7},
                "configure(): index must be the path of an index, an Index, an IndexSet or a RangeClient, not 7",
            ),
            (
                {"overlays": "own.bdx"},
                "configure(): overlays must be a list of paths or indexes, not 'own.bdx'",
            ),
            ({"overlays": [None]}, "configure(): overlays must be a list of paths or indexes, not None"),
            (
                {"policy": "nits"},
                'configure(): policy: profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not "nits"; did you mean "nist"?',
            ),
            (
                {"policy": 7},
                "configure(): policy must be a Policy, a profile, the path of a TOML file or a mapping, not 7",
            ),
            ({"min_count": True}, "configure(): min_count must be a whole number from 1 on, not True"),
            (
                {"on_error": "ignore"},
                "configure(): on_error must be one of accept, reject, raise, not 'ignore'",
            ),
            (
                {"on_error": 1},
                "configure(): on_error must be one of accept, reject, raise, or a mapping from event to one, not 1",
            ),
            (
                {"on_error": {"login": "raise"}},
                "configure(): on_error has the key 'login', which is no event: these are sign_up, change, reset, log_in",
            ),
            ({"lang": "fr"}, "configure(): lang must be one of en, ja, not 'fr'"),
            ({"show_count": 1}, "configure(): show_count must be True or False, not 1"),
            (
                {"policy": {"min_count": 3}, "min_count": 5},
                "configure(): min_count is 5 and the policy says 3: say it in one of them only",
            ),
        ],
    )
    def test_is_said_by_name_and_changes_nothing(
        self, given: dict[str, Any], message: str, exposed_index: Path
    ) -> None:
        breachdex.configure(index=exposed_index)
        before = current()
        with pytest.raises(breachdex.ConfigurationError) as raised:
            breachdex.configure(**given)
        assert str(raised.value) == message
        assert isinstance(raised.value, ValueError)
        assert current() is before

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            (
                "MIN_COUNT",
                "many",
                "BREACHDEX_MIN_COUNT in the environment must be a whole number from 1 on, not 'many'",
            ),
            (
                "MIN_COUNT",
                "0",
                "BREACHDEX_MIN_COUNT in the environment must be a whole number from 1 on, not 0",
            ),
            ("SHOW_COUNT", "maybe", "BREACHDEX_SHOW_COUNT in the environment must be 1 or 0, not 'maybe'"),
            ("LANG", "fr", "BREACHDEX_LANG in the environment must be one of en, ja, not 'fr'"),
            (
                "ON_ERROR",
                "ignore",
                "BREACHDEX_ON_ERROR in the environment must be one of accept, reject, raise, not 'ignore'",
            ),
        ],
    )
    def test_of_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, key: str, value: str, message: str
    ) -> None:
        monkeypatch.setenv(f"BREACHDEX_{key}", value)
        with pytest.raises(breachdex.ConfigurationError) as raised:
            breachdex.configure()
        assert str(raised.value) == message

    def test_an_index_that_is_not_there_is_an_error_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(breachdex.IndexNotFoundError, match=r"none\.bdx"):
            breachdex.configure(index=tmp_path / "none.bdx")

    def test_a_policy_beside_an_index_that_is_not_its_own(self, exposed_index: Path) -> None:
        policy = breachdex.Policy.profile("nist", index=exposed_index)
        with pytest.raises(breachdex.ConfigurationError) as raised:
            breachdex.configure(policy=policy, index=exposed_index)
        assert str(raised.value) == (
            "configure(): policy is a Policy, which has its index: name it there, not beside it"
        )


class TestThreadsAndForks:
    def test_readers_see_one_configuration_or_the_other(self, exposed_index: Path, other_index: Path) -> None:
        indexes = {str(exposed_index): 5, str(other_index): 7}
        breachdex.configure(index=exposed_index, min_count=5)
        seen: list[tuple[Any, Any]] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                now = current()
                seen.append((now.index, now.min_count))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(50):
            for index, least in indexes.items():
                breachdex.configure(index=index, min_count=least)
        done.set()
        for reader in readers:
            reader.join()
        assert {indexes[index] == least for index, least in seen} == {True}
        assert current().index == str(other_index)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    def test_a_child_configures_while_the_parent_did(self, exposed_index: Path) -> None:
        with _configuration._changing:  # As if another thread were in the middle of it.
            child = os.fork()
            if child == 0:
                breachdex.configure(index=exposed_index)
                os._exit(0 if breachdex.examine(EXPOSED) else 1)
        assert os.waitpid(child, 0)[1] == 0


class TestValidate:
    def test_without_a_policy_exposed_passwords_are_refused_and_short_ones_are_not(
        self, exposed_index: Path
    ) -> None:
        breachdex.configure(index=exposed_index)
        assert breachdex.validate("x9#", user_name="x9#").accepted
        assert refusal("hunter2").codes == ("exposed",)
        judge = current().judge
        acting = {code for code in CODES for event in EVENTS if judge.action(event, code) != "accept"}
        assert acting == {"exposed", "exposed_pair", "too_long"}

    def test_the_error_says_everything_an_adapter_needs(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index, policy="nist")
        error = refusal("hunter2", field="password", lang="ja")
        assert error.field == "password"
        assert error.codes == ("exposed", "too_short")
        assert [reason.code for reason in error.reasons] == ["exposed", "too_short"]
        assert (
            error.messages("en")[1]
            == "This password is too short. Please use at least 15 characters (it has 7)."
        )
        assert str(error) == "".join(error.messages("ja"))
        assert error.to_dict("en")["errors"][1]["code"] == "too_short"
        assert isinstance(error, (breachdex.BreachdexError, ValueError))
        again = pickle.loads(pickle.dumps(error))
        assert (again.verdict, again.field, str(again)) == (error.verdict, error.field, str(error))

    def test_warnings_come_back(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index, policy="permissive")
        assert [reason.action for reason in breachdex.validate("hunter2").reasons] == ["warn", "warn"]

    def test_how_often_is_shown_on_request_only(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index)
        assert "times" not in str(refusal("password"))
        assert str(refusal("password").messages(show_count=True)[0]).endswith(
            "It was seen 52,256,179 times in leaked data."
        )
        breachdex.configure(index=exposed_index, show_count=True)
        assert str(refusal("password")).endswith(" It was seen 52,256,179 times in leaked data.")
        assert str(refusal("password", lang="ja")).endswith(
            "流出データの中で 52,256,179 回確認されています。"
        )
        assert "回" not in refusal("password").messages("ja", show_count=False)[0]

    def test_neither_the_starter_index_nor_overlays_say_how_often(
        self, exposed_index: Path, other_index: Path
    ) -> None:
        breachdex.configure(show_count=True)
        assert "time" not in str(refusal("password"))
        breachdex.configure(index=exposed_index, overlays=[other_index], show_count=True)
        assert "time" not in str(refusal("password"))

    @pytest.mark.parametrize(("on_error", "accepted"), [("accept", True), ("reject", False)])
    def test_faults(
        self,
        exposed_index: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        on_error: OnError,
        accepted: bool,
    ) -> None:
        monkeypatch.setattr("breachdex._gate.CHECKED_AT_START", -1)
        breachdex.configure(index=damaged(exposed_index, tmp_path / "damaged.bdx"), on_error=on_error)
        if accepted:
            assert breachdex.validate("hunter2 and more").accepted
        else:
            assert refusal("hunter2 and more").codes == ("index_unavailable",)
        with pytest.raises(breachdex.IndexDamagedError):
            breachdex.examine("hunter2 and more")

    def test_without_blocking(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index)

        async def ask() -> None:
            assert (await breachdex.avalidate(GOOD)).accepted
            assert await breachdex.aexamine(EXPOSED)
            with pytest.raises(breachdex.PasswordRejectedError):
                await breachdex.avalidate(EXPOSED, field="password")

        asyncio.run(ask())

    def test_a_range_client_is_awaited_and_nothing_else(self) -> None:
        breachdex.configure(index=breachdex.RangeClient("http://127.0.0.1:9"), on_error="reject")
        with pytest.raises(TypeError, match="await acheck"):
            breachdex.validate(GOOD)
        with pytest.raises(breachdex.PasswordRejectedError) as raised:
            asyncio.run(breachdex.avalidate(GOOD))
        assert raised.value.codes == ("index_unavailable",)
        with pytest.raises(breachdex.RemoteError) as fault:
            asyncio.run(breachdex.aexamine(GOOD))
        assert (fault.value.cause, fault.value.status, fault.value.is_transient) == ("network", None, True)

    def test_no_frame_shows_the_password(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index)
        with pytest.raises(breachdex.PasswordRejectedError) as raised:
            breachdex.validate("hunter2")
        for frame in traceback.walk_tb(raised.value.__traceback__):
            if "/tests/" not in frame[0].f_code.co_filename:
                assert "hunter2" not in repr(frame[0].f_locals)
