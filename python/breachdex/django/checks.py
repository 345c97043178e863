"""The system checks, and what is an error at start-up too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings  # type: ignore[import-untyped]
from django.contrib.auth import get_user_model  # type: ignore[import-untyped]
from django.core import checks  # type: ignore[import-untyped]
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured  # type: ignore[import-untyped]
from django.utils.log import AdminEmailHandler  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

from breachdex._breachdex import Index, IndexSet
from breachdex._errors import BreachdexError
from breachdex._log_ins import FIELD_REMEDY, today
from breachdex._marks import SEALED_LENGTH
from breachdex._verdicts import CODES, REFUSING
from breachdex.django import criteria, gates, mails, tokens
from breachdex.django.backends import ExposedPasswordMixin
from breachdex.django.conf import settings
from breachdex.django.gates import Fault, Source
from breachdex.django.reports import PasswordReporterFilter

if TYPE_CHECKING:
    from breachdex.django.criteria import Criteria
    from breachdex.django.radar_setting import RadarSetting
    from breachdex.types import Action, Code


MIDDLEWARE = "breachdex.django.middleware.radar_middleware"


def register_all() -> None:
    """Registers the checks; calling it again changes nothing."""
    for check in (
        check_indexes,
        check_log_in,
        check_marks,
        check_test_password,
        check_tokens,
        check_reports,
        check_radar,
    ):
        checks.register(check, checks.Tags.security)


def check_indexes(**_: Any) -> list[Any]:
    """E001 missing, E002 damaged, E003 incompatible, E005 not signed, E006 too old, E008 pairs without their key, W001 starter index, W002 old, W004 part of the corpus."""
    found: list[Any] = []
    for source in gates.configured():
        tried = gates.tried(source)
        if isinstance(tried, Fault):
            found.append(_as_message(checks.Error, tried))
        else:
            try:
                found += [_as_message(checks.Warning, fault) for fault in _doubts(source, tried)]
            except BreachdexError as error:
                found.append(_as_message(checks.Error, gates.fault_of(error)))
    if isinstance(pairs := gates.tried_pairs(), Fault):
        found.append(_as_message(checks.Error, pairs))
    return found


def check_log_in(**_: Any) -> list[Any]:
    """E009 where a function is missing, E004 where a user could loop, W003 where no address is known to be verified, W014 where the reset mail cannot be written."""
    found = [_as_message(checks.Error, fault) for fault in _no_functions()]
    if not _acts_at_log_in():
        return found
    found += [_as_message(checks.Error, fault) for fault in _loops()]
    resets = [who for who, _, action in _refused_at_log_in() if action == "force_reset"]
    if resets and settings().verified_email is None:
        fault = Fault(
            "breachdex.W003",
            f'{resets[0]} is "force_reset", and nothing says which addresses are verified, so users are only warned.',
            'Set BREACHDEX["VERIFIED_EMAIL"] to True if every address in the user model is verified, or to a '
            "function that takes a user and returns the verified address or None.",
        )
        found.append(_as_message(checks.Warning, fault))
    elif resets and (missing := mails.missing_for_reset()):
        fault = Fault(
            "breachdex.W014",
            f'{resets[0]} is "force_reset", and the password-reset mail cannot be sent, because it needs {missing}. Owners are locked '
            "out until they find your password-reset page.",
            "Add Django's password-reset views under their own URL names and the templates of django.contrib.admin, or name a "
            'function (user, address, request) that sends your own mail in BREACHDEX["RESET_MAIL"].',
        )
        found.append(_as_message(checks.Warning, fault))
    return found


def check_marks(**_: Any) -> list[Any]:
    """E007 where no column keeps the marks of log-ins, W005 where a cache forgets them."""
    chosen = settings()
    if not _acts_at_log_in() or not chosen.log_ins.keeps_marks:
        return []
    if chosen.mark_field is not None:
        return [_as_message(checks.Error, fault) for fault in _no_column(chosen.mark_field)]
    backend = django_settings.CACHES[chosen.cache]["BACKEND"]
    if not backend.endswith((".LocMemCache", ".DummyCache")):
        return []
    fault = Fault(
        "breachdex.W005",
        f'The cache "{chosen.cache}" ({backend}) keeps nothing beyond the process, so that the grace of accounts begins anew with '
        "each of them.",
        f'Name a field of the user model in BREACHDEX["MARK_FIELD"] ({FIELD_REMEDY}), or a cache that all processes share '
        'in BREACHDEX["CACHE"].',
    )
    return [_as_message(checks.Warning, fault)]


def check_tokens(**_: Any) -> list[Any]:
    """W007 where a refresh token outlives a forced reset, W008 where an access token does."""
    if not (_acts_at_log_in() and tokens.uses_jwt() and any(_refused_at_log_in())):
        return []
    found = []
    if not tokens.has_blacklist() and not tokens.checks_password():
        fault = Fault(
            "breachdex.W007",
            "Refresh tokens go on after a password expired at log-in: no list says which ones are refused.",
            'Add "rest_framework_simplejwt.token_blacklist" to INSTALLED_APPS and run "migrate".',
        )
        found.append(_as_message(checks.Warning, fault))
    if not tokens.checks_password():
        fault = Fault(
            "breachdex.W008",
            "Access tokens go on after a password expired at log-in, until their lifetime ends.",
            'Set SIMPLE_JWT["CHECK_REVOKE_TOKEN"] to True, which compares the password at each request, or keep '
            "ACCESS_TOKEN_LIFETIME short and silence this.",
        )
        found.append(_as_message(checks.Warning, fault))
    return found


def check_reports(**_: Any) -> list[Any]:
    """W009 where error mails show variables and nothing takes passwords out of them."""
    kind = import_string(django_settings.DEFAULT_EXCEPTION_REPORTER_FILTER)
    if issubclass(kind, PasswordReporterFilter) or not any(_mails_variables()):
        return []
    fault = Fault(
        "breachdex.W009",
        "Error mails show the variables of all frames (include_html), and so passwords, those of JSON bodies, "
        "serializers and schemas too.",
        "Set DEFAULT_EXCEPTION_REPORTER_FILTER to "
        '"breachdex.django.reports.PasswordReporterFilter", or include_html to False.',
    )
    return [_as_message(checks.Warning, fault)]


def check_test_password(**_: Any) -> list[Any]:
    """W006 where the test password is exposed on a site that is not being developed."""
    if not settings().test_password or django_settings.DEBUG:
        return []
    fault = Fault(
        "breachdex.W006",
        "TEST_PASSWORD is on and DEBUG is off. The test password is public: an account with it is open to everybody.",
        "Turn it off, here and in BREACHDEX_TEST_PASSWORD, when the trial is over, and delete the account of the trial.",
    )
    return [_as_message(checks.Warning, fault)]


def check_radar(**_: Any) -> list[Any]:
    """W010 where each process has a radar of its own, W011 where no backend feeds it, W012 without the middleware, W013 where
    all attempts would come from a proxy."""
    setting = settings().radar
    if setting is None:
        return []
    return [_as_message(checks.Warning, fault) for fault in _doubts_about(setting)]


def _doubts_about(setting: RadarSetting) -> Iterator[Fault]:
    if setting.is_in_process and not django_settings.DEBUG:
        yield Fault(
            "breachdex.W010",
            "The radar is in the process: each worker process has its own, which sees its part of the attempts only.",
            'Start "breachdex sidecar" and name its address in BREACHDEX["RADAR"]["SIDECAR"], or silence this if the site runs '
            "in one process.",
        )
    if not _acts_at_log_in():
        yield Fault(
            "breachdex.W011",
            "No backend in AUTHENTICATION_BACKENDS tells the radar of log-ins.",
            'Use "breachdex.django.backends.ExposedPasswordBackend", or put ExposedPasswordMixin before your backend.',
        )
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        yield Fault(
            "breachdex.W012",
            "Requests have no breachdex_advice before a log-in, and log-ins by other backends that open no session are not "
            "counted.",
            f'Add "{MIDDLEWARE}" to MIDDLEWARE.',
        )
    behind_a_proxy = django_settings.SECURE_PROXY_SSL_HEADER or django_settings.USE_X_FORWARDED_HOST
    if behind_a_proxy and not setting.trusted_proxies:
        yield Fault(
            "breachdex.W013",
            "The site is behind a proxy, and the radar takes the proxy's address for the source of every attempt.",
            "Name the addresses or networks of your proxies in "
            'BREACHDEX["RADAR"]["TRUSTED_PROXIES"], or "unix" for a Unix socket.',
        )


def _no_column(name: str) -> Iterator[Fault]:
    model = get_user_model()
    try:
        length = model._meta.get_field(name).max_length
    except FieldDoesNotExist:
        said = f'The user model {model._meta.label} has no field "{name}", which MARK_FIELD names.'
    else:
        if length is None or length >= SEALED_LENGTH:
            return
        said = f'The field "{name}" of {model._meta.label}, which MARK_FIELD names, has room for {length} characters.'
    hint = f'Add {name} = models.CharField(max_length={SEALED_LENGTH}, default="", editable=False) and a migration.'
    yield Fault("breachdex.E007", said, hint)


def demand_column() -> None:
    """Raises ``ImproperlyConfigured`` where the field that keeps the marks is missing: every log-in would fail."""
    chosen = settings()
    if chosen.mark_field is not None and chosen.log_ins.keeps_marks and _acts_at_log_in():
        for fault in _no_column(chosen.mark_field):
            raise ImproperlyConfigured(str(fault))


def _mails_variables() -> Iterator[bool]:
    """Of each logger's handlers, whether it mails variables."""
    named = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for logger in (logging.root, *named):
        for handler in logger.handlers:
            yield isinstance(handler, AdminEmailHandler) and bool(handler.include_html)


