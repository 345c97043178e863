"""Exposed pairs in fastapi-users: at sign-up, change and log-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from users_site import GOOD, manager, site

pytestmark = pytest.mark.anyio

REFUSED = (
    "This combination of user name or e-mail address and password is in a list of login details that are known to have "
    "been exposed, so it cannot be used. Please choose a different password that you do not use anywhere else."
)


@pytest.fixture(autouse=True)
def pairs(exposed_index: Path, tmp_path: Path) -> Iterator[None]:
    """The pair of ann's address and the good password is in a list."""
    path, key = tmp_path / "pairs.bdx", tmp_path / "pairs.key"
    breachdex.Pairs.add(path, key, [("ann@example.com", GOOD)])
    breachdex.configure(index=exposed_index, pairs=path, pair_key=key)
    yield
    breachdex.configure()


async def test_sign_up_and_change() -> None:
    async with site(manager()) as made:
        for email, status in (("ann@example.com", 400), ("bob@example.com", 201)):
            answer = await made.client.post("/register", json={"email": email, "password": GOOD})
            assert answer.status_code == status
            if status == 400:
                assert answer.json() == {"detail": {"code": "REGISTER_INVALID_PASSWORD", "reason": REFUSED}}
        await made.add(GOOD + " and back")
        token = (await made.log_in(GOOD + " and back")).json()["access_token"]
        header = {"Authorization": f"Bearer {token}"}
        answer = await made.client.patch("/users/me", json={"password": GOOD}, headers=header)
        assert answer.json() == {"detail": {"code": "UPDATE_USER_INVALID_PASSWORD", "reason": REFUSED}}


@pytest.mark.parametrize("policy", [None, "asvs-l2"])
async def test_log_in(policy: str | None) -> None:
    settings: dict[str, Any] = {"breachdex_log_in": "force_reset"}
    if policy is not None:
        settings = {"breachdex_policy": breachdex.Policy.profile("asvs-l2")}
    async with site(manager(**settings)) as made:
        await made.add(GOOD)
        await made.add(GOOD, "bob@example.com")
        assert (await made.log_in(GOOD)).json() == {"detail": "LOGIN_BAD_CREDENTIALS"}
        assert [address for address, _ in made.mailed] == ["ann@example.com"]
        assert (await made.log_in(GOOD, "bob@example.com")).status_code == 200


async def test_a_wrong_password_is_as_without() -> None:
    async with site(manager(breachdex_log_in="force_reset")) as made:
        await made.add(GOOD)
        for email, password in (("ann@example.com", "wrong"), ("nobody@example.com", GOOD)):
            answer = await made.log_in(password, email)
            assert (answer.status_code, answer.json()) == (400, {"detail": "LOGIN_BAD_CREDENTIALS"})
        assert made.mailed == []
