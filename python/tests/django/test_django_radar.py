"""The radar at Django's log-in: what it is told, by whichever backends, and what becomes of its advice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import breachdex
import pytest
from asgiref.sync import async_to_sync
from breachdex import LogInWatch
from breachdex.django import radar
from breachdex.django.backends import ExposedPasswordBackend, ExposedPasswordMixin
from breachdex.django.conf import parse
from breachdex.django.signals import attack_began, attack_ended, suspect_log_in
from django import VERSION  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.contrib.auth import authenticate  # type: ignore[import-untyped]
from django.contrib.auth.backends import BaseBackend, ModelBackend  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import checks  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, PermissionDenied  # type: ignore[import-untyped]
from django.db import connection  # type: ignore[import-untyped]
from django.test import AsyncClient, Client, RequestFactory, override_settings  # type: ignore[import-untyped]
from django.test.utils import CaptureQueriesContext  # type: ignore[import-untyped]
from django.views.debug import ExceptionReporter  # type: ignore[import-untyped]
from django_support import log_in, who
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from test_django_login import page

GOOD = "a long walk in kyoto 8264"
MIDDLEWARE = [*settings.MIDDLEWARE, "breachdex.django.middleware.radar_middleware"]
ATTACKER = "203.0.113.9"


class Mixed(ExposedPasswordMixin, ModelBackend):  # type: ignore[misc]
    """Another backend with the mixin."""


class Directory(BaseBackend):  # type: ignore[misc]
    """Another backend without it: a company's directory."""

    def authenticate(self, request: Any, username: str | None = None, password: str | None = None) -> Any:
        return User.objects.get(username=username) if password == "of the directory" else None

    def get_user(self, user_id: int) -> Any:
        return User.objects.get(pk=user_id)


class Broken(BaseBackend):  # type: ignore[misc]
    """A backend whose server is away."""

    def authenticate(self, request: Any, username: str | None = None, password: str | None = None) -> Any:
        raise ConnectionError


class MixedBroken(ExposedPasswordMixin, Broken):
    """The same with the mixin."""


def named(*kinds: type) -> list[str]:
    """The paths of backends."""
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds]


