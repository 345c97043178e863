"""The radar at the log-ins of Flask-Security and fastapi-users, and where there is a form of the site's own."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import breachdex
import flask
import flask_site
import pytest
import users_site
from breachdex import LogInWatch
from breachdex.asgi import LogInMiddleware
from breachdex.flask_security import ExposedUnifiedSigninForm, suspect_log_in
from fastapi import HTTPException
from leaks import EXPOSED_SENTINEL, SENTINEL, assert_clean, every_log_line
from users_site import EXPOSED, GOOD, manager, site

Told = list[tuple[Any, ...]]
ATTACKER = "203.0.113.9"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the radar was told: source, account, success, exposure, whether there is such an account."""
    heard: Told = []
    for name in ("tell", "atell"):
        tell = getattr(LogInWatch, name)

        def listening(self: LogInWatch, source: str, account: str, *, _tell: Any = tell, **facts: Any) -> Any:
            if _tell.__name__ == "tell":
                heard.append((source, account, facts["succeeded"], facts["exposed"], facts["known"]))
            return _tell(self, source, account, **facts)

        monkeypatch.setattr(LogInWatch, name, listening)
    return heard


def attacked(**options: Any) -> LogInWatch:
    """A watch that has seen an attack from an address."""
    watch = LogInWatch(breachdex.Radar(**options))
    for number in range(40):
        watch.tell(ATTACKER, f"victim{number}", succeeded=False, exposed=True)
    return watch


