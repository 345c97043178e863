"""Signing in with a right password that is exposed: no session, a mail, and a new password by its link only."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from shop_server import Shop
from support import EXPOSED, write_index
from visitor import Visit, Visitor, visitor_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GOOD = "violet teapot on a northern roof"
BETTER = "forty lanterns along the canal"


def test_an_exposed_password_has_to_be_reset(visitor: Visitor, visit: Visit, shop: Shop) -> None:
    email = f"mio-{visitor.language}@example.com"
    shop.old_member(email, "password")
    elsewhere = visit(visitor.language)
    elsewhere.context.add_cookies(
        [{"name": "sessionid", "value": shop.old_session(email), "url": shop.url, "httpOnly": True}]
    )
    assert elsewhere.is_let_in("Mio")

    visitor.sign_in(email, "password")
    visitor.sees_alert(visitor.said("force_reset"))
    visitor.picture("reset")
    assert "sessionid" not in {cookie.get("name") for cookie in visitor.context.cookies()}
    assert not visitor.is_let_in("Mio")
    assert not elsewhere.is_let_in("Mio"), "a session from before"

    (mail,) = shop.mails(email)
    assert (
        mail.subject
        == {
            "en": "Choose a new password for Tsubame Store",
            "ja": "【つばめ商店】パスワードの再設定",
        }[visitor.language]
    )

    # The old password is dead, and asking with it again sends nothing.
    visitor.sign_in(email, "password")
    assert visitor.page.get_by_role("alert").all_inner_texts() != [visitor.said("force_reset")]
    assert not visitor.is_let_in("Mio")
    assert len(shop.mails(email)) == 1

    owner = visit(visitor.language)
    owner.go(mail.link)
    owner.send("set", new="password")
    owner.sees_refusal("new", owner.said("exposed"))
    owner.send("set", new=GOOD)
    assert owner.path == "/members/sign-in/"
    owner.send("sign in", email=email, password="password")
    assert not owner.is_let_in("Mio")
    owner.sign_in(email, GOOD)
    assert owner.is_let_in("Mio")


def test_a_wrong_password_changes_nothing_for_the_member(visitor: Visitor, shop: Shop) -> None:
    email = f"untouched-{visitor.language}@example.com"
    shop.old_member(email, GOOD)
    visitor.sign_in(email, "hunter2")
    assert visitor.said("force_reset") not in visitor.page.content()
    assert shop.mails(email) == []
    visitor.sign_in(email, GOOD)
    assert visitor.is_let_in("Mio")


def test_an_address_that_nobody_confirmed_gets_no_reset_mail(visitor: Visitor, shop: Shop) -> None:
    email = f"unconfirmed-{visitor.language}@example.com"
    visitor.join(email, GOOD)
    # As if the index had learned it since.
    shop.manage(
        "shell",
        stdin=f"from members.models import Member\nmember = Member.objects.get(email={email!r})\n"
        "member.set_password('password')\nmember.save()\n",
    )
    visitor.sign_in(email, "password")
    assert visitor.path == "/members/waiting/"
    assert visitor.page.get_by_role("status").all_inner_texts() == [visitor.said("log_in_warning")]
    assert len(shop.mails(email)) == 1, "the confirmation only"


def test_a_newly_leaked_password_is_known_without_a_restart(
    browser: Browser, own_shop: Shop, visits: list[Visitor]
) -> None:
    owner = visitor_of(browser, own_shop, visits)("ja")
    owner.become_member("yuki@example.com", BETTER, name="Yuki")
    # Replaced as an index should be: by rename.
    fresh = write_index(own_shop.index.with_name("fresh.bdx"), {**EXPOSED, BETTER: 9})
    shutil.move(fresh, own_shop.index)
    thief = visitor_of(browser, own_shop, visits)("en")
    thief.page.wait_for_timeout(1200)
    thief.sign_in("yuki@example.com", BETTER)
    thief.sees_alert(thief.said("force_reset"))
    assert not thief.is_let_in("Yuki")
    assert not owner.is_let_in("Yuki")
    assert len(own_shop.mails("yuki@example.com")) == 2, "the confirmation and the link"
