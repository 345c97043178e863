"""Somebody with a browser of their own: what they do in the shop, in one language."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import pytest
from breachdex._breachdex import messages

pytest.importorskip("playwright", reason="Playwright is not installed: THE SHOP WAS NOT TRIED IN A BROWSER")

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect
from shop_server import REPOSITORY, Shop

__all__ = ["Language", "Visit", "Visitor", "expect", "visitor_of"]

Language: TypeAlias = Literal["en", "ja"]

LABELS = {
    "en": {
        "name": "Name",
        "email": "E-mail address",
        "password": "Password",
        "new": "New password",
        "current": "Current password",
        "show": "Show password",
        "hide": "Hide password",
        "join": "Join",
        "sign in": "Sign in",
        "sign out": "Sign out",
        "change": "Change password",
        "set": "Set the password",
        "send": "Send the link",
        "confirm": "Confirm and go to the members’ page",
    },
    "ja": {
        "name": "お名前",
        "email": "メールアドレス",
        "password": "パスワード",
        "new": "新しいパスワード",
        "current": "現在のパスワード",
        "show": "パスワードを表示",
        "hide": "パスワードを隠す",
        "join": "登録する",
        "sign in": "ログイン",
        "sign out": "ログアウト",
        "change": "変更する",
        "set": "設定する",
        "send": "リンクを送る",
        "confirm": "確認して会員ページへ進む",
    },
}

LOCALES = {"en": "en-GB", "ja": "ja-JP"}
NAMES = {"en": "Hanako", "ja": "花子"}

TALLEST = 900
"""Pixels of a picture's height; what comes below is left out."""

IMAGES = REPOSITORY / "docs" / "site" / "images"


class Visitor:
    """One browser window. Whatever it loads from elsewhere or complains about is kept."""

    def __init__(self, context: BrowserContext, shop: Shop, language: Language) -> None:
        self.shop = shop
        self.language = language
        self.context = context
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.seen: list[str] = []
        context.on("request", self._note_request)
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def _note_request(self, request: Request) -> None:
        self.seen.append(request.url)
        if not request.url.startswith(f"{self.shop.url}/"):
            self.strangers.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    # Words

    def label(self, name: str) -> str:
        """What a field or a button is called in this visitor's language."""
        return LABELS[self.language][name]

    def said(self, code: str) -> str:
        """breachdex's own words in this visitor's language."""
        return messages(self.language)[code]

    @property
    def name(self) -> str:
        """What this visitor is called unless a test says otherwise."""
        return NAMES[self.language]

    # Doing

    def go(self, path: str) -> None:
        """Opens a page of the shop, or a link from a mail."""
        self.page.goto(path if path.startswith("http") else f"{self.shop.url}{path}")

    @property
    def path(self) -> str:
        """Where the visitor is."""
        return urlsplit(self.page.url).path

    def field(self, name: str) -> Locator:
        """A field of the page by its label."""
        return self.page.get_by_label(self.label(name), exact=True)

    def button(self, name: str) -> Locator:
        """A button of the page's content by its words."""
        return self.page.locator("main").get_by_role("button", name=self.label(name), exact=True)

    def send(self, button: str, **values: str) -> None:
        """Fills fields in and presses the button."""
        for name, value in values.items():
            self.field(name).fill(value)
        with self.page.expect_navigation():
            self.button(button).click()

    def join(self, email: str, password: str, name: str | None = None) -> None:
        """Fills in the form of new members."""
        self.go("/members/join/")
        self.send("join", name=name or self.name, email=email, password=password)

    def sign_in(self, email: str, password: str) -> None:
        """Fills in the form of members."""
        self.go("/members/sign-in/")
        self.send("sign in", email=email, password=password)

    def become_member(self, email: str, password: str, name: str | None = None) -> None:
        """From the form to the members' page."""
        self.join(email, password, name)
        self.go(self.shop.mails(email)[-1].link)
        self.send("confirm", password=password)
        assert self.path == "/members/"

    # Seeing

    def sees_refusal(self, field: str, *words: str) -> None:
        """Exactly these words are said about a field, which is empty again, and assistive technology finds them."""
        entry = self.field(field)
        expect(entry).to_have_attribute("aria-invalid", "true")
        expect(entry).to_have_value("")
        expect(entry).to_be_focused()
        described_by = (entry.get_attribute("aria-describedby") or "").split()
        refusals = [self.page.locator(f"#{part}") for part in described_by if part.endswith("_error")]
        assert len(refusals) == 1
        assert refusals[0].locator("li").all_inner_texts() == list(words)

    def sees_alert(self, words: str) -> None:
        """Exactly these words are said about the form as a whole."""
        assert self.page.get_by_role("alert").all_inner_texts() == [words]

    def is_let_in(self, name: str) -> bool:
        """Whether the members' page opens and greets by name."""
        self.go("/members/")
        return self.path == "/members/" and self.page.get_by_text(name).first.is_visible()

    def picture(self, name: str) -> None:
        """Keeps a picture of the page for the documentation when ``SHOP_PICTURES`` is 1."""
        if os.environ.get("SHOP_PICTURES") != "1":
            return
        IMAGES.mkdir(parents=True, exist_ok=True)
        file = Path(IMAGES, f"django-shop-{name}-{self.language}.png")
        height = min(TALLEST, self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.screenshot(
            path=file,
            full_page=True,
            clip={"x": 0, "y": 0, "width": 720, "height": height},
            animations="disabled",
            caret="hide",
        )

    def expects_complaint(self, part: str) -> None:
        """A refused page is an error in the browser's console; only this one, once."""
        found = [complaint for complaint in self.complaints if part in complaint]
        assert len(found) == 1, self.complaints
        self.complaints.remove(found[0])


Visit: TypeAlias = Callable[[Language], Visitor]


def visitor_of(browser: Browser, shop: Shop, visits: list[Visitor]) -> Visit:
    """Lets visitors into a shop."""

    def visit(language: Language) -> Visitor:
        context = browser.new_context(locale=LOCALES[language], viewport={"width": 720, "height": 640})
        context.set_default_timeout(30_000)
        visits.append(Visitor(context, shop, language))
        return visits[-1]

    return visit
