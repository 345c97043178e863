"""The radar at log-in: each call of ``authenticate()`` is one attempt, however many backends it asks.

A failure is told when Django says ``user_login_failed``, which comes after the last backend, and with the password's exposure
from before the first. Nothing is asked of the database: whether there is such an account shows in what the backend loads.
"""

from __future__ import annotations

import atexit
import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model  # type: ignore[import-untyped]
from django.contrib.auth.signals import user_logged_in, user_login_failed  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, PermissionDenied  # type: ignore[import-untyped]
from django.db.models.signals import post_init  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex._breachdex import Radar
from breachdex._errors import RadarStateError
from breachdex._gate import logger
from breachdex._log_in_watch import Attack, LogInWatch
from breachdex.django.conf import settings
from breachdex.django.signals import attack_began, attack_ended, suspect_log_in

if TYPE_CHECKING:
    from typing import Self

    from breachdex.django.radar_setting import RadarSetting
    from breachdex.types import Advice

ATTRIBUTE: Final = "breachdex_advice"
"""Where a request says what the radar advises."""

_ATTEMPT: Final = "_breachdex_attempt"
_NAMES: Final = ("username", "email", "login", "phone")
"""What credentials call an account, besides the user model's own name for it."""


def watch() -> LogInWatch | None:
    """The process's watch; ``None`` without ``RADAR``.

    :raises ImproperlyConfigured: where a state or a token cannot be read.
    """
    setting = settings().radar
    return None if setting is None else _watch(setting)


@functools.lru_cache(maxsize=1)
def _watch(setting: RadarSetting) -> LogInWatch:
    try:
        radar = setting.make()
    except (ValueError, RadarStateError, OSError) as error:
        raise ImproperlyConfigured(f'BREACHDEX["RADAR"]: {error}') from None
    if isinstance(radar, Radar) and setting.state is not None:
        atexit.register(_save, radar, setting.state)
    return LogInWatch(
        radar,
        trusted_proxies=setting.trusted_proxies,
        forwarded_header=setting.forwarded_header,
        on_attack_began=_began,
        on_attack_ended=_ended,
    )


def _save(radar: Radar, path: str) -> None:
    try:
        radar.save(path)
    except RadarStateError as error:
        logger.error("%s", error)


def _began(attack: Attack) -> None:
    attack_began.send_robust(sender=None, since=attack.since, reasons=attack.reasons)


def _ended(attack: Attack) -> None:
    attack_ended.send_robust(sender=None, since=attack.since)


class Attempt:
    """One call of ``authenticate()``. It holds no password."""

    __slots__ = ("account", "backends", "exposed", "is_over", "known", "loaded", "source", "watch")

    def __init__(self, watch: LogInWatch, source: str, account: str, exposed: bool | None) -> None:
        self.watch = watch
        self.source = source
        self.account = account
        self.exposed = exposed
        self.known: bool | None = None
        self.backends: set[type] = set()
        """Those that were asked: one that is asked again begins another call."""
        self.loaded: list[Any] | None = None
        """The users that a backend makes while it works; ``None`` while none does."""
        self.is_over = False

    def look(self) -> None:
        """Learns from what a backend loaded whether there is such an account. Backends make an empty user where there is
        none, to spend the time of a hash."""
        for user in self.loaded or ():
            self.known = bool(self.known) or not user._state.adding
        self.loaded = None

    def end(self, request: Any, user: Any, *, succeeded: bool) -> Advice:
        """Tells the radar, and whoever is to be told of it; once."""
        self.is_over = True
        observation = self.watch.tell(
            self.source, self.account, succeeded=succeeded, exposed=self.exposed, known=self.known
        )
        advice = observation.advice
        if request is not None:
            setattr(_inner(request), ATTRIBUTE, advice)
        if observation.is_suspect_log_in:
            suspect_log_in.send_robust(
                sender=None if user is None else type(user),
                user=user,
                request=request,
                is_denied=advice == "deny",
            )
        return advice


_working: ContextVar[Attempt | None] = ContextVar("breachdex.django.radar.working", default=None)
"""The attempt whose backend works just now, also in the threads that it works in."""

_without_request: ContextVar[Attempt | None] = ContextVar("breachdex.django.radar.attempt", default=None)


