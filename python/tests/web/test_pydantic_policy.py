"""safe_password(policy=...): one masked error a reason, with the fields of the model as context."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from dataclasses import make_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import Policy
from breachdex.fastapi import redact_validation_errors
from breachdex.pydantic import MASK, Password, safe_password
from fastapi import FastAPI
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, our_frames
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from typing_extensions import TypedDict

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have a newer httpx.
    from fastapi.testclient import TestClient

LONG = "a lantern nobody has written down"
WORDS = {
    "en": [
        (
            "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a "
            "different one that you do not use anywhere else."
        ),
        "This password is too short. Please use at least 15 characters (it has 7).",
    ],
    "ja": [
        (
            "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
            "ほかのサービスで使っていない、別のパスワードを設定してください。"
        ),
        "パスワードが短すぎます。15文字以上で設定してください（現在7文字）。",
    ],
}


@pytest.fixture
def checked(exposed_index: Path) -> Any:
    """A checked type whose policy asks the test's index."""
    return lambda policy="nist", **options: TypeAdapter(
        safe_password(policy=policy, **{"index": exposed_index, **options})
    )


def failures(ask: Callable[[], object]) -> list[dict[str, Any]]:
    """The errors of a call that must fail."""
    with pytest.raises(ValidationError) as raised:
        ask()
    return [dict(error) for error in raised.value.errors(include_url=False)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_one_error_a_reason(checked: Any, language: str) -> None:
    assert failures(lambda: checked(lang=language).validate_python("hunter2")) == [
        {
            "type": "exposed",
            "loc": (),
            "msg": WORDS[language][0],
            "input": MASK,
            "ctx": {"form": "raw"},
        },
        {
            "type": "too_short",
            "loc": (),
            "msg": WORDS[language][1],
            "input": MASK,
            "ctx": {"length": 7, "min_length": 15},
        },
    ]
    assert checked().validate_python(LONG) == Password(LONG)


def test_nothing_says_that_it_is_in_the_site_s_own_list(
    checked: Any, exposed_index: Path, tmp_path: Path
) -> None:
    lines, own = tmp_path / "words.txt", tmp_path / "own.bdx"
    lines.write_text("our-little-shop-2026\n")
    breachdex.build(lines, own, format="passwords")
    both = breachdex.IndexSet(breachdex.Index.open(exposed_index), [breachdex.Index.open(own)])
    for named in ({"policy": {"profile": "nist", "min_length": 7}}, {"policy": None}):
        adapter = checked(**named, index=both)
        known, own_one = (
            failures(partial(adapter.validate_python, password))
            for password in ("hunter2", "our-little-shop-2026")
        )
        assert known == own_one
        assert [one["ctx"] for one in known] == [{"form": "raw"}]


def test_speaks_the_policys_language_unless_told(checked: Any) -> None:
    policy = {"profile": "nist", "language": "ja"}
    said = [one["msg"] for one in failures(lambda: checked(policy).validate_python("hunter2"))]
    assert said == WORDS["ja"]
    said = [one["msg"] for one in failures(lambda: checked(policy, lang="en").validate_python("hunter2"))]
    assert said == WORDS["en"]
    said = [one["msg"] for one in failures(lambda: checked(policy, lang="fr").validate_python("hunter2"))]
    assert said == WORDS["en"]


def test_in_a_model_they_have_the_field_s_place(exposed_index: Path) -> None:
    class SignUp(BaseModel):
        name: str
        password: safe_password(policy="nist", index=exposed_index)  # type: ignore[valid-type]

    found = failures(lambda: SignUp(name="Ann", password="hunter2"))
    assert [(one["type"], one["loc"], one["input"]) for one in found] == [
        ("exposed", ("password",), MASK),
        ("too_short", ("password",), MASK),
    ]


@pytest.fixture
def sign_up(exposed_index: Path) -> Any:
    """A model whose fields are words about the user."""

    class SignUp(BaseModel):
        name: str
        email: str | None = None
        password: safe_password(  # type: ignore[valid-type]
            policy={"profile": "asvs-l2", "service_name": "Example Shop"},
            index=exposed_index,
            user_name_field="name",
            email_field="email",
        )

    return SignUp


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"name": "hanako", "password": "H4n4ko2026!!"}, "user_name"),
        ({"name": "h", "email": "margarethe@example.com", "password": "Margarethe7"}, "email"),
        ({"name": "h", "password": "ExampleShop1"}, "service_name"),
    ],
)
def test_words_about_the_user(sign_up: Any, fields: dict[str, str], source: str) -> None:
    for ask in (lambda: sign_up(**fields), lambda: sign_up.model_validate(fields)):
        [found] = failures(ask)
        assert (found["type"], found["ctx"]) == ("context_word", {"source": source})
        assert_clean(str(found))
    sign_up(name="ken", email="a@x.jp", password="kentucky-bluegrass-92")


