"""BREACHDEX["POLICY"]: one policy for the validators and for log-in, and what it must not contradict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.checks import check_indexes, check_log_in
from breachdex.django.conf import parse
from breachdex.django.login import refusal
from breachdex.django.signals import password_exposed, password_judged
from breachdex.django.validators import ExposedPasswordValidator, PolicyValidator
from django.apps import apps  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django.utils.translation import override  # type: ignore[import-untyped]
from django_support import link_in, log_in, text, who
from test_django_login import FORCE_RESET, WARNING

VALIDATOR = "breachdex.django.validators.PolicyValidator"
SHORT = {
    "en": "This password is too short. Please use at least 15 characters (it has 12).",
    "ja": "パスワードが短すぎます。15文字以上で設定してください（現在12文字）。",
}


@pytest.fixture(autouse=True)
def _policy_validator() -> Iterator[None]:
    with override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR}]):
        yield


@pytest.fixture
def told() -> Iterator[list[tuple[str, str]]]:
    """What the signals said."""
    heard: list[tuple[str, str]] = []

    def exposed(event: str, action: str, **_: Any) -> None:
        heard.append((event, action))

    def judged(event: str, verdict: Any, **_: Any) -> None:
        heard.append((event, f"judged {verdict.action}"))

    password_exposed.connect(exposed)
    password_judged.connect(judged)
    yield heard
    password_exposed.disconnect(exposed)
    password_judged.disconnect(judged)


def found() -> list[tuple[str, str, str]]:
    """What the checks say: id, message, hint."""
    return [(one.id, one.msg, one.hint) for one in [*check_indexes(), *check_log_in()]]


def codes(validator: Any, password: str) -> list[str]:
    """The codes of what a password meets."""
    try:
        validator.validate(password)
    except ValidationError as error:
        return [one.code for one in error.error_list]
    return []


def test_speaks_for_the_keys_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        'profile = "nist"\nindex = "pwned.bdx"\noverlays = ["own.bdx"]\nmin_count = 3\non_error = "reject"\n'
    )
    for chosen in (parse({"POLICY": file}), parse({"POLICY": str(file), "LOG_IN": "force_reset"})):
        assert chosen.index == str(tmp_path / "pwned.bdx")
        assert chosen.overlays == (str(tmp_path / "own.bdx"),)
        assert (chosen.min_count, chosen.log_in) == (3, "force_reset")
        assert {chosen.on_error_at(event) for event in ("sign_up", "change", "reset", "log_in")} == {"reject"}


def test_a_dict_is_completed_with_the_keys_beside_it() -> None:
    chosen = parse({"POLICY": {"profile": "nist"}, "MIN_COUNT": 3, "ON_ERROR": "reject"})
    assert chosen.policy is not None
    assert chosen.policy.rules.min_count == chosen.min_count == 3
    assert chosen.policy.rules.on_error("log_in") == chosen.on_error_at("log_in") == "reject"
    assert parse({"POLICY": None}).policy is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"POLICY": 7}, 'BREACHDEX["POLICY"] must be a dict, a profile, or the path of a TOML file, not 7.'),
        (
            {"POLICY": {"profil": "nist"}},
            (
                'BREACHDEX["POLICY"]: a policy has no key "profil" (the keys are profile, mfa, language, min_length, '
                "max_length, min_count, scope, forms, service_name, context, on_error, test_password, grace, index, "
                'overlays, pairs, pair_key, rules, actions); did you mean "profile"?'
            ),
        ),
        (
            {
                "POLICY": {"profile": "nist", "actions": {"log_in": {"exposed": "warn"}}},
                "LOG_IN": "reject",
            },
            "BREACHDEX[\"LOG_IN\"] is 'reject' and BREACHDEX[\"POLICY\"] says 'warn': say it in one of them only.",
        ),
        (
            {"POLICY": {"min_count": 2}, "MIN_COUNT": 1},
            'BREACHDEX["MIN_COUNT"] is 1 and BREACHDEX["POLICY"] says 2: say it in one of them only.',
        ),
        (
            {"POLICY": {"on_error": "reject"}, "ON_ERROR": "raise"},
            (
                "BREACHDEX[\"ON_ERROR\"] is {'sign_up': 'raise', 'change': 'raise', 'reset': 'raise', 'log_in': "
                "'raise'} and BREACHDEX[\"POLICY\"] says {'sign_up': 'reject', 'change': 'reject', 'reset': 'reject', "
                "'log_in': 'reject'}: say it in one of them only."
            ),
        ),
        (
            {"POLICY": {"actions": {"log_in": {"too_short": "reject"}, "reset": {"too_short": "warn"}}}},
            (
                'BREACHDEX["POLICY"]: actions.log_in.too_short is reject and actions.reset.too_short is warn: a user '
                "could set the same password again and be refused again; set actions.reset.too_short to reject."
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_by_name(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse(given)
    assert str(caught.value) == words


def test_a_file_must_agree_with_the_index_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('index = "pwned.bdx"\n')
    parse({"POLICY": file, "INDEX": tmp_path / "pwned.bdx"})
    with pytest.raises(ImproperlyConfigured) as caught:
        parse({"POLICY": file, "INDEX": "/other.bdx"})
    assert str(caught.value) == (
        f"BREACHDEX[\"INDEX\"] is '/other.bdx' and {file} in BREACHDEX[\"POLICY\"] says '{tmp_path}/pwned.bdx': say "
        "it in one of them only."
    )


def test_what_is_wrong_in_a_file_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('profile = "nist"\n\n[actions.login]\nexposed = "warn"\n')
    with pytest.raises(ImproperlyConfigured) as caught:
        parse({"POLICY": file})
    assert str(caught.value).startswith(f'BREACHDEX["POLICY"]: {file}:')
    assert 'did you mean "log_in"?' in str(caught.value)


def test_the_validator_takes_its_rules_from_the_setting(configure: Callable[..., None]) -> None:
    row = {"repetitive": "reject"}
    configure(
        POLICY={
            "profile": "asvs-l2",
            "min_length": 10,
            "actions": {"sign_up": row},
            "rules": {"repetitive": True},
        }
    )
    assert codes(PolicyValidator(), "kaeru88233") == []
    assert codes(PolicyValidator(actions={"sign_up": {"too_short": "warn"}}), "aaaaaaaa") == ["repetitive"]
    assert codes(PolicyValidator(), "kaeru882") == ["too_short"]
    assert codes(PolicyValidator(min_length=8), "kaeru882") == [], "options change what the setting says"
    assert codes(PolicyValidator(profile="nist"), "kaeru88233") == ["too_short"]
    rows: Any = {event: {"too_short": "warn"} for event in ("sign_up", "change", "reset")}
    assert codes(PolicyValidator(actions=rows), "kaeru") == []
    assert codes(PolicyValidator(rules={"too_short": False}), "kaeru") == []
    wrong: Any = {"actions": {"sign_up": "warn"}}
    with pytest.raises(ImproperlyConfigured, match=r"^PolicyValidator: actions\.sign_up must be a table"):
        PolicyValidator(**wrong)


def test_and_from_a_file_which_it_cannot_change(configure: Callable[..., None], tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('profile = "asvs-l2"\nmin_length = 10\n')
    configure(POLICY=file)
    assert codes(PolicyValidator(), "kaeru882") == ["too_short"]
    assert codes(PolicyValidator(event="reset"), "kaeru882") == ["too_short"]
    with pytest.raises(ImproperlyConfigured) as caught:
        PolicyValidator(min_length=8)
    assert str(caught.value) == (
        f"PolicyValidator: min_length is said by {file} already, which says everything about the policy."
    )


def test_without_either_it_is_nist() -> None:
    assert codes(PolicyValidator(), "hunter2") == ["exposed", "too_short"]


class TestLogIn:
    def test_warn(self, hanako: Any, browser: Any, language: str, told: Any, configure: Any) -> None:
        configure(POLICY={"profile": "nist", "actions": {"log_in": {"exposed": "warn"}}})
        log_in(browser, "hanako", "hunter2")
        assert who(browser) == f"hanako: {WARNING[language]}"
        assert told == [("log_in", "judged warn"), ("log_in", "warn")]

    def test_accept(self, hanako: Any, browser: Any, told: Any, configure: Any) -> None:
        configure(POLICY={"profile": "nist", "actions": {"log_in": {"exposed": "accept"}}})
        log_in(browser, "hanako", "hunter2")
        assert (who(browser), told) == ("hanako: ", [])

    def test_force_reset(self, hanako: Any, browser: Any, language: str, told: Any, configure: Any) -> None:
        configure(POLICY={"profile": "nist"}, VERIFIED_EMAIL=True)
        answer = log_in(browser, "hanako", "hunter2")
        assert FORCE_RESET[language] in text(answer)
        assert who(browser) == "nobody"
        [letter] = mail.outbox
        assert link_in(letter)
        assert told == [("log_in", "judged force_reset"), ("log_in", "force_reset")]

    def test_force_reset_without_an_address_warns(
        self, hanako: Any, browser: Any, language: str, configure: Any
    ) -> None:
        configure(POLICY={"profile": "nist"})
        log_in(browser, "hanako", "hunter2")
        assert who(browser) == f"hanako: {WARNING[language]}"

    def test_notify(self, hanako: Any, browser: Any, configure: Any) -> None:
        configure(POLICY={"profile": "nist", "actions": {"log_in": {"exposed": "notify"}}})
        with override_settings(ALLOWED_HOSTS=["testserver"]):
            log_in(browser, "hanako", "hunter2")
        assert who(browser) == "hanako: "
        assert [letter.to for letter in mail.outbox] == [["hanako@mail.example"]]

    def test_for_another_reason(self, browser: Any, language: str, told: Any, configure: Any) -> None:
        """Nothing says that the password leaked."""
        User.objects.create_user("jiro", "jiro@mail.example", "kaeru 8823 x")
        for action, warned in [("warn", True), ("notify", True), ("reject", False)]:
            configure(POLICY={"profile": "nist", "actions": {"log_in": {"too_short": action}}})
            answer = log_in(browser, "jiro", "kaeru 8823 x")
            if warned:
                assert who(browser) == f"jiro: {SHORT[language]}"
                browser.logout()
            else:
                assert SHORT[language] in text(answer)
                # What is shown as it is, as an API shows it, has its numbers too.
                refused = refusal(answer.wsgi_request)
                assert refused is not None
                with override(language):
                    assert str(refused.message) == SHORT[language]
                assert who(browser) == "nobody"
        assert mail.outbox == []
        assert {event for event, _ in told} == {"log_in"}
        assert all(action.startswith("judged") for _, action in told)

    def test_a_wrong_password_is_not_judged(
        self, hanako: Any, browser: Any, told: Any, configure: Any
    ) -> None:
        configure(POLICY={"profile": "nist"}, VERIFIED_EMAIL=True)
        log_in(browser, "hanako", "password")
        log_in(browser, "nobody", "password")
        assert (told, mail.outbox) == ([], [])

    def test_words_about_the_user(self, browser: Any, configure: Any) -> None:
        User.objects.create_user("yamada-hanako", "h@mail.example", "YamadaHanako1")
        configure(POLICY={"profile": "asvs-l2", "actions": {"log_in": {"context_word": "reject"}}})
        log_in(browser, "yamada-hanako", "YamadaHanako1")
        assert who(browser) == "nobody"


class TestChecks:
    def test_all_is_well(self, configure: Any) -> None:
        configure(POLICY={"profile": "nist"}, VERIFIED_EMAIL=True)
        assert found() == []
        apps.get_app_config("breachdex").ready()

    def test_an_index_that_only_the_validator_names(self, tmp_path: Path) -> None:
        missing = str(tmp_path / "nowhere.bdx")
        wrong = [{"NAME": VALIDATOR, "OPTIONS": {"index": missing}}]
        with override_settings(AUTH_PASSWORD_VALIDATORS=wrong):
            [(code, message, _)] = found()
            assert (code, missing in message) == ("breachdex.E001", True)
            with pytest.raises(ImproperlyConfigured, match=r"breachdex\.E001"):
                apps.get_app_config("breachdex").ready()

    def test_an_index_without_counts(self, tmp_path: Path) -> None:
        words, plain = tmp_path / "words.txt", tmp_path / "plain.bdx"
        words.write_text("hunter2\n")
        breachdex.build(words, plain, format="passwords", counts=False)
        wrong = [{"NAME": VALIDATOR, "OPTIONS": {"index": str(plain), "min_count": 2}}]
        with override_settings(AUTH_PASSWORD_VALIDATORS=wrong):
            assert [code for code, *_ in found()] == ["breachdex.E003"]

    @pytest.mark.filterwarnings("ignore::breachdex.StarterIndexWarning")
    def test_the_starter_index(self) -> None:
        with override_settings(BREACHDEX={}):
            assert [code for code, *_ in found()] == ["breachdex.W001"]

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (
                {"actions": {"reset": {"too_short": "warn"}}},
                'PolicyValidator: the policy says about too_short "reject" at change and "warn" at reset.',
            ),
            ({"profile": "nits"}, "PolicyValidator: profile must be one of nist, "),
            (
                {"profil": "nist"},
                f"AUTH_PASSWORD_VALIDATORS: {VALIDATOR}: PolicyValidator.__init__() got an ",
            ),
        ],
    )
    def test_options_that_make_no_sense_stop_the_server(self, options: dict[str, Any], words: str) -> None:
        with override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR, "OPTIONS": options}]):
            with pytest.raises(ImproperlyConfigured) as caught:
                apps.get_app_config("breachdex").ready()
            assert str(caught.value).startswith(words)

    def test_force_reset_without_verified_addresses(self, configure: Any) -> None:
        configure(POLICY={"profile": "nist"})
        [(code, message, _)] = found()
        assert code == "breachdex.W003"
        assert message == (
            'BREACHDEX["POLICY"] at log_in of exposed is "force_reset", and nothing says which addresses are verified, '
            "so users are only warned."
        )

    def test_what_log_in_refuses_must_be_refused_at_reset(self, configure: Any) -> None:
        configure(LOG_IN="reject")
        assert found() == [], "PolicyValidator refuses it"
        configure(LOG_IN="reject", MIN_COUNT=1)
        lax = [{"NAME": VALIDATOR, "OPTIONS": {"min_count": 2}}]
        with override_settings(AUTH_PASSWORD_VALIDATORS=lax):
            assert [code for code, *_ in found()] == ["breachdex.E004"]
        for options in ({"profile": "permissive"}, {"rules": {"exposed": False}}):
            lax = [{"NAME": VALIDATOR, "OPTIONS": options}]
            with override_settings(AUTH_PASSWORD_VALIDATORS=lax):
                assert [code for code, *_ in found()] == ["breachdex.E004"]
                with pytest.raises(ImproperlyConfigured, match=r"breachdex\.E004"):
                    apps.get_app_config("breachdex").ready()

    def test_so_must_what_the_policy_refuses(self, configure: Any) -> None:
        strict = {"profile": "nist", "actions": {"log_in": {"exposed": "warn", "too_short": "reject"}}}
        configure(POLICY=strict)
        assert found() == []
        with override_settings(
            AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR.replace("Policy", "ExposedPassword")}]
        ):
            assert codes(ExposedPasswordValidator(), "hunter2") == ["exposed"]
            assert found() == [
                (
                    "breachdex.E004",
                    (
                        'BREACHDEX["POLICY"] at log_in of too_short is "reject", and nothing refuses such a password '
                        "(too_short) at reset, so that users could set it again and be refused again."
                    ),
                    f'Add {{"NAME": "{VALIDATOR}"}} to AUTH_PASSWORD_VALIDATORS.',
                )
            ]
