"""SafePassword: what it refuses and in which words, where it may stand, and that its errors hold no password."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import breachdex
import pytest
from breachdex.pydantic import Password, PasswordCheck, SafePassword, safe_password
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, our_frames
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    create_model,
    dataclasses,
)
from typing_extensions import TypedDict

EXPOSED = (
    "This password is in a list of passwords that leaked in the past, so it cannot be used. "
    "Please choose a different one that you do not use anywhere else."
)
EXPOSED_JAPANESE = (
    "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
    "ほかのサービスで使っていない、別のパスワードを設定してください。"
)
UNAVAILABLE = "The safety of this password cannot be checked at the moment. Please try again a little later."


@pytest.fixture
def checked(exposed_index: Path) -> Any:
    """A checked type that asks the test's index."""
    return lambda **options: TypeAdapter(safe_password(**{"index": exposed_index, **options}))


def failure(ask: Callable[[], object]) -> dict[str, Any]:
    """The one error of a call that must fail."""
    with pytest.raises(ValidationError) as raised:
        ask()
    (error,) = raised.value.errors(include_url=False)
    return dict(error)


class TestRefusals:
    def test_exposed(self, checked: Any) -> None:
        assert failure(lambda: checked().validate_python("correct horse battery staple")) == {
            "type": "exposed",
            "loc": (),
            "msg": EXPOSED,
            "input": "**********",
            "ctx": {"form": "raw"},
        }

    def test_exposed_in_japanese_without_a_space_between_the_sentences(self, checked: Any) -> None:
        breachdex.configure(show_count=True)
        refused = failure(lambda: checked(lang="ja-JP").validate_python("correct horse battery staple"))
        assert refused["msg"] == EXPOSED_JAPANESE + "流出データの中で 4 回確認されています。"

    def test_the_default_index_does_not_say_how_often(self) -> None:
        refused = failure(lambda: TypeAdapter(SafePassword).validate_python("password"))
        assert refused["msg"] == EXPOSED

    def test_another_way_of_writing_it(self, checked: Any) -> None:
        refused = failure(lambda: checked().validate_python("ﾊﾟｽﾜｰﾄﾞ"))
        assert refused["ctx"] == {"form": "nfkc"}
        assert refused["msg"].startswith("Apart from differences in how its characters are written")

    def test_too_short_counts_code_points_of_nfc(self, checked: Any) -> None:
        decomposed = "か\u3099" * 7 + "x"
        refused = failure(lambda: checked(min_length=9, lang="ja").validate_python(decomposed))
        assert refused["type"] == "too_short"
        assert refused["msg"] == "パスワードが短すぎます。9文字以上で設定してください（現在8文字）。"
        assert checked(min_length=8).validate_python(decomposed).get_secret_value() == decomposed

    def test_too_long(self, checked: Any) -> None:
        refused = failure(lambda: checked(max_length=64).validate_python("é" * 65))
        assert refused["msg"] == "This password is too long. Please use at most 64 characters."
        assert checked(max_length=64).validate_python("é" * 64)
        assert failure(lambda: checked().validate_python("é" * 1025))["ctx"] == {
            "max_length": 1024,
            "length": 1025,
        }

    def test_empty(self, checked: Any) -> None:
        assert failure(lambda: checked().validate_python(""))["type"] == "too_short"

    def test_wrong_type(self, checked: Any) -> None:
        for value in (["password"], {"password": "password"}, 12345678, None):
            assert failure(partial(checked().validate_python, value)) == {
                "type": "string_type",
                "loc": (),
                "msg": "Input should be a valid string",
                "input": "**********",
            }

    def test_half_a_surrogate_pair(self, checked: Any) -> None:
        for value in (SENTINEL + "\ud800", SecretStr(SENTINEL + "\ud800")):
            refused = failure(partial(checked().validate_python, value))
            assert refused["input"] == "**********"
            assert_clean(str(refused))

    def test_the_threshold_is_inclusive(self, checked: Any) -> None:
        assert failure(lambda: checked(min_count=17).validate_python("hunter2"))["type"] == "exposed"
        assert checked(min_count=18).validate_python("hunter2") == Password("hunter2")