def demand_functions() -> None:
    """Raises ``ImproperlyConfigured`` where a setting names a function that is none: it would fail in the middle of a log-in."""
    for fault in _no_functions():
        raise ImproperlyConfigured(str(fault))


def _no_functions() -> Iterator[Fault]:
    chosen = settings()
    for key, path in (("VERIFIED_EMAIL", chosen.verified_email), ("RESET_MAIL", chosen.reset_mail)):
        if not isinstance(path, str):
            continue
        try:
            said = None if callable(import_string(path)) else f"{path} cannot be called"
        except ImportError as error:
            said = str(error)
        if said:
            yield Fault(
                "breachdex.E009",
                f'BREACHDEX["{key}"] names no function: {said}.',
                "Name a function by its dotted path, as in myproject.accounts.function.",
            )


def demand_refusal_at_reset() -> None:
    """Raises ``ImproperlyConfigured`` where what log-in refuses would be accepted at reset: the user would loop."""
    if _acts_at_log_in():
        for fault in _loops():
            raise ImproperlyConfigured(str(fault))


def _doubts(source: Source, index: Index | IndexSet) -> Iterator[Fault]:
    facts = index.metadata
    assert facts is not None, "what speaks to the network is refused when it is configured"
    most = settings().max_age_days
    if facts.is_starter:
        yield Fault(
            "breachdex.W001",
            f"The starter index answers, which holds {facts.entries} common passwords only.",
            'Fetch the whole corpus with "breachdex download -o pwned.bdx" and name its path in BREACHDEX["INDEX"].',
        )
    elif most is not None and facts.corpus_date is not None and _age(facts.corpus_date) > most:
        yield Fault(
            "breachdex.W002",
            f"The corpus of the index {source} is {_age(facts.corpus_date)} days old "
            f"({facts.corpus_date}), more than MAX_AGE_DAYS ({most}).",
            'Bring it up to date with "breachdex update".',
        )
    if not facts.covers_all:
        yield Fault(
            "breachdex.W004",
            f"The index {source} covers a part of the corpus only: other passwords cannot be checked with it.",
            "Use an index of the whole corpus.",
        )


