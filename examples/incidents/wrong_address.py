"""A sign-up to a wrong address: somebody joins with the address of somebody else, who gets the mails."""

from __future__ import annotations

import tempfile
from pathlib import Path

import breachdex

from .play import Incident
from .shops import PlayError, Shop

TYPED = "hanako@mail.example"
"""The address that was typed, which belongs to another Hanako."""
CHOSEN = "seven small wooden boats"
OWNERS = "a kettle on the north shelf"


def play() -> Incident:
    """Plays it."""
    incident = Incident(
        "wrong_address",
        "A sign-up to a wrong address",
        ("what happens", "who", "result"),
    )
    with tempfile.TemporaryDirectory(prefix="breachdex-incidents-") as folder:
        index = _index(Path(folder))
        with Shop(Path(folder, "shop"), index) as shop:
            _play(incident, shop)
    incident.notes.append(
        "The shop does this, not breachdex: breachdex sends the link of a forced reset only to an address that its owner "
        "confirmed (`VERIFIED_EMAIL`), so that an unconfirmed one never gets an account."
    )
    return incident


def _play(incident: Incident, shop: Shop) -> None:
    joined = shop.join(TYPED, CHOSEN)
    _must(joined.location.endswith("/join/done/"), "nobody could join")
    mails = shop.mails(TYPED)
    _must(len(mails) == 1, "the address did not get one mail")
    _must("Mio" not in mails[0] and CHOSEN not in mails[0], "the mail tells about the member")
    incident.row(
        "joins with a mistyped address",
        "the customer",
        "one mail goes to its owner, without a name or an order",
    )
    inside = shop.sign_in(TYPED, CHOSEN)
    page = shop.get("/members/", inside.session)
    _must(page.location.endswith("/waiting/"), "an unconfirmed member sees the members' page")
    incident.row("signs in", "the customer", "sees only that the address has to be confirmed")
    link = shop.link(TYPED)
    opened = shop.get(link)
    _must(opened.status == 200 and opened.session is None, "the link alone opens a session")
    guessed = shop.post(link, password=OWNERS)
    _must(guessed.session is None, "a wrong password confirms the address")
    incident.row(
        "opens the link of the mail",
        "the owner of the address",
        "is asked for a password that only the customer knows",
    )
    shop.post("/members/reset/", email=TYPED)
    _must(len(shop.mails(TYPED)) == 2, "the owner of the address cannot reset")
    form = shop.get(shop.link(TYPED))
    reset = shop.post(form.location, session=form.session, new_password=OWNERS)
    _must(reset.location.endswith("/sign-in/"), "the reset was refused")
    incident.row("asks for a new password", "the owner of the address", "gets the account, which is empty")
    _must(
        shop.get("/members/", inside.session).location.startswith("/members/sign-in/"),
        "the old session lives on",
    )
    _must(shop.sign_in(TYPED, CHOSEN).session is None, "the old password still works")
    incident.row("comes back", "the customer", "is signed out; joins again with the right address")
    refused = shop.join("kenji@mail.example", "password")
    _must(refused.says("exposed"), "an exposed password was taken")
    incident.facts.update(
        mails_to_the_wrong_address=len(shop.mails(TYPED)),
        personal_data_shown=0,
        accounts_left_with_two_owners=0,
    )


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PlayError(otherwise)


def _index(folder: Path) -> Path:
    text = folder / "list.txt"
    text.write_text("password\n", encoding="utf-8")
    breachdex.build(text, folder / "pwned.bdx", format="passwords")
    return folder / "pwned.bdx"
