"""Many people at the shop's own forms, without browsers: members who join and reset, and an attacker with a list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import TYPE_CHECKING

import httpx
from breachdex._breachdex import messages
from replay.gate import Answer
from shop_server import Shop

if TYPE_CHECKING:
    from replay.attack import Pair
    from replay.members import Member

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')

ADD_OLD = """
import json
from django.utils import timezone
from members.models import Member
for email, password in json.loads({rows!r}):
    member = Member(email=email, name="Mio", confirmed_at=timezone.now())
    member.set_password(password)
    member.save()
"""
FORGET_SESSIONS = "from django.contrib.sessions.models import Session\nSession.objects.all().delete()\n"
SESSION_OWNERS = """
import json
from django.contrib.sessions.models import Session
from members.models import Member
owners = [row.get_decoded().get("_auth_user_id") for row in Session.objects.all()]
print(json.dumps([Member.objects.get(pk=key).email for key in owners if key]))
"""


class Crowd:
    """Sends the shop's forms. Nobody keeps a cookie from one form to the next unless it says so."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        # A new connection each: on one that is kept, Nagle and delayed acknowledgements cost 40 ms a form.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=shop.url, timeout=30, trust_env=False, limits=limits)
        page = self._client.get("/members/sign-in/").text
        self._token = self._csrf_token(page)
        self._secret = self._client.cookies["csrftoken"]
        self.refused_choices = 0
        """How often a form did not take a new password."""
        self.refusals: set[tuple[int, str]] = set()
        """Every answer that a refused log-in got, but for what differs from page to page: its status and text."""

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    # Members

    def add_old(self, members: Iterable[Member]) -> None:
        """Puts accounts with their first choices straight into the database, as from before the gate."""
        rows = json.dumps([(member.name, member.choices[0]) for member in members])
        self._shop.manage("shell", stdin=ADD_OLD.format(rows=rows))

    def join(self, members: Sequence[Member]) -> None:
        """Members join and confirm their addresses by the link in their mails."""
        taken = {
            member.name: self._choose("/members/join/", member.choices, name="Mio", email=member.name)
            for member in members
        }
        links = self._links()
        for name, password in taken.items():
            done = self._post(links[name], password=password)
            assert done.headers["Location"] == "/members/"

    def ask_for_resets(self, members: Iterable[Member]) -> None:
        """Members say that they forgot their passwords."""
        for member in members:
            assert (
                self._post("/members/reset/", email=member.name).headers["Location"] == "/members/reset/done/"
            )

    def follow_reset_mails(self, members: Iterable[Member]) -> None:
        """Members choose passwords by the last link in their mails."""
        links = self._links()
        for member in members:
            self._fresh()
            form = self._client.get(links[member.name]).headers["Location"]
            # Which link was opened is kept in the session.
            session = self._client.cookies["sessionid"]
            self._choose(form, member.choices, session=session)

    def _choose(self, path: str, choices: Sequence[str], session: str | None = None, **fields: str) -> str:
        for choice in choices:
            answer = self._post(path, session=session, **fields, new_password=choice)
            if answer.is_redirect:
                return choice
            assert messages("en")["exposed"] in unescape(answer.text), "refused for another reason"
            self.refused_choices += 1
        raise AssertionError("every choice of a member was refused")

    # The attacker

    def try_list(self, pairs: Iterable[Pair]) -> dict[Answer, set[str]]:
        """Tries every pair at the log-in form; returns whose got which answer."""
        names: dict[Answer, set[str]] = {answer: set() for answer in Answer}
        for pair in pairs:
            names[self._try(pair)].add(pair.name)
        return names

    def _try(self, pair: Pair) -> Answer:
        answer = self._post("/members/sign-in/", username=pair.name, password=pair.password)
        if "sessionid" in answer.cookies:
            page = self._client.get("/members/")
            assert page.status_code == 200
            assert pair.name in page.text, "the session is somebody else's"
            return Answer.SESSION
        text = unescape(answer.text)
        assert pair.password not in text
        if messages("en")["force_reset"] in text:
            return Answer.RESET
        self.refusals.add((answer.status_code, CSRF.sub("", text).replace(pair.name, "")))
        return Answer.REFUSED

    # The shop

    def forget_sessions(self) -> None:
        """Ends every session."""
        self._shop.manage("shell", stdin=FORGET_SESSIONS)

    def session_owners(self) -> list[str]:
        """Whose sessions the shop has, once for each session in which somebody is signed in."""
        owners: list[str] = json.loads(self._shop.manage("shell", stdin=SESSION_OWNERS).splitlines()[-1])
        return owners

    def _links(self) -> dict[str, str]:
        return {mail.to: mail.link for mail in self._shop.mails()}

    def _fresh(self, session: str | None = None) -> None:
        self._client.cookies.clear()
        self._client.cookies["csrftoken"] = self._secret
        if session is not None:
            self._client.cookies["sessionid"] = session

    def _post(self, path: str, session: str | None = None, **fields: str) -> httpx.Response:
        self._fresh(session)
        return self._client.post(path, data={**fields, "csrfmiddlewaretoken": self._token})

    @staticmethod
    def _csrf_token(page: str) -> str:
        found = CSRF.search(page)
        assert found is not None
        return found[1]