class TestFlaskSecurity:
    def site(self, index: Path, watch: object, **config: Any) -> flask_site.Site:
        made = flask_site.Site({"BREACHDEX_INDEX": str(index), "BREACHDEX_RADAR": watch, **config})
        made.add()
        return made

    def log_in(self, made: flask_site.Site, address: str, password: str, **more: Any) -> Any:
        browser = made.app.test_client()
        data = {"email": "ann@example.com", "password": password, **more}
        return browser.post("/login", json=data, environ_overrides={"REMOTE_ADDR": address})

    def test_each_attempt_is_told_once(self, exposed_index: Path, told: Told) -> None:
        made = self.site(exposed_index, breachdex.Radar())
        for email, password in (
            ("ann@example.com", "hunter2"),
            ("nobody@example.com", "hunter2"),
            ("ann@example.com", GOOD),
            ("ann@example.com", EXPOSED),
        ):
            self.log_in(made, "192.0.2.7", password, email=email)
        self.log_in(made, "192.0.2.7", "", email="ann@example.com")
        self.log_in(made, "192.0.2.7", "hunter2", email="")
        assert told == [
            ("192.0.2.7", "ann@example.com", False, True, True),
            ("192.0.2.7", "nobody@example.com", False, True, False),
            ("192.0.2.7", "ann@example.com", False, False, True),
            ("192.0.2.7", "ann@example.com", True, True, True),
        ]

    def test_an_account_that_may_not_log_in_is_a_failure(self, exposed_index: Path, told: Told) -> None:
        made = self.site(exposed_index, breachdex.Radar())
        made.add("off@example.com", GOOD, active=False)
        self.log_in(made, "192.0.2.7", GOOD, email="off@example.com")
        assert told == [("192.0.2.7", "off@example.com", False, False, True)]

    @pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
    @pytest.mark.parametrize("generic", [False, True])
    def test_answers_and_queries_are_those_without_a_radar(
        self, exposed_index: Path, email: str, generic: bool
    ) -> None:
        seen = []
        for watch in (None, breachdex.Radar(), breachdex.Radar(on_attack="deny")):
            made = self.site(exposed_index, watch, SECURITY_RETURN_GENERIC_RESPONSES=generic)
            with made.statements() as statements:
                answer = self.log_in(made, "192.0.2.7", "hunter2", email=email)
            seen.append((answer.status_code, answer.json, statements))
        assert seen[0] == seen[1] == seen[2]

    @pytest.mark.parametrize("generic", [False, True])
    def test_deny_looks_like_a_wrong_password(self, exposed_index: Path, generic: bool) -> None:
        watch = attacked(on_attack="deny")
        made = self.site(exposed_index, watch, SECURITY_RETURN_GENERIC_RESPONSES=generic)
        with self.suspects(made) as suspects:
            right, wrong = (self.log_in(made, ATTACKER, password) for password in (EXPOSED, GOOD))
        assert (right.status_code, right.json) == (wrong.status_code, wrong.json)
        assert right.status_code == 400
        assert suspects == [("ann@example.com", True)]
        assert self.log_in(made, "192.0.2.7", EXPOSED).status_code == 200, "nobody else is denied"

    def test_the_site_acts_on_the_advice(self, exposed_index: Path) -> None:
        called: list[tuple[str, str | None]] = []

        def act(advice: str, user: Any) -> None:
            assert flask.g.breachdex_advice == advice
            called.append((advice, user and user.email))
            flask.abort(429)

        made = self.site(exposed_index, attacked(), BREACHDEX_ON_ADVICE=act)
        assert self.log_in(made, "192.0.2.7", EXPOSED).status_code == 200
        assert called == []
        with self.suspects(made) as suspects:
            assert self.log_in(made, ATTACKER, EXPOSED).status_code == 429
            assert self.log_in(made, ATTACKER, GOOD).status_code == 429
        assert called == [("challenge", "ann@example.com"), ("challenge", None)]
        assert suspects == [("ann@example.com", False)]

    @contextmanager
    def suspects(self, made: flask_site.Site) -> Iterator[list[tuple[str, bool]]]:
        heard: list[tuple[str, bool]] = []

        def listening(app: Any, user: Any, is_denied: bool) -> None:
            heard.append((user.email, is_denied))

        with suspect_log_in.connected_to(listening, made.app):
            yield heard

    @pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples:DeprecationWarning")
    def test_unified_sign_in_tells_passwords_and_no_codes(self, exposed_index: Path, told: Told) -> None:
        made = flask_site.Site(
            {
                "BREACHDEX_INDEX": str(exposed_index),
                "BREACHDEX_RADAR": breachdex.Radar(),
                "SECURITY_UNIFIED_SIGNIN": True,
                "SECURITY_TOTP_SECRETS": {"1": "Yxk2TzbRmVwIGvmdxxPE1BkkCAYCEZPmLjWCtDFAgaV"},
                "SECURITY_TOTP_ISSUER": "site",
                "SECURITY_US_ENABLED_METHODS": ["password", "email"],
            },
            us_signin_form=ExposedUnifiedSigninForm,
        )
        made.add()
        for code in ("123456", "hunter2", EXPOSED):
            data = {"identity": "ann@example.com", "passcode": code, "submit": True}
            made.app.test_client().post("/us-signin", json=data)
        here = "127.0.0.1"
        assert told == [
            (here, "ann@example.com", False, None, True),
            (here, "ann@example.com", False, True, True),
            (here, "ann@example.com", True, True, True),
        ]

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            ({"BREACHDEX_RADAR": "yes"}, "BREACHDEX_RADAR must be a LogInWatch, a Radar or a SidecarRadar"),
            ({"BREACHDEX_ON_ADVICE": "deny"}, "BREACHDEX_ON_ADVICE must be a function"),
        ],
    )
    def test_a_setting_that_makes_no_sense_is_named(self, config: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            flask_site.Site(config)


@pytest.mark.anyio
class TestFastAPIUsers:
    def kind(self, index: Path, watch: LogInWatch | None, **more: Any) -> Any:
        return manager(breachdex_index=index, breachdex_watch=watch, **more)

    async def log_in(
        self, made: users_site.Site, address: str, password: str, email: str = "ann@example.com"
    ) -> Any:
        import httpx

        transport = httpx.ASGITransport(LogInMiddleware(made.app), client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/jwt/login", data={"username": email, "password": password})

    async def test_each_attempt_is_told_once(self, exposed_index: Path, told: Told) -> None:
        async with site(self.kind(exposed_index, LogInWatch(breachdex.Radar()))) as made:
            await made.add()
            await made.add(GOOD, "off@example.com", is_active=False)
            for email, password in (
                ("ann@example.com", "hunter2"),
                ("nobody@example.com", "hunter2"),
                ("ann@example.com", GOOD),
                ("ann@example.com", EXPOSED),
                ("off@example.com", GOOD),
            ):
                await self.log_in(made, "192.0.2.7", password, email)
        assert told == [
            ("192.0.2.7", "ann@example.com", False, True, True),
            ("192.0.2.7", "nobody@example.com", False, True, False),
            ("192.0.2.7", "ann@example.com", False, False, True),
            ("192.0.2.7", "ann@example.com", True, True, True),
            ("192.0.2.7", "off@example.com", False, False, True),
        ]

    @pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
    async def test_answers_and_queries_are_those_without_a_radar(
        self, exposed_index: Path, email: str
    ) -> None:
        seen = []
        for watch in (None, LogInWatch(breachdex.Radar()), LogInWatch(breachdex.Radar(on_attack="deny"))):
            async with site(self.kind(exposed_index, watch)) as made:
                await made.add()
                made.statements.clear()
                answer = await self.log_in(made, "192.0.2.7", "hunter2", email)
                seen.append((answer.status_code, answer.json(), list(made.statements)))
        assert seen[0] == seen[1] == seen[2]

    async def test_deny_looks_like_a_wrong_password(self, exposed_index: Path) -> None:
        suspects: list[tuple[str, bool]] = []

        async def on_suspect_log_in(self: Any, user: Any, is_denied: bool) -> None:
            suspects.append((user.email, is_denied))

        kind = self.kind(exposed_index, attacked(on_attack="deny"), on_suspect_log_in=on_suspect_log_in)
        async with site(kind) as made:
            await made.add()
            right, wrong = [await self.log_in(made, ATTACKER, password) for password in (EXPOSED, GOOD)]
            assert (right.status_code, right.json()) == (wrong.status_code, wrong.json())
            assert right.status_code == 400
            assert suspects == [("ann@example.com", True)]
            assert (await self.log_in(made, "192.0.2.7", EXPOSED)).status_code == 200

    async def test_the_site_acts_on_the_advice(self, exposed_index: Path) -> None:
        called: list[tuple[str, str | None]] = []

        async def on_advice(self: Any, advice: str, user: Any) -> None:
            called.append((advice, user and user.email))
            raise HTTPException(429)

        async with site(self.kind(exposed_index, attacked(), on_advice=on_advice)) as made:
            await made.add()
            assert (await self.log_in(made, "192.0.2.7", EXPOSED)).status_code == 200
            assert called == []
            assert (await self.log_in(made, ATTACKER, EXPOSED)).status_code == 429
            assert (await self.log_in(made, ATTACKER, GOOD)).status_code == 429
            assert called == [("challenge", "ann@example.com"), ("challenge", None)]

    async def test_an_endpoint_knows_the_advice(self, exposed_index: Path) -> None:
        from fastapi import Request

        async with site(self.kind(exposed_index, attacked())) as made:
            await made.add()
            seen: list[str] = []

            @made.app.middleware("http")
            async def look(request: Request, call_next: Any) -> Any:
                before = request.state.breachdex_advice
                answer = await call_next(request)
                seen.extend((before, request.state.breachdex_advice))
                return answer

            await self.log_in(made, ATTACKER, EXPOSED)
            assert seen == ["allow", "challenge"]

    async def test_without_the_middleware_the_source_is_unknown(
        self,
        exposed_index: Path,
        told: Told,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from breachdex import _users_radar
        from breachdex._throttle import Throttle

        monkeypatch.setattr(_users_radar, "_throttle", Throttle())
        async with site(self.kind(exposed_index, LogInWatch(breachdex.Radar()))) as made:
            await made.add()
            for _ in range(2):
                await made.log_in("hunter2")
        assert [source for source, *_ in told] == ["", ""]
        assert [record.getMessage() for record in caplog.records if record.name == "breachdex"] == [
            "the radar does not know where log-ins come from: add breachdex.asgi.LogInMiddleware to the app"
        ]


class TestOwnForm:
    """What :class:`breachdex.LogInWatch` does for a site that has neither."""

    def test_account_names_are_one_however_they_are_typed(self, exposed_index: Path) -> None:
        breachdex.configure(index=exposed_index)
        radar = breachdex.Radar(learns=False)
        watch = LogInWatch(radar)
        for name in ("Kim", "ｋｉｍ", " kim ", "KIM") * 20:
            watch.observe(ATTACKER, name, "hunter2", succeeded=False)
        assert radar.status().state == "quiet", "one account with one wrong password"
        for number in range(40):
            watch.observe(ATTACKER, f"kim{number}", "hunter2", succeeded=False)
        assert radar.status().state == "attack"

    @pytest.mark.parametrize(
        ("password", "exposed"),
        [
            ("hunter2", True),
            ("ﾊﾟｽﾜｰﾄﾞ", True),
            (GOOD, False),
            ("", None),
            (None, None),
            ("x" * 1_000_000, False),
            ("\udc80", False),
        ],
    )
    def test_what_is_exposed(self, exposed_index: Path, password: str | None, exposed: bool | None) -> None:
        breachdex.configure(index=exposed_index)
        assert LogInWatch(breachdex.Radar()).exposed(password) is exposed

    def test_a_range_server_is_not_waited_for(self) -> None:
        breachdex.configure(index=breachdex.RangeClient("http://127.0.0.1:9"))
        assert LogInWatch(breachdex.Radar()).exposed("hunter2") is None

    def test_a_function_that_fails_stops_no_log_in(
        self, caplog: pytest.LogCaptureFixture, exposed_index: Path
    ) -> None:
        def fails(attack: breachdex.Attack) -> None:
            raise LookupError("SENTINEL")

        breachdex.configure(index=exposed_index)
        watch = LogInWatch(breachdex.Radar(on_suspect_log_in=lambda *_: 1 / 0), on_attack_began=fails)
        for number in range(40):
            watch.observe(ATTACKER, f"kim{number}", "hunter2", succeeded=False)
        assert watch.observe(ATTACKER, "kim", "hunter2", succeeded=True) == breachdex.Observation()
        said = [record.getMessage() for record in caplog.records]
        assert said == [
            "the function that is told of attacks failed: LookupError",
            "the radar could not be told of a log-in: ZeroDivisionError",
        ]

    @pytest.mark.parametrize(
        ("trusted", "client", "headers", "expected"),
        [
            ([], "198.51.100.1", ["192.0.2.7"], "198.51.100.1"),
            (["10.0.0.0/8"], "10.1.2.3", ["1.1.1.1", "192.0.2.7"], "192.0.2.7"),
            (["10.0.0.0/8"], "10.1.2.3", [], "10.1.2.3"),
            (["unix"], None, ["192.0.2.7"], "192.0.2.7"),
        ],
    )
    def test_the_source_of_an_asgi_scope(
        self, trusted: list[str], client: str | None, headers: list[str], expected: str
    ) -> None:
        watch = LogInWatch(breachdex.Radar(), trusted_proxies=trusted)
        scope = {
            "type": "http",
            "client": None if client is None else (client, 1),
            "headers": [(b"x-forwarded-for", value.encode()) for value in headers],
        }
        assert watch.source(scope) == expected


def test_nothing_leaks(exposed_index: Path, tmp_path: Path, make_index: Any) -> None:
    """Passwords, names and addresses: in logs, errors, what is shown, the metrics and the saved state."""
    index = make_index(tmp_path / "leak.bdx", {EXPOSED_SENTINEL: 1})
    breachdex.configure(index=index)
    attacks: list[breachdex.Attack] = []
    radar = breachdex.Radar(sources=256)
    watch = LogInWatch(radar, on_attack_began=attacks.append)
    sidecar = breachdex.SidecarRadar(f"unix:{tmp_path}/none", retry_after=0)
    with every_log_line() as lines:
        for number in range(60):
            password = EXPOSED_SENTINEL if number % 15 else SENTINEL
            observation = watch.observe(
                "SENTINEL-source", f"SENTINEL-{number}", password, succeeded=number > 50
            )
        LogInWatch(sidecar).observe("SENTINEL-source", "SENTINEL-name", EXPOSED_SENTINEL, succeeded=False)
    radar.save(tmp_path / "state")
    shown = [
        *lines,
        repr((radar, watch, sidecar, observation, radar.status(), attacks)),
        breachdex.radar_metrics(watch),
        breachdex.radar_metrics(sidecar),
    ]
    shown.append(repr(pickle.dumps(observation)))
    for pickled in (radar, sidecar, watch):
        with pytest.raises(TypeError) as raised:
            pickle.dumps(pickled)
        shown.append(str(raised.value))
    assert attacks
    assert_clean(*shown, (tmp_path / "state").read_bytes().decode("latin-1"))
    assert not [text for text in shown if "SENTINEL" in text]
    assert b"SENTINEL" not in (tmp_path / "state").read_bytes()
