"""The language of a request, in an app of Starlette's and FastAPI's, and where a language comes from otherwise."""

# No postponed annotations here: FastAPI reads them at run time, and the model is local.
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import breachdex
import pytest
from breachdex import _language
from breachdex.asgi import LanguageMiddleware
from breachdex.fastapi import redacted
from breachdex.pydantic import SafePassword
from fastapi import FastAPI
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have a newer httpx.
    from fastapi.testclient import TestClient

EXPOSED = "correct horse battery staple"
ENGLISH, JAPANESE = "This password is in a list", "このパスワードは、過去に流出した"


@pytest.fixture(autouse=True)
def _configured(exposed_index: Path) -> Iterator[None]:
    breachdex.configure(index=exposed_index)
    yield
    breachdex.configure()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("ja-JP,ja;q=0.9,en;q=0.5", JAPANESE),
        ("fr;q=0.9,ja;q=0.1", JAPANESE),
        ("en,ja", ENGLISH),
        ("fr", ENGLISH),
    ],
)
def test_fastapi(header: str, words: str) -> None:
    class SignUp(BaseModel):
        password: SafePassword

    app = FastAPI()
    app.add_middleware(LanguageMiddleware)

    @app.post("/body")
    def body(sign_up: SignUp) -> None:
        """Not reached."""

    client = TestClient(app)
    answer = client.post("/body", json={"password": EXPOSED}, headers={"Accept-Language": header})
    assert answer.json()["detail"][0]["msg"].startswith(words)
    assert _language.of_request() is None


@pytest.mark.parametrize(("header", "words"), [("ja", JAPANESE), ("en", ENGLISH)])
def test_ten_lines_of_starlette(header: str, words: str) -> None:
    async def sign_up(request: Request) -> JSONResponse:
        form = json.loads(await request.body())
        try:
            await breachdex.avalidate(form["password"], form["name"], field="password")
        except breachdex.PasswordRejectedError as error:
            return JSONResponse(error.to_dict(), status_code=422)
        return JSONResponse({})

    app = Starlette(routes=[Route("/sign-up", sign_up, methods=["POST"])])
    app.add_middleware(LanguageMiddleware)
    client = TestClient(app)
    body = {"name": "hanako", "password": EXPOSED}
    answer = client.post("/sign-up", json=body, headers={"Accept-Language": header})
    assert answer.status_code == 422
    assert answer.json()["field"] == "password"
    (error,) = answer.json()["errors"]
    assert error["code"] == "exposed"
    assert error["message"].startswith(words)
    assert client.post("/sign-up", json={**body, "password": "a long walk in kyoto 8264"}).status_code == 200


def test_keys_of_other_types_are_masked_in_answers() -> None:
    """pydantic puts the key into ``loc`` before it asks the type of the keys."""
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(dict[Annotated[str, Field(max_length=3)], int]).validate_python({EXPOSED: 1})
    (error,) = raised.value.errors()
    assert error["loc"] == (EXPOSED, "[key]")
    (shown,) = redacted(raised.value.errors())
    assert shown["loc"] == ("**********", "[key]")
    page = (Path(__file__).parents[3] / "docs" / "site" / "fastapi.md").read_text(encoding="utf-8")
    assert "`dict[SafePassword, int]` is a\n  `TypeError` when it is defined" in page


def test_a_policy_that_is_configured_judges_fields(exposed_index: Path) -> None:
    adapter = TypeAdapter(SafePassword)
    assert adapter.validate_python("too short")
    breachdex.configure(index=exposed_index, policy="nist")
    with pytest.raises(ValidationError) as raised:
        adapter.validate_python("too short")
    assert [error["type"] for error in raised.value.errors()] == ["too_short"]
