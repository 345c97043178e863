"""Grace at log-in, what is kept for it, when a log-in is looked at again, and the test password: in real Django."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from breachdex import TEST_PASSWORD, Mark
from breachdex.django import checks, gates, marks
from django import VERSION  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.contrib.auth.password_validation import validate_password  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.cache import caches  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.db import connection  # type: ignore[import-untyped]
from django.test import Client, RequestFactory, override_settings  # type: ignore[import-untyped]
from django.test.utils import CaptureQueriesContext  # type: ignore[import-untyped]
from django_support import log_in, who

WARNING = {
    "en": "one that you do not use anywhere else.",
    "ja": "別のパスワードへ早めに変更してください。",
}
DAYS = {
    "en": " You can log in with it for 3 more days; after that it has to be reset.",
    "ja": "このパスワードでログインできるのは、あと3日です。その後は、パスワードの再設定が必要になります。",
}
LAST = {
    "en": " You cannot log in with it again: the next time it has to be reset.",
    "ja": "このパスワードでログインできるのは今回が最後です。次回は、パスワードの再設定が必要になります。",
}
FIRST_DAY = date(2026, 11, 2)
# A column that the stock user model has, with room enough.
FORCED = {"LOG_IN": "force_reset", "VERIFIED_EMAIL": True, "MARK_FIELD": "last_name"}


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves to a day of November 2026."""

    def turn_to(day: int) -> None:
        monkeypatch.setattr("breachdex._log_ins.today", lambda: date(2026, 11, day))

    turn_to(FIRST_DAY.day)
    return turn_to


def mark_of(user: Any) -> Mark:
    return marks.load(User.objects.get(pk=user.pk))


def test_warned_and_then_forced(
    hanako: Any,
    browser: Any,
    language: str,
    configure: Callable[..., None],
    calendar: Callable[[int], None],
) -> None:
    configure(GRACE={"days": 3}, **FORCED)
    assert log_in(browser, "hanako", "hunter2").status_code == 302
    assert who(browser).endswith(WARNING[language] + DAYS[language])
    assert mark_of(hanako) == Mark(FIRST_DAY, 1)
    calendar(4)
    assert log_in(browser, "hanako", "hunter2").status_code == 302
    assert (mark_of(hanako), mail.outbox) == (Mark(FIRST_DAY, 2), [])
    calendar(5)
    other = Client()
    assert log_in(other, "hanako", "hunter2").status_code == 200
    assert (who(other), who(browser)) == ("nobody", "nobody")
    assert [letter.to for letter in mail.outbox] == [["hanako@mail.example"]]


@pytest.mark.parametrize("keys", [{"GRACE": {"log_ins": 2}}, {"RECHECK": "newer_index"}])
def test_an_index_that_is_changed_in_place_shuts_nobody_out(
    keys: dict[str, Any], damage: Callable[..., None], hanako: Any, browser: Any
) -> None:
    damage(**FORCED, **keys)
    assert log_in(browser, "hanako", "hunter2").status_code == 302
    assert who(browser) == "hanako: "


def test_log_ins_are_counted(
    hanako: Any, browser: Any, language: str, configure: Callable[..., None]
) -> None:
    configure(GRACE={"log_ins": 2}, **FORCED)
    for _ in range(2):
        assert log_in(browser, "hanako", "hunter2").status_code == 302
    assert who(browser).endswith(LAST[language])
    assert log_in(browser, "hanako", "hunter2").status_code == 200
    assert len(mail.outbox) == 1


def test_a_wrong_password_costs_no_grace_and_is_answered_as_ever(
    hanako: Any, configure: Callable[..., None]
) -> None:
    configure(LOG_IN="force_reset")
    with CaptureQueriesContext(
        connection,
    ) as before:
        log_in(Client(), "hanako", "wrong")
    configure(GRACE={"log_ins": 1}, **FORCED)
    with CaptureQueriesContext(connection) as after:
        log_in(Client(), "hanako", "wrong")
    assert len(after) == len(before)
    assert User.objects.get(pk=hanako.pk).last_name == ""


def test_one_day_for_all_keeps_nothing(
    hanako: Any, taro: Any, configure: Callable[..., None], calendar: Callable[[int], None]
) -> None:
    configure(GRACE={"until": date(2026, 11, 5)}, **FORCED)
    calendar(4)
    browser = Client()
    log_in(browser, "hanako", "hunter2")
    assert who(browser).endswith(" You can log in with it for 1 more day; after that it has to be reset.")
    log_in(Client(), "taro", "a long walk in kyoto 8264")
    assert set(User.objects.values_list("last_name", flat=True)) == {""}
    calendar(5)
    assert log_in(Client(), "hanako", "hunter2").status_code == 200