class TestOptions:
    def test_a_missing_index_is_an_error_when_the_model_is_defined(self, tmp_path: Path) -> None:
        kind = safe_password(index=tmp_path / "none.bdx")
        with pytest.raises(breachdex.IndexNotFoundError, match=r"none\.bdx"):
            create_model("SignUp", password=(kind, ...))

    def test_so_is_one_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "text.bdx").write_text("password\n" * 100)
        with pytest.raises(breachdex.IndexDamagedError, match=r"text\.bdx"):
            TypeAdapter(safe_password(index=tmp_path / "text.bdx"))

    def test_so_are_damaged_entries(self, checked: Any, small_damaged_index: Path) -> None:
        with pytest.raises(breachdex.IndexDamagedError, match=r"small\.bdx is damaged"):
            checked(index=small_damaged_index, on_error="accept")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_length": 63}, "max_length must be 64 or more, not 63"),
            ({"min_length": 2000}, "min_length must be between 0 and max_length, not 2000"),
            ({"min_count": 0}, "min_count must be a whole number from 1 on, not 0"),
            ({"on_error": "ignore"}, "on_error must be one of 'accept', 'reject' and 'raise', not 'ignore'"),
        ],
    )
    def test_options_that_are_none(self, checked: Any, options: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError) as raised:
            checked(**options)
        assert str(raised.value) == message

    def test_it_goes_onto_a_secret_string_only(self) -> None:
        with pytest.raises(TypeError, match=r"PasswordCheck goes onto SecretStr.*not <class 'str'>"):
            TypeAdapter(Annotated[str, PasswordCheck()])

    def test_a_damaged_index_is_raised_by_default(self, checked: Any, damaged_index: Path) -> None:
        with pytest.raises(breachdex.IndexDamagedError) as raised:
            checked(index=damaged_index).validate_python(SENTINEL)
        frames = our_frames(raised.value)
        assert "gate" in frames
        assert_clean(str(raised.value), frames)

    def test_or_refused(self, checked: Any, damaged_index: Path) -> None:
        refused = failure(
            lambda: checked(index=damaged_index, on_error="reject").validate_python("hunter2 and more")
        )
        assert (refused["type"], refused["msg"], refused["input"]) == (
            "index_unavailable",
            UNAVAILABLE,
            "**********",
        )

    def test_or_accepted_and_logged_once_a_minute(
        self, checked: Any, damaged_index: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        adapter = checked(index=damaged_index, on_error="accept")
        for _ in range(3):
            assert adapter.validate_python(SENTINEL) == Password(SENTINEL)
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert_clean(caplog.text)

    def test_a_closed_index_is_no_fault_of_the_input(self, checked: Any, exposed_index: Path) -> None:
        """Its error is a ValueError, which pydantic would report about the password, with the password."""
        index = breachdex.Index.open(exposed_index)
        adapter = checked(index=index)
        index.close()
        with pytest.raises(breachdex.BreachdexError, match="closed") as raised:
            adapter.validate_python(SENTINEL)
        assert not isinstance(raised.value, ValueError)
        assert_clean("".join(traceback.format_exception(raised.value)), our_frames(raised.value))


Checked = Annotated[SecretStr, PasswordCheck(min_length=8)]


class Model(BaseModel):
    password: Checked


class Assigned(BaseModel):
    model_config = ConfigDict(validate_assignment=True)
    password: Checked = SecretStr("nothing yet")


@dataclasses.dataclass
class Record:
    password: Checked


class Row(TypedDict):
    password: Checked


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    password: Checked


class Many(BaseModel):
    passwords: list[Checked | None]


class Constrained(BaseModel):
    password: Checked = Field(min_length=12, max_length=100)


def assign(value: object) -> SecretStr:
    model = Assigned()
    model.password = value  # type: ignore[assignment]
    return model.password


PLACES: dict[str, Callable[[Any], object]] = {
    "model": lambda value: Model(password=value).password,
    "model_validate": lambda value: Model.model_validate({"password": value}).password,
    "assignment": assign,
    "dataclass": lambda value: Record(password=value).password,
    "typed dict": lambda value: TypeAdapter(Row).validate_python({"password": value})["password"],
    "adapter": lambda value: TypeAdapter(Checked).validate_python(value),
    "strict": lambda value: Strict(password=value).password,
    "list of optional": lambda value: Many(passwords=[None, value]).passwords[1],
    "constrained": lambda value: Constrained(password=value).password,
    "union": lambda value: TypeAdapter(Checked | None).validate_python(value),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
class TestPlaces:
    def test_it_holds_what_was_typed(self, place: Any) -> None:
        for value in (SENTINEL, SecretStr(SENTINEL), Password(SENTINEL)):
            held = place(value)
            assert isinstance(held, SecretStr)
            assert held.get_secret_value() == SENTINEL
            assert held == SecretStr(SENTINEL)
            assert SecretStr(SENTINEL) == held
            assert_clean(repr(held), str(held), f"{held}", f"{held!r:>30}")

    def test_it_refuses(self, place: Any) -> None:
        with pytest.raises(ValidationError) as raised:
            place("12345678901234567890")
        assert any(error["type"] == "exposed" for error in raised.value.errors())


@pytest.fixture
def exposed_sentinel_model(exposed_index: Path) -> type[BaseModel]:
    kind = safe_password(index=exposed_index, min_length=8)
    return create_model("SignUp", password=(kind, ...), again=(kind | None, None))


@pytest.mark.parametrize(
    "value",
    [
        EXPOSED_SENTINEL,
        SecretStr(EXPOSED_SENTINEL),
        EXPOSED_SENTINEL[:7],
        (EXPOSED_SENTINEL + " ") * 60,
        [EXPOSED_SENTINEL],
        {"password": EXPOSED_SENTINEL},
        {EXPOSED_SENTINEL: 1},
        EXPOSED_SENTINEL.encode() + b"\xff",
        EXPOSED_SENTINEL.encode(),
        EXPOSED_SENTINEL + "\udc80",
        SecretStr(EXPOSED_SENTINEL + "\udc80"),
    ],
    ids=repr,
)
class TestLeaks:
    def failures(self, model: type[BaseModel], value: Any) -> Iterator[ValidationError]:
        for data in ({"password": value}, {"password": SENTINEL, "again": value}):
            with pytest.raises(ValidationError) as raised:
                model(**data)
            yield raised.value

    def test_no_face_of_an_error_holds_it(self, exposed_sentinel_model: Any, value: Any) -> None:
        fragment = EXPOSED_SENTINEL[:7].lower()
        for error in self.failures(exposed_sentinel_model, value):
            faces = [
                str(error),
                repr(error),
                error.json(),
                str(error.errors()),
                "".join(traceback.format_exception(error)),
                *[str(error.errors(include_url=False, include_context=True, include_input=True))],
            ]
            assert_clean(*faces)
            assert not any(fragment in face.lower() for face in faces[:4])
            assert error.__context__ is None
            assert error.__cause__ is None

    def test_nor_does_an_error_that_is_printed_with_causes(self, exposed_index: Path, value: Any) -> None:
        class Caused(BaseModel):
            model_config = ConfigDict(validation_error_cause=True)
            password: safe_password(index=exposed_index, min_length=8)  # type: ignore[valid-type]

        with pytest.raises(ValidationError) as raised:
            Caused(password=value)
        assert_clean("".join(traceback.format_exception(raised.value)))


def test_json_input(exposed_sentinel_model: Any) -> None:
    for text in (f'{{"password": "{EXPOSED_SENTINEL}"}}', f'{{"password": ["{EXPOSED_SENTINEL}"]}}'):
        with pytest.raises(ValidationError) as raised:
            exposed_sentinel_model.model_validate_json(text)
        assert_clean(str(raised.value), raised.value.json())


def test_a_constraint_outside_of_the_type_is_a_type_error_and_no_leak() -> None:
    adapter = TypeAdapter(Annotated[SafePassword, Field(min_length=40)])
    with pytest.raises(
        TypeError, match=r"Unable to apply constraint 'min_length'|say safe_password"
    ) as raised:
        adapter.validate_python(SENTINEL)
    assert_clean("".join(traceback.format_exception(raised.value)))


def test_a_length_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"say safe_password\(min_length=\.\.\., max_length=\.\.\.\)"):
        len(TypeAdapter(SafePassword).validate_python(SENTINEL))


def test_a_validator_inside_of_the_type_may_quote_what_it_got() -> None:
    def talkative(secret: SecretStr) -> SecretStr:
        raise ValueError(f"{secret.get_secret_value()} is not nice")

    adapter = TypeAdapter(Annotated[SecretStr, AfterValidator(talkative), PasswordCheck()])
    assert failure(lambda: adapter.validate_python(SENTINEL)) == {
        "type": "value_error",
        "loc": (),
        "msg": "Value error, ********** is not nice",
        "input": "**********",
    }


def test_what_pydantic_does_alone_leaks() -> None:
    """So that the tests above can fail."""

    def refuse(secret: SecretStr) -> SecretStr:
        raise ValueError("exposed")

    with pytest.raises(ValidationError) as raised:
        TypeAdapter(Annotated[SecretStr, AfterValidator(refuse)]).validate_python(SENTINEL)
    with pytest.raises(AssertionError):
        assert_clean(str(raised.value))


def test_it_is_dumped_masked_and_may_be_pickled() -> None:
    model = Model(password=SecretStr(SENTINEL))
    assert model.model_dump_json() == '{"password":"**********"}'
    assert_clean(repr(model), str(model), str(model.model_dump()))
    assert pickle.loads(pickle.dumps(model)) == model
    with pytest.raises(ValidationError) as raised:
        Model(password=SecretStr(EXPOSED_SENTINEL[:3]))
    assert_clean(str(raised.value.errors()))


def test_json_schema(checked: Any) -> None:
    assert checked(min_length=15).json_schema() == {
        "type": "string",
        "format": "password",
        "writeOnly": True,
        "minLength": 15,
        "maxLength": 1024,
    }


def test_truth() -> None:
    assert Password("x")
    assert not Password("")
    assert Password("x") != "x"
    assert {Password("x")} == {Password("x")}
