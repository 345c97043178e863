"""Grace at log-in, what is kept for it, throttled notices and the test password: in real Flask-Security and fastapi-users."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex import TEST_PASSWORD
from flask_site import Site as FlaskSite
from flask_site import errors, inside
from support import write_index
from users_site import EXPOSED, GOOD, SECRET, manager, site

pytestmark = pytest.mark.anyio

FORCED = (
    "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address "
    "you registered."
)
LEFT = "You can log in with it for 3 more days; after that it has to be reset."
LEFT_JAPANESE = (
    "このパスワードでログインできるのは、あと3日です。その後は、パスワードの再設定が必要になります。"
)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves to a day of November 2026."""

    def turn_to(day: int) -> None:
        monkeypatch.setattr("breachdex._log_ins.today", lambda: date(2026, 11, day))

    turn_to(2)
    return turn_to


class TestFlaskSecurity:
    @pytest.fixture
    def make(self, exposed_index: Path) -> Any:
        def made(**config: Any) -> FlaskSite:
            site = FlaskSite(
                {
                    "BREACHDEX_INDEX": exposed_index,
                    "BREACHDEX_LOG_IN": "force_reset",
                    "BREACHDEX_MARK_FIELD": "password_mark",
                    "SECURITY_CONFIRMABLE": True,
                    "SECURITY_AUTO_LOGIN_AFTER_CONFIRM": False,
                    **config,
                }
            )
            site.add(confirmed_at=site.security.datetime_factory())
            return site

        return made

    @pytest.mark.parametrize(("language", "left"), [("en", LEFT), ("ja", LEFT_JAPANESE)])
    def test_warned_and_then_forced(
        self, make: Any, calendar: Callable[[int], None], language: str, left: str
    ) -> None:
        site = make(BREACHDEX_GRACE={"days": 3})
        browser = site.app.test_client()
        form = {"email": "ann@example.com", "password": EXPOSED}
        answer = browser.post("/login", data=form, headers={"Accept-Language": language})
        assert answer.status_code == 302
        with browser.session_transaction() as session:
            [(_, said)] = session["_flashes"]
        assert said.endswith(left)
        assert inside(browser)
        calendar(5)
        _, answer = site.log_in()
        assert errors(answer) == {"password": [FORCED]}
        assert not inside(browser)

    def test_log_ins_are_counted_and_a_policy_may_say_so(self, make: Any) -> None:
        policy = {"profile": "nist", "mfa": True, "grace": {"log_ins": 2}}
        site = make(BREACHDEX_POLICY=policy, BREACHDEX_LOG_IN="force_reset")
        assert [inside(site.log_in()[0]) for _ in range(3)] == [True, True, False]

    def test_whoever_reads_the_table_learns_nothing(self, make: Any) -> None:
        site = make(BREACHDEX_GRACE={"days": 3})
        site.add("bob@example.com", GOOD, confirmed_at=site.security.datetime_factory())
        kept = []
        for email, password in (("ann@example.com", EXPOSED), ("bob@example.com", GOOD)):
            with site.statements() as statements:
                site.log_in(password, email)
            with site.app.app_context():
                kept.append(
                    (len(site.user(email).password_mark), [text.split(" ")[0] for text in statements])
                )
        assert kept[0] == kept[1]
        assert kept[0][0] == 56

    def test_only_a_newer_index_is_asked_again(self, make: Any, tmp_path: Path) -> None:
        path = write_index(tmp_path / "old.bdx", {EXPOSED: 4}, corpus_date="2026-09-01")
        site = make(BREACHDEX_INDEX=path, BREACHDEX_RECHECK="newer_index", BREACHDEX_LOG_IN="reject")
        site.add("bob@example.com", GOOD, confirmed_at=site.security.datetime_factory())
        assert inside(site.log_in(GOOD, "bob@example.com")[0])
        write_index(path, {GOOD: 4}, corpus_date="2026-09-01")
        with site.app.app_context():
            breachdex._configuration.current().corpus.reload_if_changed()  # type: ignore[union-attr]
        assert inside(site.log_in(GOOD, "bob@example.com")[0])
        write_index(path, {GOOD: 4}, corpus_date="2026-10-01")
        with site.app.app_context():
            breachdex._configuration.current().corpus.reload_if_changed()  # type: ignore[union-attr]
        assert not inside(site.log_in(GOOD, "bob@example.com")[0])

    def test_what_makes_no_sense_is_named(self, make: Any) -> None:
        cases: list[tuple[dict[str, Any], str]] = [
            (
                {"BREACHDEX_GRACE": {"days": 3}, "BREACHDEX_LOG_IN": "warn"},
                (
                    "BREACHDEX_GRACE is without effect, because BREACHDEX_LOG_IN is 'warn': set BREACHDEX_LOG_IN to 'force_reset' "
                    "or 'reject'"
                ),
            ),
            (
                {"BREACHDEX_GRACE": {"days": 3}, "BREACHDEX_MARK_FIELD": None},
                (
                    "days and log-ins of each account, and what was looked at, have to be kept: name in BREACHDEX_MARK_FIELD a text "
                    "column of the user model with room for 56 characters, or give grace 'until' a day"
                ),
            ),
            (
                {"BREACHDEX_GRACE": 3},
                "BREACHDEX_GRACE in the app's config must be a mapping with days, log_ins or until, not 3",
            ),
        ]
        for config, said in cases:
            with pytest.raises(ValueError) as raised:
                make(**config)
            assert str(raised.value) == said
        with pytest.raises(RuntimeError, match="the user model has no column 'nowhere'"):
            make(
                BREACHDEX_GRACE={"days": 3}, BREACHDEX_MARK_FIELD="nowhere", PROPAGATE_EXCEPTIONS=True
            ).log_in()

    @pytest.mark.parametrize("policy", [None, "nist"])
    def test_the_test_password(self, make: Any, policy: str | None) -> None:
        for switch in (None, True):
            config = {"BREACHDEX_TEST_PASSWORD": switch, "BREACHDEX_POLICY": policy, "TESTING": True}
            site = make(**config, BREACHDEX_MARK_FIELD=None)
            site.set_password(TEST_PASSWORD)
            sign_up = {
                "email": "eve@example.com",
                "password": TEST_PASSWORD,
                "password_confirm": TEST_PASSWORD,
            }
            answer = site.app.test_client().post("/register", json=sign_up)
            assert answer.status_code == (400 if switch else 200)
            assert inside(site.log_in(TEST_PASSWORD)[0]) is not bool(switch)

    def test_the_test_password_in_production(self, make: Any) -> None:
        with pytest.warns(breachdex.BreachdexWarning, match="neither in debug mode nor under test"):
            make(BREACHDEX_TEST_PASSWORD=True)


