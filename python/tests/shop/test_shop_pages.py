"""What every page has to be: readable in both languages, usable by everybody, and closed to everything else."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPResponse

import pytest
from shop_server import Shop
from visitor import Visit, Visitor, expect

PAGES = ("/", "/members/join/", "/members/join/done/", "/members/sign-in/", "/members/reset/", "/letterbox/")


def opened(url: str) -> HTTPResponse:
    """The answer to a request that brings nothing along."""
    answer = urllib.request.urlopen(url, timeout=20)
    assert isinstance(answer, HTTPResponse)
    return answer


def test_a_password_can_be_shown_and_hidden(visitor: Visitor) -> None:
    visitor.go("/members/join/")
    entry = visitor.field("password")
    entry.fill("perfectly visible")
    assert entry.get_attribute("type") == "password"
    visitor.button("show").click()
    assert entry.get_attribute("type") == "text"
    assert entry.input_value() == "perfectly visible"
    assert visitor.button("show").count() == 0
    visitor.button("hide").click()
    assert entry.get_attribute("type") == "password"

    # Shown or not, it is sent as a password, which browsers do not keep with what was typed into text fields.
    visitor.page.evaluate(
        "() => document.querySelector('main form').addEventListener('submit', (event) => {"
        " event.preventDefault(); document.title = event.target.new_password.type; })"
    )
    visitor.button("show").click()
    visitor.button("join").click()
    expect(visitor.page).to_have_title("password")


@pytest.mark.parametrize(
    ("path", "field", "autocomplete"),
    [
        ("/members/join/", "password", "new-password"),
        ("/members/join/", "email", "email"),
        ("/members/sign-in/", "password", "current-password"),
        ("/members/sign-in/", "email", "username"),
    ],
)
def test_password_managers_know_the_fields(
    visitor: Visitor, path: str, field: str, autocomplete: str
) -> None:
    visitor.go(path)
    assert visitor.field(field).get_attribute("autocomplete") == autocomplete
    assert visitor.field(field).get_attribute("maxlength") in (None, "254"), "a paste could be cut"


def test_passwords_can_be_pasted(visitor: Visitor) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=visitor.shop.url)
    visitor.go("/members/join/")
    pasted = "from a password manager " * 8
    visitor.page.evaluate("(text) => navigator.clipboard.writeText(text)", pasted)
    visitor.field("password").press("Control+V")
    expect(visitor.field("password")).to_have_value(pasted)


def test_the_help_belongs_to_the_field(visitor: Visitor) -> None:
    visitor.go("/members/join/")
    described_by = visitor.field("password").get_attribute("aria-describedby")
    assert described_by == "id_new_password_helptext"
    assert visitor.said("help_text") in visitor.page.locator(f"#{described_by}").inner_text()


def test_an_empty_form_says_what_is_missing(visitor: Visitor) -> None:
    visitor.go("/members/join/")
    visitor.send("join")
    for field in ("name", "email", "password"):
        expect(visitor.field(field)).to_have_attribute("aria-invalid", "true")
    expect(visitor.field("name")).to_be_focused()


def test_the_language_is_the_browsers_until_another_is_chosen(visit: Visit) -> None:
    visitor = visit("ja")
    visitor.go("/members/sign-in/")
    html = visitor.page.locator("html")
    assert html.get_attribute("lang") == "ja"
    switch = visitor.page.locator(".languages")
    assert switch.get_by_role("button").all_inner_texts() == ["English", "日本語"]
    switch.get_by_role("button", name="English").click()
    expect(html).to_have_attribute("lang", "en")
    assert visitor.path == "/members/sign-in/"
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "Sign in"
    expect(switch.locator("[aria-current=true]")).to_have_text("English")
    visitor.go("/members/join/")
    assert html.get_attribute("lang") == "en"
    switch.get_by_role("button", name="日本語").click()
    expect(html).to_have_attribute("lang", "ja")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "会員登録"


def test_pages_fit_on_a_small_phone(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    for path in PAGES:
        visitor.go(path)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320, path
    visitor.join("a-very-long-address-that-somebody-really-has@example.com", "password")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320
    small = visitor.page.evaluate(
        "[...document.querySelectorAll('main button, main input:not([type=hidden])')]"
        ".filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)"
    )
    assert small == [], "too small for a finger"


def test_one_heading_and_labels_for_everything(visitor: Visitor) -> None:
    for path in PAGES:
        visitor.go(path)
        assert visitor.page.get_by_role("heading", level=1).count() == 1, path
        nameless = visitor.page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden])')]"
            ".filter((one) => one.labels.length !== 1).map((one) => one.outerHTML)"
        )
        assert nameless == [], path
        assert visitor.page.locator("img:not([alt])").count() == 0


def test_the_letterbox_shows_what_was_sent(visitor: Visitor, shop: Shop) -> None:
    email = f"letter-{visitor.language}@example.com"
    visitor.join(email, "violet teapot on a northern roof")
    visitor.go("/letterbox/")
    newest = visitor.page.locator(".mail").first
    assert email in newest.inner_text()
    newest.get_by_role("link").click()
    expect(visitor.button("confirm")).to_be_visible()
    assert visitor.page.url == shop.mails(email)[0].link


def test_every_answer_is_guarded(shop: Shop) -> None:
    for path in PAGES:
        with opened(f"{shop.url}{path}") as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
    for path in ("/members/", "/members/sign-in/", "/members/join/"):
        with opened(f"{shop.url}{path}") as answer:
            assert "no-store" in answer.headers["Cache-Control"], path


def test_a_post_from_elsewhere_is_refused(shop: Shop) -> None:
    for path in ("/members/join/", "/members/sign-in/", "/members/reset/", "/members/sign-out/"):
        request = urllib.request.Request(f"{shop.url}{path}", data=b"email=a@example.com")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        assert refused.value.code == 403
        refused.value.close()


def test_cookies_stay_with_the_shop(visitor: Visitor) -> None:
    visitor.become_member(f"cookies-{visitor.language}@example.com", "violet teapot on a northern roof")
    cookies = {cookie.get("name"): cookie for cookie in visitor.context.cookies()}
    assert {"sessionid", "csrftoken"} <= set(cookies)
    for cookie in cookies.values():
        assert cookie.get("httpOnly")
        assert cookie.get("sameSite") == "Lax"


def test_what_goes_wrong_is_said_in_the_shops_words(visitor: Visitor) -> None:
    visitor.go("/no-such-page/")
    visitor.expects_complaint("404")
    words = {"en": "There is no such page", "ja": "ページが見つかりません"}
    assert visitor.page.get_by_role("heading", level=1).inner_text() == words[visitor.language]
    visitor.go("/members/join/")
    visitor.context.clear_cookies(name="csrftoken")
    visitor.send("join", email="a@example.com")
    visitor.expects_complaint("403")
    words = {"en": "Please try once more", "ja": "もう一度お試しください"}
    assert visitor.page.get_by_role("heading", level=1).inner_text() == words[visitor.language]