@pytest.fixture(autouse=True)
def _middleware() -> Iterator[None]:
    # A setting that is the same is the same radar.
    radar._watch.cache_clear()
    with override_settings(MIDDLEWARE=MIDDLEWARE):
        yield


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the radar was told: source, account, success, exposure, whether there is such an account."""
    heard: list[tuple[Any, ...]] = []
    tell = LogInWatch.tell

    def listening(self: LogInWatch, source: str, account: str, **facts: Any) -> Any:
        heard.append((source, account, facts["succeeded"], facts["exposed"], facts["known"]))
        return tell(self, source, account, **facts)

    monkeypatch.setattr(LogInWatch, "tell", listening)
    return heard


def attack(tries: int = 40, **headers: str) -> None:
    """One address tries many names with passwords that leaked."""
    client = Client(REMOTE_ADDR=ATTACKER, **headers)
    for number in range(tries):
        log_in(client, f"victim{number}", "hunter2", "/plain/")


def test_each_attempt_is_told_once_with_what_is_known(
    taro: Any, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(RADAR=True)
    client = Client()
    log_in(client, "taro", "wrong 5521")
    log_in(client, "taro", "hunter2")
    log_in(client, "Nobody ", "hunter2")
    log_in(client, "nobody", "")
    log_in(client, "taro", GOOD)
    assert who(client).startswith("taro")
    here = "127.0.0.1"
    assert told == [
        (here, "taro", False, False, True),
        (here, "taro", False, True, True),
        (here, "Nobody", False, True, False),
        (here, "taro", True, False, True),
    ]


@pytest.mark.parametrize("name", ["taro", "nobody"])
@pytest.mark.parametrize("password", ["hunter2", "wrong 5521"])
def test_answers_and_queries_are_those_without_a_radar(
    taro: Any, configure: Callable[..., None], name: str, password: str
) -> None:
    seen = []
    for setting in (None, True, {"ON_ATTACK": "deny"}):
        configure(RADAR=setting)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = log_in(Client(), name, password, "/plain/")
        shapes = [query["sql"].split(" WHERE ")[0] for query in queries.captured_queries]
        seen.append((answer.status_code, page(answer), sorted(answer.headers), shapes))
    assert seen[0] == seen[1] == seen[2]


def test_a_hash_is_made_once_whether_the_account_is_there_or_not(
    taro: Any, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher  # type: ignore[import-untyped]

    configure(RADAR=True)
    made: list[int] = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> Any:
        made.append(1)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    for name in ("taro", "nobody"):
        made.clear()
        log_in(Client(), name, "wrong 5521", "/plain/")
        assert sum(made) == 1, name


@pytest.mark.parametrize(
    ("backends", "password", "expected"),
    [
        ((ExposedPasswordBackend, Directory), "of the directory", (True, False, True)),
        ((ExposedPasswordBackend, Directory), "hunter2", (False, True, True)),
        ((ExposedPasswordBackend, Mixed), "hunter2", (False, True, True)),
        ((ExposedPasswordBackend, Mixed), GOOD, (True, False, True)),
        ((Directory, Mixed), GOOD, (True, False, True)),
        ((Directory, Mixed), "hunter2", (False, True, True)),
    ],
)
def test_several_backends_are_one_attempt(
    backends: tuple[type, ...],
    password: str,
    expected: tuple[Any, ...],
    taro: Any,
    configure: Callable[..., None],
    told: list[Any],
) -> None:
    configure(RADAR=True)
    with override_settings(AUTHENTICATION_BACKENDS=named(*backends)):
        log_in(Client(), "taro", password, "/plain/")
        log_in(Client(), "taro", password, "/plain/")
    assert told == [("127.0.0.1", "taro", *expected)] * 2


def test_a_log_in_without_a_session_by_another_backend_is_told_when_the_view_is_done(
    taro: Any, configure: Callable[..., None], told: list[Any]
) -> None:
    from breachdex.django.middleware import radar_middleware

    configure(RADAR=True)

    def view(request: Any) -> Any:
        assert authenticate(request, username="taro", password="of the directory") == taro
        return authenticate(request, username="taro", password="of the directory")

    with override_settings(AUTHENTICATION_BACKENDS=named(ExposedPasswordBackend, Directory)):
        assert radar_middleware(view)(RequestFactory().post("/")) == taro
    assert told == [("127.0.0.1", "taro", True, False, True)] * 2


def test_a_log_in_without_a_request_is_told_without_a_source(
    taro: Any, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(RADAR=True)
    with override_settings(AUTHENTICATION_BACKENDS=named(ExposedPasswordBackend, Mixed)):
        assert authenticate(username="taro", password="hunter2") is None
        assert authenticate(username="taro", password=GOOD) == taro
    assert told == [("", "taro", False, True, True), ("", "taro", True, False, True)]


def test_a_backend_that_breaks_is_no_attempt(
    taro: Any, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(RADAR=True)
    with (
        override_settings(AUTHENTICATION_BACKENDS=named(MixedBroken)),
        pytest.raises(ConnectionError),
    ):
        log_in(Client(), "taro", "hunter2", "/plain/")
    assert told == []


def test_a_refused_log_in_with_a_right_password_is_told_once(
    hanako: Any, configure: Callable[..., None], told: list[Any]
) -> None:
    configure(RADAR=True, LOG_IN="force_reset", VERIFIED_EMAIL=True)
    client = Client()
    log_in(client, "hanako", "hunter2")
    assert who(client) == "nobody"
    assert told == [("127.0.0.1", "hanako", True, True, True)]


@pytest.mark.parametrize(
    ("trusted", "peer", "header", "expected"),
    [
        ([], "198.51.100.1", "192.0.2.7", "198.51.100.1"),
        (["10.0.0.0/8"], "198.51.100.1", "192.0.2.7", "198.51.100.1"),
        (["10.0.0.0/8"], "10.1.2.3", "192.0.2.7", "192.0.2.7"),
        (["10.0.0.0/8"], "10.1.2.3", "1.1.1.1, 192.0.2.7, 10.9.9.9", "192.0.2.7"),
        (["10.0.0.0/8"], "10.1.2.3", "1.1.1.1, nonsense", "10.1.2.3"),
        (["10.0.0.0/8"], "10.1.2.3", "[2001:db8::7]:4711", "2001:db8::7"),
        (["10.0.0.0/8"], "10.1.2.3", "192.0.2.7:4711", "192.0.2.7"),
        (["unix"], "", "192.0.2.7", "192.0.2.7"),
        (["10.0.0.0/8"], "", "192.0.2.7", ""),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", "192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_header_is_believed_of_trusted_proxies_only(
    trusted: list[str],
    peer: str,
    header: str,
    expected: str,
    configure: Callable[..., None],
    told: list[Any],
) -> None:
    configure(RADAR={"TRUSTED_PROXIES": trusted})
    log_in(Client(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=header), "nobody", "hunter2", "/plain/")
    [(source, *_)] = told
    assert source == expected


def test_a_sender_who_makes_up_addresses_stays_one_source(configure: Callable[..., None]) -> None:
    configure(RADAR=(ours := breachdex.Radar()))
    for number in range(40):
        spoofed = {"HTTP_X_FORWARDED_FOR": f"192.0.2.{number}", "HTTP_X_REAL_IP": f"192.0.2.{number}"}
        log_in(Client(REMOTE_ADDR=ATTACKER, **spoofed), f"victim{number}", "hunter2", "/plain/")
    assert ours.advise(ATTACKER) == "challenge"
    assert ours.advise("192.0.2.1") == "allow"


def test_another_header_can_be_named(configure: Callable[..., None], told: list[Any]) -> None:
    configure(RADAR={"TRUSTED_PROXIES": ["127.0.0.1"], "FORWARDED_HEADER": "CF-Connecting-IP"})
    client = Client(HTTP_CF_CONNECTING_IP="192.0.2.7", HTTP_X_FORWARDED_FOR="1.1.1.1")
    log_in(client, "nobody", "hunter2", "/plain/")
    assert told[0][0] == "192.0.2.7"


@pytest.fixture
def heard() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What the signals said."""
    said: list[tuple[str, dict[str, Any]]] = []

    def listener(name: str) -> Callable[..., None]:
        def listening(**facts: Any) -> None:
            said.append(
                (name, {key: value for key, value in facts.items() if key not in ("signal", "sender")})
            )

        return listening

    signals = {"began": attack_began, "ended": attack_ended, "suspect": suspect_log_in}
    listeners = {name: listener(name) for name in signals}
    for name, signal in signals.items():
        signal.connect(listeners[name])
    yield said
    for name, signal in signals.items():
        signal.disconnect(listeners[name])