def test_whoever_reads_the_table_learns_nothing(
    hanako: Any, taro: Any, configure: Callable[..., None]
) -> None:
    """An exposed password and another one leave the same behind, in the same statements."""
    configure(GRACE={"days": 3}, **FORCED)
    kept = []
    for name, password in (("hanako", "hunter2"), ("taro", "a long walk in kyoto 8264")):
        with CaptureQueriesContext(connection) as queries:
            assert log_in(Client(), name, password).status_code == 302
        texts = User.objects.values_list("last_name", flat=True).get(username=name)
        kept.append((len(texts), [query["sql"].split(" ")[:3] for query in queries]))
        first, again = texts, None
        log_in(Client(), name, password)
        again = User.objects.values_list("last_name", flat=True).get(username=name)
        assert first != again
    assert kept[0] == kept[1]
    assert kept[0][0] == 56


def test_a_mark_is_of_one_account_and_one_password(
    hanako: Any, taro: Any, configure: Callable[..., None], calendar: Callable[[int], None]
) -> None:
    configure(GRACE={"days": 3}, **FORCED)
    log_in(Client(), "hanako", "hunter2")
    sealed = User.objects.get(username="hanako").last_name
    User.objects.filter(username="taro").update(last_name=sealed)
    assert mark_of(taro) == Mark()
    hanako = User.objects.get(username="hanako")
    hanako.set_password("hunter2")
    hanako.save()
    assert mark_of(hanako) == Mark()
    # A secret that was replaced still opens it.
    log_in(Client(), "hanako", "hunter2")
    with override_settings(SECRET_KEY="another one", SECRET_KEY_FALLBACKS=["of the tests"]):
        assert mark_of(hanako) == Mark(FIRST_DAY, 1)
    with override_settings(SECRET_KEY="another one"):
        assert mark_of(hanako) == Mark()


def test_the_cache_keeps_marks_under_names_that_tell_nobody(
    hanako: Any, configure: Callable[..., None], calendar: Callable[[int], None]
) -> None:
    configure(GRACE={"days": 3}, LOG_IN="force_reset", VERIFIED_EMAIL=True)
    log_in(Client(), "hanako", "hunter2")
    assert mark_of(hanako) == Mark(FIRST_DAY, 1)
    names = list(caches["default"]._cache)
    assert names
    assert not any("hanako" in name or "exposed" in name or f":{hanako.pk}" in name[2:] for name in names)
    calendar(5)
    assert log_in(Client(), "hanako", "hunter2").status_code == 200


def test_a_policy(hanako: Any, configure: Callable[..., None], calendar: Callable[[int], None]) -> None:
    policy = {"profile": "nist", "mfa": True, "grace": {"days": 3}}
    configure(POLICY=policy, VERIFIED_EMAIL=True, MARK_FIELD="last_name")
    browser = Client()
    log_in(browser, "hanako", "hunter2")
    assert who(browser).endswith(WARNING["en"] + DAYS["en"])
    calendar(5)
    assert log_in(Client(), "hanako", "hunter2").status_code == 200


@pytest.mark.skipif(VERSION < (5, 0), reason="Django before 5.0 has no asynchronous authenticate")
def test_without_waiting(
    hanako: Any, configure: Callable[..., None], calendar: Callable[[int], None]
) -> None:
    from django.contrib.auth import aauthenticate  # type: ignore[import-untyped]

    configure(GRACE={"days": 3}, LOG_IN="force_reset", VERIFIED_EMAIL=True)

    async def let_in() -> bool:
        request = RequestFactory().post("/")
        return await aauthenticate(request, username="hanako", password="hunter2") is not None

    from asgiref.sync import async_to_sync

    assert async_to_sync(let_in)()
    calendar(5)
    assert not async_to_sync(let_in)()


