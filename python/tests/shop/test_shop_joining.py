"""Becoming a member: which passwords are taken, and what an address must go through first."""

from __future__ import annotations

from shop_server import Shop
from visitor import Visit, Visitor

GOOD = "violet teapot on a northern roof"


def address(visitor: Visitor, who: str) -> str:
    """An address that no other test uses."""
    return f"{who}-{visitor.language}@example.com"


def test_an_exposed_password_is_refused_with_its_reason(visitor: Visitor, shop: Shop) -> None:
    email = address(visitor, "hanako")
    visitor.go("/members/join/")
    assert visitor.said("help_text") in visitor.page.locator(".helptext").all_inner_texts()[-1]
    visitor.join(email, "password")
    visitor.sees_refusal("password", visitor.said("exposed"))
    visitor.picture("refused")
    assert visitor.path == "/members/join/"
    assert shop.mails(email) == []
    visitor.sign_in(email, "password")
    assert not visitor.is_let_in(visitor.name)


def test_full_width_letters_do_not_hide_an_exposed_password(visitor: Visitor) -> None:
    visitor.join(address(visitor, "wide"), "ｐａｓｓｗｏｒｄ")
    visitor.sees_refusal("password", visitor.said("exposed_form"))


def test_what_else_was_entered_stays(visitor: Visitor) -> None:
    visitor.join(address(visitor, "stays"), "パスワード", name="花子 <b>")
    assert visitor.field("name").input_value() == "花子 <b>"
    assert visitor.field("email").input_value() == address(visitor, "stays")
    assert visitor.said("exposed") in visitor.page.locator("#id_new_password_error").inner_text()


def test_nothing_personal_is_shown_before_the_address_is_confirmed(visitor: Visitor, shop: Shop) -> None:
    email = address(visitor, "hana")
    visitor.join(email, GOOD)
    assert visitor.path == "/members/join/done/"
    (mail,) = shop.mails(email)
    assert (
        mail.subject
        == {
            "en": "Confirm your e-mail address for Tsubame Store",
            "ja": "【つばめ商店】メールアドレスの確認をお願いします",
        }[visitor.language]
    )
    assert visitor.name not in mail.text, "a stranger could write to people through the name"

    visitor.sign_in(email, GOOD)
    for path in ("/members/", "/members/password/"):
        visitor.go(path)
        assert visitor.path == "/members/waiting/"
        assert visitor.name not in visitor.page.content()
        assert email not in visitor.page.content()

    visitor.go(mail.link)
    visitor.send("confirm", password="something else entirely")
    assert visitor.path == mail.link.removeprefix(shop.url)
    visitor.send("confirm", password=GOOD)
    assert visitor.path == "/members/"
    assert (
        visitor.page.get_by_role("heading", level=1).inner_text()
        == {
            "en": "Welcome, Hanako",
            "ja": "ようこそ、花子さん",
        }[visitor.language]
    )
    assert email in visitor.page.locator(".card").inner_text()
    visitor.picture("member")


def test_a_link_works_once_and_only_as_it_was_sent(visitor: Visitor, shop: Shop) -> None:
    email = address(visitor, "once")
    visitor.join(email, GOOD)
    link = shop.mails(email)[0].link
    words = {"en": "This link no longer works", "ja": "このリンクは無効です"}[visitor.language]

    visitor.go(f"{link[:-2]}{'a' if link[-2] != 'a' else 'b'}/")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == words
    visitor.expects_complaint("410")

    visitor.go(link)
    visitor.send("confirm", password=GOOD)
    visitor.go(link)
    assert visitor.page.get_by_role("heading", level=1).inner_text() == words
    visitor.expects_complaint("410")


def test_opening_the_link_confirms_nothing(visitor: Visitor, visit: Visit, shop: Shop) -> None:
    email = address(visitor, "opened")
    visitor.join(email, GOOD)
    # Mail scanners open links, and so does whoever finds a mail about an account that is not theirs.
    visit(visitor.language).go(shop.mails(email)[0].link)
    visitor.sign_in(email, GOOD)
    visitor.go("/members/")
    assert visitor.path == "/members/waiting/"


def test_joining_again_tells_the_member_only(visitor: Visitor, visit: Visit, shop: Shop) -> None:
    email = address(visitor, "again")
    visitor.become_member(email, GOOD)
    stranger = visit(visitor.language)
    stranger.join(email.upper(), "another long and good one", name="Mallory")
    assert stranger.path == "/members/join/done/"
    done = stranger.page.locator("main").inner_text()
    stranger.join(f"other-{email}", "another long and good one", name="Mallory")
    assert stranger.page.locator("main").inner_text() == done

    assert (
        shop.mails(email)[-1].subject
        == {
            "en": "You are already a member of Tsubame Store",
            "ja": "【つばめ商店】すでに会員登録がお済みです",
        }[visitor.language]
    )
    stranger.sign_in(email, "another long and good one")
    assert not stranger.is_let_in(stranger.name)
    assert visitor.is_let_in(visitor.name)
