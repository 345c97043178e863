"""One configuration: what a Django project says is what everything else in its process asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.conf import settings
from breachdex.django.validators import ExposedPasswordValidator, PolicyValidator
from breachdex.pydantic import SafePassword, safe_password
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]
from pydantic import BaseModel, TypeAdapter
from pydantic import ValidationError as PydanticError

EXPOSED = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"


class SignUp(BaseModel):
    """Defined when the module is imported, before any test configures anything."""

    password: SafePassword


@pytest.fixture
def other_index(make_index: Callable[..., Path], tmp_path: Path) -> Path:
    return make_index(tmp_path / "other.bdx", {GOOD: 5})


def refused(password: str) -> dict[str, Any]:
    """The one error of the model."""
    with pytest.raises(PydanticError) as raised:
        SignUp(password=password)  # type: ignore[arg-type]
    (error,) = raised.value.errors(include_url=False)
    return dict(error)


def test_a_safe_password_asks_the_index_of_the_project() -> None:
    assert refused(EXPOSED)["type"] == "exposed"
    assert SignUp(password=GOOD).password.get_secret_value() == GOOD  # type: ignore[arg-type]


def test_it_follows_the_setting(configure: Callable[..., None], other_index: Path) -> None:
    assert refused(EXPOSED)["type"] == "exposed"
    configure(INDEX=other_index)
    assert refused(GOOD)["type"] == "exposed"
    assert SignUp(password=EXPOSED)  # type: ignore[arg-type]


def test_it_obeys_the_threshold_and_the_overlays(configure: Callable[..., None], other_index: Path) -> None:
    configure(MIN_COUNT=5, OVERLAYS=[other_index])
    assert SignUp(password=EXPOSED)  # type: ignore[arg-type]
    assert refused(GOOD)["type"] == "exposed"


def test_an_explicit_index_drops_the_overlays_of_the_project(
    configure: Callable[..., None], exposed_index: Path, other_index: Path
) -> None:
    configure(OVERLAYS=[other_index])
    assert TypeAdapter(safe_password(index=exposed_index)).validate_python(GOOD)


def test_it_obeys_the_policy(configure: Callable[..., None]) -> None:
    configure(POLICY={"profile": "nist", "actions": {"log_in": {"exposed": "warn"}}})
    assert refused("vier2woerter")["type"] == "too_short"
    assert TypeAdapter(safe_password(min_length=8)).validate_python("vier2woerter")


def test_it_speaks_the_active_language() -> None:
    with translation.override("ja"):
        assert refused(EXPOSED)["msg"].startswith("このパスワードは")
    with translation.override("fr"):
        assert refused(EXPOSED)["msg"].startswith("This password is in a list")
    breachdex.configure(lang="ja")
    with translation.override("fr"):
        assert refused(EXPOSED)["msg"].startswith("このパスワードは")


def test_one_switch_shows_counts(configure: Callable[..., None]) -> None:
    assert "times" not in refused("password")["msg"]
    configure(SHOW_COUNT=True)
    assert refused("password")["msg"].endswith("It was seen 52,256,179 times in leaked data.")
    with pytest.raises(ValidationError, match=r"It was seen 52,256,179 times in leaked data\."):
        ExposedPasswordValidator().validate("password")
    with translation.override("ja"), pytest.raises(ValidationError, match=r"で 52,256,179 回確認"):
        PolicyValidator().validate("password")


def test_a_setting_that_makes_no_sense_is_said_by_name() -> None:
    with (
        override_settings(BREACHDEX={"MIN_COUNT": 0}),
        pytest.raises(ImproperlyConfigured, match=r'BREACHDEX\["MIN_COUNT"\] must be'),
    ):
        SignUp(password=GOOD)  # type: ignore[arg-type]


class TestWhatTheProjectDoesNotSay:
    @pytest.fixture(autouse=True)
    def _silent(self) -> Iterator[None]:
        with override_settings(BREACHDEX={}):
            yield

    def test_is_as_configured(self, other_index: Path, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index, overlays=[other_index], min_count=5, show_count=True)
        assert settings().index == str(exposed_index)
        assert settings().overlays == (str(other_index),)
        assert (settings().min_count, settings().show_count) == (5, True)
        with pytest.raises(ValidationError):
            ExposedPasswordValidator().validate(GOOD)
        ExposedPasswordValidator().validate(EXPOSED)
        breachdex.configure(index=other_index)
        with pytest.raises(ValidationError):
            ExposedPasswordValidator().validate(GOOD)

    def test_or_as_the_environment_says(
        self, monkeypatch: pytest.MonkeyPatch, other_index: Path, exposed_index: Path
    ) -> None:
        monkeypatch.setenv("BREACHDEX_INDEX", str(exposed_index))
        monkeypatch.setenv("BREACHDEX_OVERLAYS", str(other_index))
        monkeypatch.setenv("BREACHDEX_ON_ERROR", "reject")
        breachdex.configure()
        assert (settings().index, settings().overlays) == (str(exposed_index), (str(other_index),))
        assert settings().on_error_at("log_in") == "reject"

    def test_an_index_of_the_project_drops_configured_overlays(
        self, other_index: Path, exposed_index: Path
    ) -> None:
        breachdex.configure(overlays=[other_index])
        with override_settings(BREACHDEX={"INDEX": exposed_index}):
            assert settings().overlays == ()
            ExposedPasswordValidator().validate(GOOD)

    def test_an_inherited_policy_is_changed_by_the_keys_of_the_project(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index, policy="asvs-l2")
        policy = settings().policy
        assert policy is not None
        assert (policy.rules.min_length, settings().log_in) == (8, "force_reset")
        with override_settings(BREACHDEX={"MIN_COUNT": 5, "LOG_IN": "warn"}):
            assert (settings().min_count, settings().log_in) == (5, "warn")
            PolicyValidator().validate(EXPOSED)
            with pytest.raises(ValidationError, match="too short"):
                PolicyValidator(min_length=20).validate("zwoelf-neue-x")

    def test_a_policy_with_its_index_brings_it_along(self, other_index: Path) -> None:
        breachdex.configure(policy=breachdex.Policy.profile("asvs-l2", index=other_index))
        with pytest.raises(ValidationError):
            ExposedPasswordValidator().validate(GOOD)

    def test_a_server_is_not_waited_for(self) -> None:
        breachdex.configure(index=breachdex.RangeClient("https://ranges.example"))
        with pytest.raises(ImproperlyConfigured, match="Django cannot wait for the RangeClient"):
            settings()
