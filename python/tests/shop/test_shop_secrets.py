"""No password gets into a log, a mail, a page, an address or a file of the shop; faults of the index included."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import breachdex
from shop_server import EXAMPLE, Shop
from support import EXPOSED, replace, write_index
from visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

LEAKED = "sentinel-leaked-4417-kelp"
KEPT = "sentinel-kept-9082-moss"
NEXT = "sentinel-next-6655-fern"


def traces(password: str) -> list[bytes]:
    """Everything that would give a password away."""
    digest = breachdex.digest(password).hex()
    # In any case, since the search folds it.
    return [password.encode().lower(), digest.encode(), digest[:8].encode()]


def assert_clean(where: str, data: bytes) -> None:
    """Fails where a trace of a sentinel is, without printing the data."""
    for password in (LEAKED, KEPT, NEXT):
        for number, trace in enumerate(traces(password)):
            assert trace not in data.lower(), f"trace {number} of a sentinel in {where}"


def walk(visitor: Visitor, shop: Shop) -> None:
    """Uses the sentinels wherever the shop takes a password."""
    visitor.join("leak@example.com", LEAKED)
    visitor.sees_refusal("password", visitor.said("exposed"))
    visitor.become_member("leak@example.com", KEPT)
    visitor.go("/members/password/")
    visitor.send("change", current=NEXT, new=LEAKED)
    visitor.send("change", current=KEPT, new=NEXT)
    visitor.page.locator("header").get_by_role("button", name=visitor.label("sign out")).click()
    visitor.sign_in("leak@example.com", KEPT)
    visitor.sign_in("nobody@example.com", LEAKED)
    shop.old_member("leak@example.com", LEAKED)
    visitor.sign_in("leak@example.com", LEAKED)
    visitor.sees_alert(visitor.said("force_reset"))
    visitor.go(shop.mails("leak@example.com")[-1].link)
    visitor.send("set", new=LEAKED)
    visitor.send("set", new=NEXT)
    visitor.send("sign in", email="leak@example.com", password=NEXT)
    assert visitor.is_let_in(visitor.name)


def test_no_trace_of_a_password_anywhere(
    browser: Browser, own_shop: Shop, visits: list[Visitor], tmp_path: Path
) -> None:
    write_index(own_shop.index.with_name("fresh.bdx"), {**EXPOSED, LEAKED: 12}).rename(own_shop.index)
    visitor = visitor_of(browser, own_shop, visits)("ja")
    visitor.page.wait_for_timeout(1200)
    bodies: list[bytes] = []

    def keep(page: Page) -> None:
        bodies.append(page.content().encode())

    def keep_headers(response: Response) -> None:
        bodies.append("\n".join([response.url, *map(str, response.all_headers().items())]).encode())

    visitor.page.on("domcontentloaded", keep)
    visitor.page.on("response", keep_headers)
    walk(visitor, own_shop)
    assert len(bodies) > 20
    assert_clean("a page or a header", b"\n".join(bodies))
    assert_clean("an address", "\n".join(visitor.seen).encode())
    own_shop.stop()
    assert b"POST /members/sign-in/" in own_shop.log.read_bytes()
    assert_clean("the log", own_shop.log.read_bytes())
    kept = [file for file in own_shop.var.rglob("*") if file.is_file()]
    assert {"shop.sqlite3", "secret_key"} <= {file.name for file in kept}
    for file in kept:
        assert_clean(file.name, file.read_bytes())


def test_a_spoiled_index_is_said_in_words_and_keeps_secrets(
    browser: Browser, own_shop: Shop, visits: list[Visitor]
) -> None:
    visitor = visitor_of(browser, own_shop, visits)("ja")
    own_shop.old_member("before@example.com", KEPT)
    with own_shop.index.open("ab") as index:
        # Changed in place, which the documentation forbids.
        index.write(b"spoiled")
    visitor.page.wait_for_timeout(1200)
    visitor.join("late@example.com", NEXT)
    visitor.sees_refusal("password", visitor.said("index_unavailable"))
    # A fault of a disk must not lock every customer out.
    visitor.sign_in("before@example.com", KEPT)
    assert visitor.is_let_in("Mio")
    assert "passwords cannot be checked and are refused" in own_shop.logged()
    assert "passwords cannot be checked and are accepted" in own_shop.logged()
    assert_clean("the log", own_shop.log.read_bytes())
    assert_clean("the page", visitor.page.content().encode())


def test_a_mail_and_the_key_are_for_their_owner_only(visitor: Visitor, shop: Shop) -> None:
    visitor.join(f"private-{visitor.language}@example.com", NEXT)
    files = [shop.var / "secret_key", *(shop.var / "mail").glob("*.eml")]
    assert len(files) > 1
    for file in files:
        assert file.stat().st_mode & 0o077 == 0, file.name


def test_the_shop_does_not_open_with_a_damaged_index(exposed_index: Path, tmp_path: Path) -> None:
    index = tmp_path / "broken.bdx"
    replace(index, exposed_index.read_bytes()[:200])
    done = run(Shop(tmp_path, index), "--check")
    assert done.returncode != 0
    assert "breachdex.E002" in done.stderr
    assert str(index) in done.stderr


def test_check_sets_up_and_leaves(exposed_index: Path, tmp_path: Path) -> None:
    done = run(Shop(tmp_path, exposed_index), "--check")
    assert done.returncode == 0, done.stderr
    assert "System check identified no issues" in done.stdout
    assert (tmp_path / "var" / "shop.sqlite3").is_file()


def test_another_word_is_answered_with_what_there_is(exposed_index: Path, tmp_path: Path) -> None:
    done = run(Shop(tmp_path, exposed_index), "--help-me")
    assert done.returncode == 2
    assert "run --old-member" in done.stderr
    assert not (tmp_path / "var").exists()


def run(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The one command of the example, to its end."""
    return subprocess.run(
        [EXAMPLE / "run", *arguments],
        env=shop.environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