class TestFastapiUsers:
    @pytest.fixture
    def kind(self, exposed_index: Path) -> Any:
        def made(**settings: Any) -> Any:
            given = {
                "breachdex_log_in": "force_reset",
                "breachdex_mark_field": "password_mark",
                "breachdex_mark_secret": SECRET,
            }
            return manager(**{"breachdex_index": exposed_index, **given, **settings})

        return made

    async def test_warned_and_then_forced(self, kind: Any, calendar: Callable[[int], None]) -> None:
        told: list[tuple[int | None, int | None]] = []

        async def on_grace(self: object, user: object, days: int | None, log_ins: int | None) -> None:
            told.append((days, log_ins))

        breachdex.configure(grace={"days": 3, "log_ins": 5})
        async with site(kind(on_grace=on_grace)) as made:
            await made.add()
            token = (await made.log_in()).json()["access_token"]
            assert await made.inside(token)
            assert (told, made.mailed) == ([(3, 4)], [])
            calendar(5)
            assert (await made.log_in()).status_code == 400
            assert not await made.inside(token)
            assert [address for address, _ in made.mailed] == ["ann@example.com"]

    async def test_a_policy(self, kind: Any, exposed_index: Path) -> None:
        policy = breachdex.Policy.profile("nist", mfa=True, index=exposed_index, grace={"log_ins": 2})
        own = {"breachdex_mark_field": "password_mark", "breachdex_mark_secret": SECRET}
        async with site(manager(breachdex_policy=policy, **own)) as made:
            await made.add()
            assert [(await made.log_in()).status_code for _ in range(3)] == [200, 200, 400]

    async def test_whoever_reads_the_table_learns_nothing(self, kind: Any) -> None:
        breachdex.configure(grace={"days": 3})
        async with site(kind()) as made:
            await made.add()
            await made.add(GOOD, "bob@example.com")
            kept = []
            for email, password in (("ann@example.com", EXPOSED), ("bob@example.com", GOOD)):
                made.statements.clear()
                assert (await made.log_in(password, email)).status_code == 200
                statements = [text.split(" ")[0] for text in made.statements]
                async with made.session() as session:
                    user = await made.make(session).get_by_email(email)
                kept.append((len(user.password_mark), statements))
            assert kept[0] == kept[1]
            assert kept[0][0] == 56

    async def test_notices_are_throttled(self, exposed_index: Path) -> None:
        sent: list[str] = []

        async def send_notice(self: object, user: Any) -> None:
            sent.append(user.email)

        kind = manager(breachdex_index=exposed_index, breachdex_log_in="notify", send_notice=send_notice)
        async with site(kind) as made:
            await made.add()
            for _ in range(3):
                assert (await made.log_in()).status_code == 200
            assert sent == ["ann@example.com"]

    async def test_what_makes_no_sense_is_named(self, kind: Any) -> None:
        breachdex.configure(grace={"days": 3})
        with pytest.raises(ValueError, match="grace is without effect, because breachdex_log_in is 'warn'"):
            kind(breachdex_log_in="warn")
        with pytest.raises(ValueError, match="name in breachdex_mark_field a text column of the user model"):
            kind(breachdex_mark_field=None)

    async def test_the_test_password(self, kind: Any) -> None:
        for switch, status in ((False, 200), (True, 400)):
            breachdex.configure(test_password=switch)
            async with site(kind()) as made:
                await made.add(TEST_PASSWORD)
                assert (await made.log_in(TEST_PASSWORD)).status_code == status
                sign_up = {"email": "eve@example.com", "password": TEST_PASSWORD}
                assert (await made.client.post("/register", json=sign_up)).status_code == (
                    400 if switch else 201
                )


def test_pydantic_and_the_core(exposed_index: Path) -> None:
    from breachdex.pydantic import SafePassword
    from pydantic import TypeAdapter, ValidationError

    field: TypeAdapter[Any] = TypeAdapter(SafePassword)
    breachdex.configure(index=exposed_index)
    field.validate_python(TEST_PASSWORD)
    breachdex.configure(index=exposed_index, test_password=True)
    with pytest.raises(ValidationError, match="leaked in the past"):
        field.validate_python(TEST_PASSWORD)
