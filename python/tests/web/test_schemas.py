"""marshmallow, attrs, msgspec and WTForms: options, languages, faults and leaks."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import attrs
import breachdex
import marshmallow
import msgspec
import pytest
import wtforms  # type: ignore[import-untyped]
from breachdex import _language
from breachdex.attrs import safe_password
from breachdex.marshmallow import SafePassword as MarshmallowPassword
from breachdex.wtforms import SafePassword as FormPassword
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, our_frames
from page_sites import REFUSED, UNAVAILABLE
from test_pages import page  # noqa: F401

GOOD = "a lantern nobody has written down"


class Form(wtforms.Form):  # type: ignore[misc]
    user_name = wtforms.StringField()
    password = wtforms.PasswordField(validators=[FormPassword(user_name_field="user_name")])


class Data(marshmallow.Schema):
    user_name = marshmallow.fields.String()
    password = MarshmallowPassword(required=True, user_name_field="user_name")


@attrs.define
class Account:
    user_name: str
    password: str = attrs.field(validator=safe_password(user_name_field="user_name"), repr=False)


class Member(msgspec.Struct):
    user_name: str
    password: str

    def __post_init__(self) -> None:
        breachdex.validate(self.password, self.user_name)

    def __repr__(self) -> str:
        return "Member"


def by_form(user_name: str, password: str) -> list[str]:
    form = Form(data={"user_name": user_name, "password": password})
    return [] if form.validate() else [str(text) for text in form.errors["password"]]


def by_marshmallow(user_name: str, password: str) -> list[str]:
    found: list[str] = Data().validate({"user_name": user_name, "password": password}).get("password", [])
    return found


def by_attrs(user_name: str, password: str) -> list[str]:
    try:
        Account(user_name, password)
    except breachdex.PasswordRejectedError as error:
        assert error.field == "password"
        return error.messages()
    return []


def by_msgspec(user_name: str, password: str) -> list[str]:
    try:
        msgspec.convert({"user_name": user_name, "password": password}, Member)
    except msgspec.ValidationError as error:
        return [str(error)]
    return []


LIBRARIES = [by_form, by_marshmallow, by_attrs, by_msgspec]
Library = Callable[[str, str], list[str]]


@pytest.fixture(params=LIBRARIES, ids=lambda library: library.__name__)
def refusals(request: pytest.FixtureRequest) -> Library:
    library: Library = request.param
    return library


@pytest.fixture(params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    token = _language.announce(request.param)
    yield str(request.param)
    _language.forget(token)


def test_the_page(page: Any) -> None:  # noqa: F811
    page("schemas.md")


def test_exposed_and_good_ones(refusals: Library, exposed_index: Path, language: str) -> None:
    breachdex.configure(index=exposed_index)
    (said,) = refusals("hanako", "hunter2")
    assert said.startswith(REFUSED[language])
    assert refusals("hanako", GOOD) == []


def test_a_policy(refusals: Library, exposed_index: Path) -> None:
    breachdex.configure(index=exposed_index, policy={"profile": "nist", "mfa": True})
    assert "easy to guess" in refusals("hanako", "H4n4ko2026!!")[0]
    assert refusals("taro", "H4n4ko2026!!") == []
    assert "too short" in " ".join(refusals("hanako", "hunter2"))


@pytest.mark.parametrize("on_error", ["raise", "reject", "accept"])
def test_a_damaged_index(refusals: Library, on_error: Any, damaged_index: Path, language: str) -> None:
    breachdex.configure(index=damaged_index, on_error=on_error)
    if on_error == "raise":
        with pytest.raises(breachdex.IndexDamagedError) as caught:
            for number in range(2000):
                refusals("hanako", f"hunter2 {number}")
        assert "hunter2" not in our_frames(caught.value)
    elif on_error == "reject":
        said = [text for number in range(2000) for text in refusals("hanako", f"hunter2 {number}")]
        assert said[0].startswith(UNAVAILABLE[language])
    else:
        assert refusals("hanako", GOOD) == []


def test_what_is_no_text(refusals: Library, exposed_index: Path) -> None:
    breachdex.configure(index=exposed_index)
    if refusals is by_attrs:
        with pytest.raises(breachdex.InvalidPasswordError):
            refusals("hanako", "x\ud800")
    else:
        assert refusals("hanako", "x\ud800")
    if refusals in (by_form, by_marshmallow):
        for typed in (4711, 0, False, {}, ["x"], {"x": 1}, b"\xff"):
            assert refusals("hanako", cast("str", typed))


@pytest.mark.parametrize("refusals", [by_form, by_marshmallow])
def test_how_it_is_said_that_it_is_no_text(refusals: Library, exposed_index: Path, language: str) -> None:
    breachdex.configure(index=exposed_index)
    said = {
        "en": "has something in it that is not a character",
        "ja": "文字として読み取れないものが含まれています",
    }
    assert said[language] in refusals("hanako", "x\ud800")[0]


def test_nothing_leaks(exposed_index: Path) -> None:
    breachdex.configure(index=exposed_index)
    shown = [repr(Account("hanako", SENTINEL)), repr(Member("hanako", SENTINEL))]
    form = Form(data={"user_name": "hanako", "password": EXPOSED_SENTINEL})
    form.validate()
    shown += [repr(form), str(form.errors), str(form.password), repr(form.password)]
    for make in (
        lambda: Data().load({"user_name": "hanako", "password": EXPOSED_SENTINEL}),
        lambda: Account("hanako", EXPOSED_SENTINEL),
        lambda: msgspec.convert({"user_name": "hanako", "password": EXPOSED_SENTINEL}, Member),
    ):
        with pytest.raises(Exception, match="leaked in the past") as caught:
            make()
        error = caught.value
        shown += [str(error), repr(error), our_frames(error), "".join(traceback.format_exception(error))]
        if isinstance(error, breachdex.PasswordRejectedError):
            shown.append(repr(pickle.dumps(error)))
        assert error.__context__ is None or not isinstance(error, marshmallow.ValidationError)
    assert "password" not in Data().dump({"user_name": "hanako", "password": SENTINEL})
    assert_clean(*shown)


def test_wrong_wiring(exposed_index: Path) -> None:
    breachdex.configure(index=exposed_index)
    for make in (FormPassword, MarshmallowPassword, safe_password):
        with pytest.raises(ValueError, match="event must be one of sign_up, change, reset, not 'log_in'"):
            make(event="log_in")

    class Nameless(wtforms.Form):  # type: ignore[misc]
        password = wtforms.PasswordField(validators=[FormPassword(user_name_field="user_name")])

    with pytest.raises(TypeError, match="the form has no field 'user_name'"):
        Nameless(data={"password": GOOD}).validate()

    @attrs.define
    class Shown:
        password: str = attrs.field(validator=safe_password())

    with pytest.raises(TypeError, match=r"repr\(\) would show 'password': say field\(..., repr=False\)"):
        Shown(GOOD)
    with pytest.raises(TypeError, match="'password' must be a str, not int"):
        Account("hanako", 7)  # type: ignore[arg-type]


def test_languages_of_their_own(exposed_index: Path) -> None:
    breachdex.configure(index=exposed_index)

    class Spoken(wtforms.Form):  # type: ignore[misc]
        password = wtforms.PasswordField(validators=[FormPassword(lang="ja")])

    form = Spoken(data={"password": "hunter2"})
    form.validate()
    assert form.errors["password"][0].startswith(REFUSED["ja"])
    field = MarshmallowPassword(lang="ja")
    with pytest.raises(marshmallow.ValidationError) as caught:
        field.deserialize("hunter2")
    assert caught.value.messages[0].startswith(REFUSED["ja"])
