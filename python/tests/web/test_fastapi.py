"""FastAPI: what a 422 says of a password, with SafePassword alone and with redaction."""

# No postponed annotations here: FastAPI reads them at run time, and the model is local.
import asyncio
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import breachdex
import pytest
from breachdex.fastapi import redact_validation_errors, redacted
from breachdex.pydantic import Password, safe_password
from fastapi import FastAPI, Form, Query, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator
from starlette.websockets import WebSocketDisconnect

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have a newer httpx.
    from fastapi.testclient import TestClient

EXPOSED = (
    "This password is in a list of passwords that leaked in the past, so it cannot be used. "
    "Please choose a different one that you do not use anywhere else."
)
JSON = {"Content-Type": "application/json"}

EXPOSED_JAPANESE = (
    "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
    "ほかのサービスで使っていない、別のパスワードを設定してください。"
)


def site(kind: Any, *, redact: bool, **options: Any) -> TestClient:
    """An app with a password in a body, in a form and in the query of a WebSocket."""

    class SignUp(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str
        password: kind

        @model_validator(mode="after")
        def no_robots(self) -> "SignUp":
            if self.name == "robot":
                raise ValueError("no robots")
            return self

    app = FastAPI(**options)
    if redact:
        redact_validation_errors(app)

    @app.post("/body")
    def body(sign_up: SignUp) -> dict[str, str]:
        return {"held": repr(sign_up.password)}

    @app.post("/form")
    def form(sign_up: Annotated[SignUp, Form()]) -> dict[str, str]:
        return {"held": repr(sign_up.password)}

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, password: str, room: Annotated[int, Query()]) -> None:
        await websocket.accept()

    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def make(exposed_index: Path) -> Callable[..., TestClient]:
    def client(*, redact: bool = True, **options: Any) -> TestClient:
        return site(safe_password(**{"index": exposed_index, "min_length": 8, **options}), redact=redact)

    return client


def test_an_exposed_password_is_refused(make: Any) -> None:
    answer = make().post("/body", json={"name": "Ann", "password": "correct horse battery staple"})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "exposed",
                "loc": ["body", "password"],
                "msg": EXPOSED,
                "ctx": {"form": "raw"},
            }
        ]
    }


def test_in_japanese(make: Any) -> None:
    answer = make(lang="ja").post("/body", json={"name": "Ann", "password": "correct horse battery staple"})
    assert answer.json()["detail"][0]["msg"] == EXPOSED_JAPANESE


def test_another_one_is_taken(make: Any) -> None:
    for where, how in (("/body", "json"), ("/form", "data")):
        answer = make().post(where, **{how: {"name": "Ann", "password": SENTINEL}})
        assert answer.json() == {"held": repr(Password(SENTINEL))}


BODIES: dict[str, Any] = {
    "exposed": {"name": "Ann", "password": EXPOSED_SENTINEL},
    "too short": {"name": "Ann", "password": EXPOSED_SENTINEL[:7]},
    "too long": {"name": "Ann", "password": EXPOSED_SENTINEL * 80},
    "wrong type": {"name": "Ann", "password": [EXPOSED_SENTINEL]},
    "wrong type of its own": {"name": "Ann", "password": {"value": EXPOSED_SENTINEL}},
    "half a pair": {"name": "Ann", "password": EXPOSED_SENTINEL + "\ud800"},
}
"""What the field itself fails of."""

SIBLINGS: dict[str, Any] = {
    "sibling missing": {"password": SENTINEL},
    "sibling wrong": {"name": 3, "password": SENTINEL},
    "extra": {"name": "Ann", "password": SENTINEL, "again": SENTINEL},
    "the whole model": {"name": "robot", "password": SENTINEL},
    "no object": [SENTINEL],
    "a string": SENTINEL,
}
"""What fails beside the field and quotes it."""


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("redact", [False, True])
def test_the_fields_own_failures_never_quote_it(make: Any, body: Any, redact: bool) -> None:
    client = make(redact=redact)
    with every_log_line() as lines:
        answers = [client.post("/body", content=json.dumps(body), headers=JSON)]
        if isinstance(body["password"], str) and "\ud800" not in body["password"]:
            answers.append(client.post("/form", data=body))
    for answer in answers:
        assert answer.status_code == 422
        assert "password" in answer.json()["detail"][0]["loc"]
        assert_clean(answer.text, str(answer.headers))
        assert EXPOSED_SENTINEL[:7] not in answer.text
    assert_clean(*[line for line in lines if not line.startswith("httpx")])