def test_signals_say_when_an_attack_begins_ends_and_takes_an_account(
    taro: Any, configure: Callable[..., None], heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(RADAR=(ours := breachdex.Radar()))
    attack()
    [(name, facts)] = heard
    assert name == "began"
    assert facts["reasons"] == [{"reason": "sources", "count": 1}]
    since = facts["since"]
    assert since == ours.status().since

    log_in(client := Client(), "taro", GOOD)
    assert who(client).startswith("taro"), "others log in as before"
    assert len(heard) == 1

    log_in(Client(REMOTE_ADDR=ATTACKER), "taro", GOOD)
    name, facts = heard[1]
    assert (name, facts["user"], facts["is_denied"]) == ("suspect", taro, False)
    assert facts["request"].breachdex_advice == "challenge"

    # Half an hour later the first attempt says that it is over.
    assert ours.status().raised is not None
    ours.status(float(ours.status().raised or 0) + 3600)
    log_in(Client(), "taro", "wrong 5521", "/plain/")
    assert heard[2:] == [("ended", {"since": since})]


def test_deny_is_a_choice_and_looks_like_a_wrong_password(
    taro: Any, configure: Callable[..., None], heard: list[Any]
) -> None:
    client = Client(REMOTE_ADDR=ATTACKER)
    configure(RADAR=True)
    attack()
    assert log_in(client, "taro", GOOD, "/plain/").status_code == 302
    configure(RADAR={"ON_ATTACK": "deny"})
    attack()
    client = Client(REMOTE_ADDR=ATTACKER)
    wrong = log_in(client, "taro", "wrong 5521", "/plain/")
    right = log_in(client, "taro", GOOD, "/plain/")
    assert (right.status_code, page(right)) == (wrong.status_code, page(wrong))
    assert "sessionid" not in right.cookies
    assert [facts["is_denied"] for name, facts in heard if name == "suspect"] == [False, True]
    assert log_in(Client(), "taro", GOOD, "/plain/").status_code == 302, "nobody else is denied"


def test_a_denied_log_in_neither_warns_nor_mails(hanako: Any, configure: Callable[..., None]) -> None:
    configure(RADAR={"ON_ATTACK": "deny"}, LOG_IN="force_reset", VERIFIED_EMAIL=True)
    attack()
    before = User.objects.get(pk=hanako.pk).password
    answer = log_in(Client(REMOTE_ADDR=ATTACKER), "hanako", "hunter2")
    assert "have to be reset" not in answer.content.decode()
    assert User.objects.get(pk=hanako.pk).password == before


def test_a_function_of_the_project_acts_on_the_advice(taro: Any, configure: Callable[..., None]) -> None:
    called: list[tuple[Any, ...]] = []

    def hook(request: Any, advice: str, user: Any) -> None:
        assert request.breachdex_advice == advice
        called.append((advice, user))
        raise PermissionDenied

    configure(RADAR={"ON_ADVICE": hook})
    log_in(client := Client(), "taro", GOOD)
    assert who(client).startswith("taro")
    assert called == [], "there is nothing to do about an ordinary log-in"
    attack()
    assert ("challenge", None) in called
    called.clear()
    log_in(client := Client(REMOTE_ADDR=ATTACKER), "taro", GOOD, "/plain/")
    assert who(client) == "nobody"
    assert called == [("challenge", taro)]


def test_a_page_knows_the_advice_before_anything_is_typed(configure: Callable[..., None]) -> None:
    configure(RADAR=True)
    attack()
    for address, advice in ((ATTACKER, "challenge"), ("198.51.100.1", "allow")):
        answer = Client(REMOTE_ADDR=address).get("/plain/")
        assert answer.wsgi_request.breachdex_advice == advice


def test_the_admin_s_log_in_is_seen(taro: Any, configure: Callable[..., None], told: list[Any]) -> None:
    configure(RADAR=True)
    log_in(Client(), "taro", "hunter2", "/admin/login/")
    assert told == [("127.0.0.1", "taro", False, True, True)]


@pytest.mark.skipif(not settings.ALLAUTH, reason="allauth is not there")
def test_allauth_s_log_in_is_seen(taro: Any, configure: Callable[..., None], told: list[Any]) -> None:
    recipe = "django_site.allauth_recipe"
    configure(RADAR=True)
    with override_settings(
        AUTHENTICATION_BACKENDS=[f"{recipe}.ExposedAuthenticationBackend"],
        ACCOUNT_FORMS={"login": f"{recipe}.ExposedLoginForm"},
    ):
        for name, password in (("taro", "hunter2"), ("nobody", "hunter2"), ("taro", GOOD)):
            Client().post("/allauth/login/", {"login": name, "password": password})
    here = "127.0.0.1"
    assert told == [
        (here, "taro", False, True, True),
        (here, "nobody", False, True, False),
        (here, "taro", True, False, True),
    ]


def test_without_a_thread(taro: Any, configure: Callable[..., None], told: list[Any]) -> None:
    if VERSION < (5, 0):
        pytest.skip("this Django has no aauthenticate()")
    from django.contrib.auth import aauthenticate

    configure(RADAR=True)
    request = RequestFactory().post("/")

    async def visit() -> Any:
        for name, password in (("taro", "hunter2"), ("nobody", "hunter2")):
            assert await aauthenticate(request, username=name, password=password) is None
        client = AsyncClient()
        await client.post("/plain/", {"username": "taro", "password": "hunter2"})
        return await aauthenticate(request, username="taro", password=GOOD)

    assert async_to_sync(visit)() == taro
    here = "127.0.0.1"
    assert told == [
        (here, "taro", False, True, True),
        (here, "nobody", False, True, False),
        (here, "taro", False, True, True),
        (here, "taro", True, False, True),
    ]
    assert request.breachdex_advice == "allow"


def test_a_sidecar_that_is_away_locks_nobody_out(
    taro: Any, configure: Callable[..., None], caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    configure(RADAR={"SIDECAR": f"unix:{tmp_path}/none.sock"})
    log_in(client := Client(), "taro", GOOD)
    assert who(client).startswith("taro")
    log_in(Client(), "taro", "hunter2", "/plain/")
    lines = [record for record in caplog.records if record.name == "breachdex"]
    assert [record.getMessage() for record in lines] == [
        f"the radar at unix:{tmp_path}/none.sock could not be asked (No such file or directory); log-ins go on without it"
    ]
    assert lines[0].levelno == logging.ERROR

    async def visit() -> Any:
        return await AsyncClient().post("/plain/", {"username": "taro", "password": GOOD})

    assert async_to_sync(visit)().status_code == 302


def test_a_damaged_index_is_an_unknown_exposure(
    taro: Any, damage: Callable[[], None], told: list[Any]
) -> None:
    with override_settings(BREACHDEX={**settings.BREACHDEX, "RADAR": True}):
        log_in(Client(), "taro", "hunter2", "/plain/")
        damage()
        log_in(Client(), "taro", "hunter2", "/plain/")
    assert [exposed for _, _, _, exposed, _ in told] == [True, None]


def faults() -> set[str]:
    """The checks that complain."""
    return {message.id for message in checks.run_checks(tags=["security"])}


def test_checks(configure: Callable[..., None], tmp_path: Any) -> None:
    of_radar = {f"breachdex.W01{number}" for number in range(4)}
    configure()
    assert faults() & of_radar == set()
    configure(RADAR=True)
    assert faults() & of_radar == {"breachdex.W010"}
    with override_settings(DEBUG=True):
        assert faults() & of_radar == set()
    configure(RADAR={"SIDECAR": f"unix:{tmp_path}/radar.sock"})
    assert faults() & of_radar == set()
    with override_settings(
        MIDDLEWARE=settings.MIDDLEWARE[:-1],
        AUTHENTICATION_BACKENDS=named(ModelBackend),
        USE_X_FORWARDED_HOST=True,
    ):
        assert faults() & of_radar == {"breachdex.W011", "breachdex.W012", "breachdex.W013"}
    configure(RADAR={"SIDECAR": f"unix:{tmp_path}/radar.sock", "TRUSTED_PROXIES": ["unix"]})
    with override_settings(USE_X_FORWARDED_HOST=True):
        assert faults() & of_radar == set()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("yes", "must be True, a dict, a Radar or a SidecarRadar, not 'yes'"),
        ({"SIDECARS": 1}, "has no key 'SIDECARS'"),
        ({"SIDECAR": "unix:radar"}, "unix: and an absolute path"),
        ({"SIDECAR": "http://10.0.0.1:80"}, "is not this machine"),
        ({"SIDECAR": "unix:/x", "ON_ATTACK": "deny"}, "say it where the sidecar is started"),
        ({"TIMEOUT": 1}, "it is for SIDECAR"),
        ({"INSTANCE": 1}, "must be a Radar or a SidecarRadar, not 1"),
        ({"INSTANCE": breachdex.Radar(sources=256), "STATE": "x"}, "INSTANCE, which says it itself"),
        ({"ON_ATTACK": "block"}, "on_attack must be 'allow', 'delay', 'challenge' or 'deny'"),
        ({"TRUSTED_PROXIES": ["proxy"]}, "'proxy' is no trusted proxy"),
        ({"TRUSTED_PROXIES": "10.0.0.1"}, "must be a list"),
        ({"ON_ADVICE": 1}, "must be a function"),
        ({"STATE": 1}, "must be a string, not 1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(setting: object, message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match='BREACHDEX\\["RADAR') as raised:
        parse({"RADAR": setting})
    assert message in str(raised.value)


def test_a_state_is_read_at_the_start_and_a_damaged_one_refuses_to_start(
    configure: Callable[..., None], tmp_path: Any
) -> None:
    path = tmp_path / "radar.state"
    before = breachdex.Radar()
    for number in range(40):
        before.observe(ATTACKER, f"victim{number}", succeeded=False, exposed=True)
    before.save(path)
    configure(RADAR={"STATE": path})
    watch = radar.watch()
    assert watch is not None
    assert watch.advise(ATTACKER) == "challenge"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    radar._watch.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="RADAR"):
        radar.watch()


def test_nothing_leaks(
    taro: Any,
    configure: Callable[..., None],
    heard: list[Any],
    make_index: Callable[..., Any],
    tmp_path: Any,
) -> None:
    """Passwords and names: in logs, signals, metrics, the state, pages, and the variables of frames behind an error."""
    index = make_index(tmp_path / "leak.bdx", {EXPOSED_SENTINEL: 1})
    user = User.objects.create_user("SENTINEL-user", password=EXPOSED_SENTINEL)
    ours = breachdex.Radar(sources=256)

    def fails(request: Any, advice: str, user: Any) -> None:
        raise LookupError

    configure(INDEX=index, RADAR={"INSTANCE": ours, "ON_ADVICE": fails})
    shown = []
    frames = 0
    with every_log_line() as lines:
        client = Client(REMOTE_ADDR=ATTACKER, raise_request_exception=False)
        for number in range(40):
            password = EXPOSED_SENTINEL if number % 15 else SENTINEL
            answer = log_in(client, f"SENTINEL-{number}", password, "/plain/")
            shown.append(f"{answer.headers} {answer.cookies}")
            frames += answer.status_code == 500
        with pytest.raises(LookupError) as raised:
            log_in(Client(REMOTE_ADDR=ATTACKER), "SENTINEL-user", EXPOSED_SENTINEL, "/plain/")
        configure(INDEX=index, RADAR={"SIDECAR": f"unix:{tmp_path}/none"})
        log_in(Client(), "SENTINEL-user", SENTINEL, "/plain/")
    assert frames, "the project's function failed"
    error = raised.value
    reported = ExceptionReporter(None, type(error), error, error.__traceback__).get_traceback_frames()
    own = [frame["vars"] for frame in reported if "/breachdex/" in frame["filename"]]
    assert own
    ours.save(tmp_path / "state")
    signals = [{key: value for key, value in facts.items() if key != "user"} for _, facts in heard]
    watch = LogInWatch(ours)
    attempt = radar.Attempt(watch, ATTACKER, "SENTINEL-user", True)
    texts = [
        *(line for line in lines if not line.startswith("django.db")),
        *shown,
        str(signals),
        breachdex.radar_metrics(watch),
        repr((ours, watch, attempt, ours.status(), settings.BREACHDEX)),
        (tmp_path / "state").read_bytes().decode("latin-1"),
    ]
    assert {name for name, _ in heard} == {"began", "suspect"}
    assert_clean(*texts, str(own))
    assert not [text for text in texts if "SENTINEL" in text]
    assert heard[-1][1]["user"] == user