def _age(day: date) -> int:
    """Days by UTC, as an index is opened by: Django sets the process's own time zone to the site's."""
    return (today() - day).days


def _acts_at_log_in() -> bool:
    return any(
        isinstance(kind := import_string(path), type) and issubclass(kind, ExposedPasswordMixin)
        for path in django_settings.AUTHENTICATION_BACKENDS
    )


def _refused_at_log_in() -> Iterator[tuple[str, Code, Action]]:
    """What opens no session: where that is said, about what, and what is done."""
    chosen = settings()
    if chosen.policy is None:
        if chosen.log_in in REFUSING:
            yield "LOG_IN", "exposed", chosen.log_in
        return
    for code in CODES:
        action = chosen.policy.rules.action("log_in", code)
        if code == "exposed_pair" and not (chosen.pairs or chosen.policy.rules.pairs):
            continue  # There are none that it could be about.
        if action in REFUSING:
            yield f'BREACHDEX["POLICY"] at log_in of {code}', code, action


def _at_log_in() -> Criteria:
    chosen, source = settings(), gates.at_log_in()
    if chosen.policy is not None:
        return criteria.of_rules(chosen.policy.rules, source, "log_in")
    refuses = chosen.log_in in REFUSING
    return criteria.of_gate(source, refuses=refuses, on_error=chosen.on_error_at("log_in"))