@pytest.mark.parametrize("body", SIBLINGS.values(), ids=SIBLINGS)
def test_nor_do_other_failures_once_they_are_redacted(make: Any, body: Any) -> None:
    answer = make().post("/body", json=body)
    assert answer.status_code == 422
    assert all(set(error) <= {"type", "loc", "msg", "ctx"} for error in answer.json()["detail"])
    assert_clean(answer.text)


@pytest.mark.parametrize("body", [SIBLINGS["sibling missing"], SIBLINGS["the whole model"]])
def test_which_they_do_without(make: Any, body: Any) -> None:
    """So that the test above can fail."""
    with pytest.raises(AssertionError):
        assert_clean(make(redact=False).post("/body", json=body).text)


def test_what_is_not_json_at_all(make: Any) -> None:
    answer = make().post("/body", content=f'{{"password": "{SENTINEL}"', headers=JSON)
    assert answer.json()["detail"] == [
        {
            "type": "json_invalid",
            "loc": ["body", 38],
            "msg": "JSON decode error",
            "ctx": {"error": "Expecting ',' delimiter"},
        }
    ]


def test_a_websocket_is_closed_with_a_short_reason(make: Any) -> None:
    path = f"/socket?password={SENTINEL}&room={SENTINEL}"
    with pytest.raises(WebSocketDisconnect) as raised, make().websocket_connect(path):
        pass
    assert raised.value.code == 1008
    assert raised.value.reason.startswith("query.room: Input should be a valid integer")
    assert len(raised.value.reason.encode()) <= 123
    assert_clean(raised.value.reason)


def test_an_apps_own_handler_may_use_it(exposed_index: Path) -> None:
    client = site(safe_password(index=exposed_index), redact=False)
    app: Any = client.app

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    async def own(request: Request, error: RequestValidationError) -> PlainTextResponse:
        return PlainTextResponse(str(redacted(error.errors())), status_code=400)

    answer = client.post("/body", json={"password": SENTINEL})
    assert (answer.status_code, answer.text) == (
        400,
        "[{'type': 'missing', 'loc': ('body', 'name'), 'msg': 'Field required'}]",
    )


class TestFaults:
    def test_a_damaged_index_is_an_error_of_the_server(self, make: Any, damaged_index: Path) -> None:
        with every_log_line() as lines:
            answer = make(index=damaged_index).post("/body", json={"name": "Ann", "password": SENTINEL})
        assert answer.status_code == 500
        assert_clean(answer.text, *lines)

    def test_or_a_refusal(self, make: Any, damaged_index: Path) -> None:
        client = make(index=damaged_index, on_error="reject", lang="ja")
        (error,) = client.post("/body", json={"name": "Ann", "password": SENTINEL}).json()["detail"]
        assert (error["type"], error["msg"]) == (
            "index_unavailable",
            "現在、パスワードの安全性を確認できません。しばらくしてからもう一度お試しください。",
        )

    def test_or_none(self, make: Any, damaged_index: Path, caplog: pytest.LogCaptureFixture) -> None:
        client = make(index=damaged_index, on_error="accept")
        assert client.post("/body", json={"name": "Ann", "password": SENTINEL}).status_code == 200
        assert "passwords cannot be checked and are accepted" in caplog.text

    def test_no_index_is_an_error_when_the_app_is_defined(self, make: Any, tmp_path: Path) -> None:
        with pytest.raises(breachdex.IndexNotFoundError):
            make(index=tmp_path / "none.bdx")


def test_the_documentation_of_the_app_describes_it(make: Any) -> None:
    described = (
        make().get("/openapi.json").json()["components"]["schemas"]["SignUp"]["properties"]["password"]
    )
    assert described == {
        "type": "string",
        "format": "password",
        "writeOnly": True,
        "minLength": 8,
        "maxLength": 1024,
        "title": "Password",
    }


def test_the_event_loop_is_not_held_up(exposed_index: Path) -> None:
    """A thousand look-ups on the loop take less than a second, so that one never matters."""
    adapter = TypeAdapter(safe_password(index=exposed_index))

    async def check() -> float:
        before = time.perf_counter()
        for number in range(1000):
            adapter.validate_python(f"{SENTINEL}{number}")
        return time.perf_counter() - before

    assert asyncio.run(check()) < 1