class Work:
    """A backend's work on an attempt, as a context."""

    def __init__(self, attempt: Attempt | None, backend: object) -> None:
        self.attempt = attempt
        self._is_inner = attempt is not None and attempt is _working.get()
        if attempt is not None and not self._is_inner:
            attempt.backends.add(type(backend))

    def __enter__(self) -> Self:
        if self.attempt is not None and not self._is_inner:
            self.attempt.loaded = []
            self._token = _working.set(self.attempt)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.attempt is not None and not self._is_inner:
            _working.reset(self._token)
            self.attempt.look()
            if kind is not None and not issubclass(kind, PermissionDenied):
                # Neither failed nor succeeded.
                self.attempt.is_over = True

    def settle(self, request: Any, user: Any) -> None:
        """Tells of a user whom the backend would let in.

        :raises PermissionDenied: when no session may open.
        """
        if user is None or self.attempt is None or self._is_inner or self.attempt.is_over:
            return
        advice = self.attempt.end(request, user, succeeded=True)
        if advice == "deny":
            raise PermissionDenied
        _call_hook(request, advice, user)


@sensitive_variables()  # type: ignore[untyped-decorator]
def begin(backend: object, request: Any, credentials: Any, password: Any) -> Work:
    """The attempt that a backend is asked about: one of its own, or the one that the backends before it were asked about."""
    working = watch()
    if working is None:
        return Work(None, backend)
    attempt = _working.get()
    if attempt is None:
        attempt = _pending(request)
        if attempt is not None and type(backend) in attempt.backends:
            # Nothing said that it failed, so that a backend after this one let the user in.
            attempt.end(request, None, succeeded=True)
            attempt = None
    if attempt is None:
        _listen(get_user_model())
        source = "" if request is None else working.source(getattr(request, "META", {}))
        attempt = Attempt(working, source, _account(credentials), working.exposed(password))
        if request is None:
            _without_request.set(attempt)
        else:
            setattr(_inner(request), _ATTEMPT, attempt)
    return Work(attempt, backend)


def waits() -> bool:
    """Whether telling the radar waits for a sidecar."""
    working = watch()
    return working is not None and not isinstance(working.radar, Radar)


async def asettle(work: Work, request: Any, user: Any) -> None:
    """:meth:`Work.settle` for callers that wait for nothing: a sidecar and the project's function do."""
    setting = settings().radar
    if waits() or (setting is not None and setting.on_advice is not None):
        await sync_to_async(work.settle)(request, user)
    else:
        work.settle(request, user)


def arrive(request: Any) -> None:
    """Before a view: what is advised about the source so far. A sidecar is not asked for every request: see :func:`advise`."""
    setattr(request, ATTRIBUTE, "allow" if waits() else advise(request))


def advise(request: Any) -> Advice:
    """What the radar of ``RADAR`` advises about where a request comes from, before its password is looked at: for a view that
    wants to know with a sidecar too, which is asked here and now. ``allow`` without a radar."""
    working = watch()
    return "allow" if working is None else working.advise(working.source(request.META))


async def aadvise(request: Any) -> Advice:
    """:func:`advise` without blocking the event loop."""
    working = watch()
    return "allow" if working is None else await working.aadvise(working.source(request.META))


def leave(request: Any) -> None:
    """After a view: an attempt that nothing said the end of succeeded by a backend that is not ours, without a session."""
    attempt = _pending(request)
    if attempt is not None:
        attempt.end(request, None, succeeded=True)


def _pending(request: Any) -> Attempt | None:
    attempt = _without_request.get() if request is None else getattr(_inner(request), _ATTEMPT, None)
    return None if attempt is None or attempt.is_over else attempt


def _inner(request: Any) -> Any:
    """Django's own request, within that of Django REST framework."""
    return getattr(request, "_request", request)


def _account(credentials: Any) -> str:
    for name in (get_user_model().USERNAME_FIELD, *_NAMES):
        value = credentials.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _call_hook(request: Any, advice: Advice, user: Any) -> None:
    """Calls the function of the project, if there is something to do."""
    setting = settings().radar
    if advice == "allow" or setting is None or setting.on_advice is None:
        return
    hook = import_string(setting.on_advice) if isinstance(setting.on_advice, str) else setting.on_advice
    hook(request, advice, user)


@functools.lru_cache(maxsize=4)
def _listen(model: Any) -> None:
    post_init.connect(_loaded, sender=model, dispatch_uid="breachdex.django.radar")


def _loaded(instance: Any, **_: object) -> None:
    attempt = _working.get()
    if attempt is not None and attempt.loaded is not None:
        attempt.loaded.append(instance)


def _failed(request: Any = None, **_: object) -> None:
    attempt = _pending(request)
    if attempt is None:
        return
    advice = attempt.end(request, None, succeeded=False)
    try:
        _call_hook(request, advice, None)
    except PermissionDenied:
        pass  # It is denied already.


def _logged_in(user: Any, request: Any = None, **_: object) -> None:
    attempt = _pending(request)
    if attempt is not None:
        # By a backend that is not ours, whose session is open.
        attempt.end(request, user, succeeded=True)


user_login_failed.connect(_failed, dispatch_uid="breachdex.django.radar")
user_logged_in.connect(_logged_in, dispatch_uid="breachdex.django.radar")