def _loops() -> Iterator[Fault]:
    log_in, at_reset = _at_log_in(), [one.at_reset() for one in gates.validators()]
    for who, code, action in _refused_at_log_in():
        what = "an exposed password" if code == "exposed" else f"such a password ({code})"
        refusing = [one for one in at_reset if code in one.refused]
        found = [list(criteria.shortfalls(log_in, one, code)) for one in refusing]
        yield from _loop(f'{who} is "{action}"', what, found)
    if log_in.on_error == "reject" and _asks_at_log_in():
        found = [list(criteria.unasked(log_in, one)) for one in at_reset]
        yield from _loop('on_error at log_in is "reject"', "a password that cannot be checked", found)


def _loop(who: str, what: str, validators: list[list[tuple[str, str]]]) -> Iterator[Fault]:
    """E004, unless one of the validators that refuse such a password refuses it wherever log-in does.

    :param validators: of each, how it falls short, and what to do.
    """
    if not validators:
        kind = "ExposedPasswordValidator" if settings().policy is None else "PolicyValidator"
        yield Fault(
            "breachdex.E004",
            f"{who}, and nothing refuses {what} at reset, so that users could set it again and be refused again.",
            f'Add {{"NAME": "breachdex.django.validators.{kind}"}} to AUTH_PASSWORD_VALIDATORS.',
        )
    elif all(validators):
        nearest = min(validators, key=len)
        differences = "; ".join(difference for difference, _ in nearest)
        remedies = "; ".join(remedy for _, remedy in nearest)
        yield Fault(
            "breachdex.E004",
            f"{who}, and the validator that refuses {what} at reset lets some pass that log-in refuses, so that users "
            f"could set such a password again and be refused again: {differences}.",
            f"In the OPTIONS of the validator in AUTH_PASSWORD_VALIDATORS: {remedies}.",
        )


def _asks_at_log_in() -> bool:
    """Whether log-in asks an index at all, which is where it could fail."""
    chosen = settings()
    if chosen.policy is None:
        return chosen.log_in != "accept"
    asking: tuple[Code, ...] = ("exposed", "similar_exposed")
    return any(chosen.policy.rules.action("log_in", code) != "accept" for code in asking)


def _as_message(kind: Any, fault: Fault) -> Any:
    return kind(fault.message, hint=fault.hint, id=fault.id)