def test_a_field_that_is_wrong_itself_is_no_word(sign_up: Any) -> None:
    found = failures(lambda: sign_up(name=7, password="H4n4ko2026!!"))
    assert [one["loc"] for one in found] == [("name",)]


typed_dict: Any = TypedDict
"""For what mypy cannot follow: types that are made while the test runs."""


def named_by(index: Path, **about: Any) -> Any:
    """A checked type with fields that are words about the user."""
    return safe_password(policy="asvs-l2", index=index, **about)


@pytest.mark.parametrize("option", ["user_name_field", "email_field"])
class TestFieldsThatWouldNeverBeSeen:
    def test_one_that_the_model_does_not_have(self, exposed_index: Path, option: str) -> None:
        typo = named_by(exposed_index, **{option: "nmae"})
        with pytest.raises(TypeError) as raised:
            create_model("SignUp", name=(str, ...), password=(typo, ...), town=(str, ""))
        assert str(raised.value) == (
            f"{option} is 'nmae', and beside 'password' the model has no such field (it has name, town)"
        )
        itself = named_by(exposed_index, **{option: "password"})
        with pytest.raises(TypeError, match=r"has no such field \(it has none\)$"):
            create_model("SignUp", password=(itself, ...))

    def test_one_below(self, exposed_index: Path, option: str) -> None:
        checked = named_by(exposed_index, **{option: "name"})
        for define in (
            lambda: create_model("SignUp", password=(checked, ...), name=(str, ...)),
            lambda: TypeAdapter(make_dataclass("SignUp", [("password", checked), ("name", str)])),
            lambda: TypeAdapter(typed_dict("SignUp", {"password": checked, "name": str})),
        ):
            with pytest.raises(TypeError) as raised:
                define()
            assert str(raised.value) == (
                f"{option} is 'name', which must stand above 'password': pydantic goes through the fields in order"
            )

    def test_above_in_whatever_is_a_model(self, exposed_index: Path, option: str) -> None:
        checked = named_by(exposed_index, **{option: "name"})
        base = create_model("Base", name=(str, ...))
        given = {"name": "hanako", "password": "H4n4ko2026!!"}
        for model in (
            create_model("SignUp", __base__=base, password=(checked | None, None)),
            make_dataclass("SignUp", [("name", str), ("password", checked)]),
            typed_dict("SignUp", {"name": str, "password": checked}),
        ):
            found = failures(lambda m=model: TypeAdapter(m).validate_python(given))  # type: ignore[misc]
            assert [one["type"] for one in found] == ["context_word"]

    def test_none_at_all(self, checked: Any, option: str) -> None:
        alone = checked(**{option: "name"})
        with pytest.raises(TypeError) as raised:
            alone.validate_python(SENTINEL)
        assert str(raised.value) == (
            "user_name_field and email_field name fields of a model, and this is a password alone"
        )
        assert_clean(str(raised.value), our_frames(raised.value))


def test_events(checked: Any) -> None:
    policy = {"profile": "nist", "actions": {"reset": {"too_short": "warn"}}}
    assert checked(policy, event="reset").validate_python("kaeru 823") == Password("kaeru 823")
    assert [one["type"] for one in failures(lambda: checked(policy).validate_python("kaeru 823"))] == [
        "too_short"
    ]


def test_warnings_refuse_nothing(checked: Any) -> None:
    assert checked("permissive").validate_python("hunter2") == Password("hunter2")


