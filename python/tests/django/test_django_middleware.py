"""The middleware names fields, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from breachdex.django.middleware import exposed_passwords_middleware
from django.http import HttpResponse  # type: ignore[import-untyped]
from django.test import AsyncClient, Client, RequestFactory  # type: ignore[import-untyped]


def found(data: dict[str, Any], path: str = "/fields/") -> Any:
    """The fields that a view is told of."""
    return Client().post(path, data).json()["found"]


@pytest.mark.parametrize("path", ["/fields/", "/afields/"])
def test_names_the_fields(path: str) -> None:
    data = {
        "username": "hunter2",
        "password1": "hunter2",
        "Passphrase": "パスワード",
        "password2": "not there 1177",
    }
    assert found(data, path) == ["password1", "Passphrase"]
    assert found({"password": ["not there 1177", "hunter2"]}, path) == ["password"]
    assert found({"username": "hunter2"}, path) == []


def test_looks_at_post_only() -> None:
    assert Client().get("/fields/", {"password": "hunter2"}).json()["found"] == []
    assert Client().put("/fields/", b"password=hunter2").json()["found"] == []


def test_without_a_thread() -> None:
    async def visit() -> Any:
        return (await AsyncClient().post("/afields/", {"password": "hunter2"})).json()["found"]

    assert async_to_sync(visit)() == ["password"]

    async def view(request: Any) -> Any:
        return HttpResponse(",".join(request.exposed_passwords))

    async def directly() -> Any:
        return await exposed_passwords_middleware(view)(RequestFactory().post("/", {"password": "hunter2"}))

    assert async_to_sync(directly)().content == b"password"


def test_other_names(configure: Callable[..., None]) -> None:
    configure(PASSWORD_REGEX="^secret$")
    assert found({"Secret": "hunter2", "password": "hunter2"}) == ["Secret"]


def test_a_fault_is_logged_and_names_nothing(
    damage: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage()
    assert found({"password": "hunter2"}) == []
    assert [record.levelname for record in caplog.records if record.name == "breachdex"] == ["ERROR"]


def test_what_is_no_text_is_passed_over() -> None:
    request = RequestFactory().post("/")
    request.POST = request.POST.copy()
    request.POST["password"] = "half of \ud83d"
    answer = exposed_passwords_middleware(lambda request: request.exposed_passwords)(request)
    assert answer == []
