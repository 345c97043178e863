"""Members choose other passwords: by the form of who knows the current one, and by a link of who does not."""

from __future__ import annotations

from shop_server import Shop
from visitor import Visit, Visitor

GOOD = "violet teapot on a northern roof"
BETTER = "forty lanterns along the canal"


def member(visitor: Visitor, who: str) -> str:
    """Makes the visitor a member; returns the address."""
    email = f"{who}-{visitor.language}@example.com"
    visitor.become_member(email, GOOD)
    return email


def test_a_change_to_an_exposed_password_is_refused(visitor: Visitor) -> None:
    email = member(visitor, "changes-not")
    visitor.go("/members/password/")
    assert visitor.said("help_text") in visitor.page.locator(".helptext").inner_text()
    visitor.send("change", current=GOOD, new="correct horse battery staple")
    visitor.sees_refusal("new", visitor.said("exposed"))
    visitor.go("/members/")
    visitor.page.get_by_role("button", name=visitor.label("sign out")).click()
    visitor.sign_in(email, "correct horse battery staple")
    assert not visitor.is_let_in(visitor.name)
    visitor.sign_in(email, GOOD)
    assert visitor.is_let_in(visitor.name)


def test_a_change_ends_every_other_session(visitor: Visitor, visit: Visit) -> None:
    email = member(visitor, "changes")
    elsewhere = visit(visitor.language)
    elsewhere.sign_in(email, GOOD)
    assert elsewhere.is_let_in(elsewhere.name)

    visitor.go("/members/password/")
    visitor.send("change", current=GOOD, new=BETTER)
    assert visitor.path == "/members/"
    assert (
        visitor.page.get_by_role("status").inner_text()
        == {
            "en": "Your password has been changed.",
            "ja": "パスワードを変更しました。",
        }[visitor.language]
    )
    assert visitor.is_let_in(visitor.name)
    assert not elsewhere.is_let_in(elsewhere.name)
    elsewhere.sign_in(email, GOOD)
    assert not elsewhere.is_let_in(elsewhere.name)
    elsewhere.sign_in(email, BETTER)
    assert elsewhere.is_let_in(elsewhere.name)


def test_a_change_needs_the_current_password(visitor: Visitor) -> None:
    member(visitor, "open-page")
    visitor.go("/members/password/")
    visitor.send("change", current="not this one", new=BETTER)
    words = {"en": "This is not your current password.", "ja": "現在のパスワードが正しくありません。"}
    visitor.sees_refusal("current", words[visitor.language])


def test_a_reset_refuses_an_exposed_password_and_takes_another(
    visitor: Visitor, visit: Visit, shop: Shop
) -> None:
    email = member(visitor, "resets")
    forgetful = visit(visitor.language)
    forgetful.go("/members/reset/")
    forgetful.send("send", email=email)
    assert forgetful.path == "/members/reset/done/"
    mail = shop.mails(email)[-1]
    assert (
        mail.subject
        == {
            "en": "Choose a new password for Tsubame Store",
            "ja": "【つばめ商店】パスワードの再設定",
        }[visitor.language]
    )

    forgetful.go(mail.link)
    assert forgetful.said("help_text") in forgetful.page.locator(".helptext").inner_text()
    forgetful.send("set", new="correct horse battery staple")
    forgetful.sees_refusal("new", forgetful.said("exposed"))
    forgetful.send("set", new=BETTER)
    assert forgetful.path == "/members/sign-in/"
    assert not visitor.is_let_in(visitor.name), "a session from before the reset"
    visitor.sign_in(email, GOOD)
    assert not visitor.is_let_in(visitor.name)
    forgetful.send("sign in", email=email, password=BETTER)
    assert forgetful.is_let_in(forgetful.name)

    visitor.go(mail.link)
    assert (
        visitor.page.get_by_role("heading", level=1).inner_text()
        == {
            "en": "This link no longer works",
            "ja": "このリンクは無効です",
        }[visitor.language]
    )


def test_asking_for_a_reset_tells_nobody_who_is_a_member(visitor: Visitor, shop: Shop) -> None:
    email = member(visitor, "asked-for")
    pages = []
    for asked in (email, f"nobody-{email}"):
        visitor.go("/members/reset/")
        visitor.send("send", email=asked)
        pages.append((visitor.path, visitor.page.locator("main").inner_text()))
    assert pages[0] == pages[1]
    assert len(shop.mails(email)) == 2, "the confirmation and the link"
    assert shop.mails(f"nobody-{email}") == []


def test_a_reset_confirms_the_address_it_was_sent_to(visitor: Visitor, visit: Visit, shop: Shop) -> None:
    email = f"squatted-{visitor.language}@example.com"
    squatter = visit(visitor.language)
    squatter.join(email, GOOD, name="Mallory")
    visitor.go("/members/reset/")
    visitor.send("send", email=email)
    visitor.go(shop.mails(email)[-1].link)
    visitor.send("set", new=BETTER)
    visitor.send("sign in", email=email, password=BETTER)
    assert visitor.path == "/members/"
    squatter.sign_in(email, GOOD)
    assert not squatter.is_let_in("Mallory")


def test_signing_in_says_the_same_about_wrong_passwords_and_unknown_people(visitor: Visitor) -> None:
    email = member(visitor, "signs-in")
    words = {
        "en": "The e-mail address or the password is not correct.",
        "ja": "メールアドレスまたはパスワードが正しくありません。",
    }[visitor.language]
    visitor.page.get_by_role("button", name=visitor.label("sign out")).click()
    for asked in (email, f"nobody-{email}"):
        # An exposed one that is wrong is a wrong one, and nothing else.
        visitor.sign_in(asked, "password")
        visitor.sees_alert(words)