def test_all_the_ways_to_name_one(exposed_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'profile = "nist"\nindex = "{exposed_index}"\n')
    for named in (file, str(file), Policy.profile("nist", index=exposed_index)):
        adapter = TypeAdapter(safe_password(policy=named))
        assert [one["type"] for one in failures(lambda a=adapter: a.validate_python("hunter2"))] == [  # type: ignore[misc]
            "exposed",
            "too_short",
        ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "nist", "min_length": 8}, "min_length is said by the policy: say it there"),
        ({"policy": "nist", "on_error": "accept"}, "on_error is said by the policy: say it there"),
        ({"user_name_field": "name"}, "user_name_field needs a policy, which is what looks at it"),
        ({"policy": "nist", "event": "log_in"}, "event must be one of sign_up, change, reset, not 'log_in'"),
        (
            {"policy": "nits"},
            'profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not "nits"; did you mean "nist"?',
        ),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        TypeAdapter(safe_password(**options))
    assert str(raised.value) == message


def test_nothing_waits_for_a_range_server() -> None:
    policy = Policy.profile("nist", index=breachdex.RangeClient("http://127.0.0.1:9"))
    with pytest.raises(TypeError) as raised:
        TypeAdapter(safe_password(policy=policy))
    assert str(raised.value) == "pydantic cannot wait for a RangeClient: give the policy an index"


def test_a_missing_index_is_an_error_when_the_model_is_defined(tmp_path: Path) -> None:
    with pytest.raises(breachdex.IndexNotFoundError, match=r"none\.bdx"):
        create_model("SignUp", password=(safe_password(policy="nist", index=tmp_path / "none.bdx"), ...))


def test_json_schema(checked: Any) -> None:
    described = {"type": "string", "format": "password", "writeOnly": True, "maxLength": 1024}
    assert checked().json_schema() == {**described, "minLength": 15}
    mild = {"profile": "nist", "actions": {"sign_up": {"too_short": "warn"}}}
    assert checked(mild).json_schema() == described


class TestFaults:
    def test_raise_by_default(self, checked: Any, damaged_index: Path) -> None:
        with pytest.raises(breachdex.IndexDamagedError) as raised:
            checked(index=damaged_index).validate_python(SENTINEL)
        frames = our_frames(raised.value)
        assert "asked" in frames
        assert_clean(str(raised.value), frames)

    def test_as_the_policy_says(self, checked: Any, damaged_index: Path) -> None:
        for on_error, types in (("reject", ["index_unavailable"]), ("accept", [])):
            adapter = checked({"profile": "nist", "on_error": on_error}, index=damaged_index)
            if types:
                found = failures(lambda a=adapter: a.validate_python(SENTINEL))  # type: ignore[misc]
                assert [one["type"] for one in found] == types
                assert_clean(str(found))
            else:
                assert adapter.validate_python(SENTINEL) == Password(SENTINEL)

    def test_half_a_surrogate_pair(self, checked: Any) -> None:
        [found] = failures(lambda: checked().validate_python(f"{SENTINEL}\ud800"))
        assert found["input"] == MASK
        assert_clean(str(found))


def test_errors_hold_no_password(checked: Any) -> None:
    for password in (EXPOSED_SENTINEL, SENTINEL[:12]):
        with pytest.raises(ValidationError) as raised:
            checked().validate_python(password)
        error = raised.value
        shown = [str(error), repr(error), error.json(), str(error.errors())]
        assert_clean(*shown, "".join(traceback.format_exception(error)), our_frames(error))
        assert not any(password.lower() in text.lower() for text in shown)
        assert error.__context__ is None


def test_fastapi_answers_with_every_reason(sign_up: Any) -> None:
    def welcome(body: Any) -> str:
        return "welcome"

    welcome.__annotations__["body"] = sign_up
    app = FastAPI()
    redact_validation_errors(app)
    app.post("/sign-up")(welcome)
    client = TestClient(app)
    answer = client.post("/sign-up", json={"name": "hunterhunter", "password": "hunter2"})
    assert answer.status_code == 422
    assert [one["type"] for one in answer.json()["detail"]] == ["exposed", "too_short"]
    assert "hunter2" not in answer.text
    assert client.post("/sign-up", json={"name": "hunterhunter", "password": LONG}).json() == "welcome"


def test_half_a_surrogate_pair_in_a_name_is_not_the_password_s_fault(exposed_index: Path) -> None:
    checked = safe_password(policy="asvs-l2", index=exposed_index, user_name_field="name")
    sign_up = create_model("SignUp", name=(Any, ...), password=(checked, ...))
    assert sign_up(name="hanako\ud800", password=LONG).password == Password(LONG)  # type: ignore[attr-defined]