class TestRecheck:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Grows with each question at log-in."""
        found: list[int] = []

        def ask(*arguments: Any) -> Any:
            found.append(1)
            return gates.ask(*arguments)

        monkeypatch.setattr("breachdex.django.backends.ask", ask)
        return found

    def test_only_a_newer_index_is_asked_again(
        self,
        taro: Any,
        configure: Callable[..., None],
        make_index: Callable[..., Path],
        tmp_path: Path,
        asked: list[int],
    ) -> None:
        def use(day: str, **seen: int) -> None:
            path = make_index(tmp_path / f"{day}.bdx", {"hunter2": 4, **seen}, corpus_date=day)
            configure(INDEX=path, LOG_IN="warn", RECHECK="newer_index", MARK_FIELD="last_name")

        use("2026-09-01")
        for _ in range(3):
            log_in(Client(), "taro", "a long walk in kyoto 8264")
        assert (len(asked), mark_of(taro)) == (1, Mark(checked=date(2026, 9, 1)))
        use("2026-10-01", **{"a long walk in kyoto 8264": 3})
        browser = Client()
        log_in(browser, "taro", "a long walk in kyoto 8264")
        assert who(browser).endswith(WARNING["en"])
        log_in(browser, "taro", "a long walk in kyoto 8264")
        # What is exposed is looked at each time.
        assert (len(asked), mark_of(taro)) == (3, Mark())

    def test_an_index_without_a_date_is_always_asked(
        self, taro: Any, configure: Callable[..., None], asked: list[int]
    ) -> None:
        configure(LOG_IN="warn", RECHECK="newer_index", MARK_FIELD="last_name")
        for _ in range(3):
            log_in(Client(), "taro", "a long walk in kyoto 8264")
        assert len(asked) == 3


class TestSettings:
    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            (
                {"GRACE": {"days": 3}},
                'BREACHDEX["GRACE"] is without effect, because LOG_IN is "warn": set LOG_IN to "force_reset" or "reject".',
            ),
            (
                {"GRACE": {"day": 3}, "LOG_IN": "reject"},
                (
                    'BREACHDEX["GRACE"] cannot be used: grace has no key "day" (the keys are days, log_ins, until); did you mean '
                    '"days"?'
                ),
            ),
            ({"RECHECK": "never"}, "BREACHDEX[\"RECHECK\"] must be always or newer_index, not 'never'."),
            ({"TEST_PASSWORD": "yes"}, "BREACHDEX[\"TEST_PASSWORD\"] must be True or False, not 'yes'."),
            (
                {"MARK_FIELD": "not a name"},
                "BREACHDEX[\"MARK_FIELD\"] must be the name of a field of the user model, or None, not 'not a name'.",
            ),
        ],
    )
    def test_what_makes_no_sense_is_named(
        self, configure: Callable[..., None], keys: dict[str, Any], said: str
    ) -> None:
        from breachdex.django.conf import settings

        configure(**keys)
        with pytest.raises(ImproperlyConfigured) as raised:
            settings()
        assert str(raised.value) == said

    def test_a_field_that_is_missing_or_too_short(self, configure: Callable[..., None]) -> None:
        grace = {"GRACE": {"days": 3}, "LOG_IN": "force_reset", "VERIFIED_EMAIL": True}
        configure(**grace, MARK_FIELD="nowhere")
        [error] = checks.check_marks()
        assert (error.id, error.msg) == (
            "breachdex.E007",
            'The user model auth.User has no field "nowhere", which MARK_FIELD names.',
        )
        with pytest.raises(ImproperlyConfigured, match="^breachdex.E007: "):
            checks.demand_column()
        configure(**{**grace, "MARK_FIELD": "last_name"})
        assert checks.check_marks() == []
        checks.demand_column()

    def test_a_cache_that_forgets(self, configure: Callable[..., None]) -> None:
        configure(GRACE={"days": 3}, LOG_IN="force_reset", VERIFIED_EMAIL=True)
        assert [warning.id for warning in checks.check_marks()] == ["breachdex.W005"]
        configure(GRACE={"until": "2027-01-31"}, LOG_IN="force_reset", VERIFIED_EMAIL=True)
        assert checks.check_marks() == []

    def test_the_test_password_in_production(self, configure: Callable[..., None]) -> None:
        assert checks.check_test_password() == []
        configure(TEST_PASSWORD=True)
        assert [warning.id for warning in checks.check_test_password()] == ["breachdex.W006"]
        with override_settings(DEBUG=True):
            assert checks.check_test_password() == []


class TestTestPassword:
    @pytest.mark.parametrize(
        "keys", [{}, {"POLICY": "nist"}, {"POLICY": {"profile": "asvs-l2"}}], ids=["gate", "nist", "asvs-l2"]
    )
    def test_it_takes_the_whole_path(self, configure: Callable[..., None], keys: dict[str, Any]) -> None:
        validators = ["PolicyValidator"] if keys else ["ExposedPasswordValidator"]
        chosen = [{"NAME": f"breachdex.django.validators.{name}"} for name in validators]
        log_in_keys = {} if keys else {"LOG_IN": "force_reset"}
        tester = User.objects.create_user("tester", "tester@mail.example", TEST_PASSWORD)
        with override_settings(AUTH_PASSWORD_VALIDATORS=chosen):
            configure(VERIFIED_EMAIL=True, **keys, **log_in_keys)
            validate_password(TEST_PASSWORD)
            assert log_in(Client(), "tester", TEST_PASSWORD).status_code == 302
            configure(TEST_PASSWORD=True, VERIFIED_EMAIL=True, **keys, **log_in_keys)
            with pytest.raises(ValidationError) as raised:
                validate_password(TEST_PASSWORD)
            assert raised.value.error_list[0].code == "exposed"
            assert log_in(Client(), "tester", TEST_PASSWORD).status_code == 200
        assert [letter.to for letter in mail.outbox] == [[tester.email]]

    def test_the_environment_reaches_django(
        self, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BREACHDEX_TEST_PASSWORD", "1")
        configure()
        with pytest.raises(ValidationError):
            validate_password(TEST_PASSWORD)
        configure(TEST_PASSWORD=False)
        validate_password(TEST_PASSWORD)
