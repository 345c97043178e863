"""PolicyValidator by itself: what it refuses, in which words, what it is equal to and what it complains about."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex
import pytest
from breachdex.django.signals import password_exposed, password_judged
from breachdex.django.validators import PolicyValidator
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.contrib.auth.password_validation import validate_password  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, ValidationError  # type: ignore[import-untyped]
from django.db.migrations.writer import MigrationWriter  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]

GOOD = "a river under the bridge 5531"

WORDS = {
    "exposed": {
        "en": (
            "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a "
            "different one that you do not use anywhere else."
        ),
        "ja": (
            "このパスワードは、過去に流出したパスワードの一覧に含まれているため使用できません。"
            "ほかのサービスで使っていない、別のパスワードを設定してください。"
        ),
    },
    "too_short": {
        "en": "This password is too short. Please use at least 15 characters (it has 7).",
        "ja": "パスワードが短すぎます。15文字以上で設定してください（現在7文字）。",
    },
    "too_long": {
        "en": "This password is too long. Please use at most 1024 characters.",
        "ja": "パスワードが長すぎます。1024文字以内で設定してください。",
    },
    "context_word": {
        "en": (
            "This password is easy to guess from a user name, an e-mail address or the name of this service. Please "
            "choose a different one."
        ),
        "ja": (
            "ユーザー名、メールアドレス、サービス名などから推測されやすいパスワードは使用できません。"
            "別のパスワードを設定してください。"
        ),
    },
    "repetitive": {
        "en": "Repeated or consecutive characters are easy to guess, so it is better to avoid them.",
        "ja": "同じ文字の繰り返しや連続した文字は推測されやすいため、避けることをおすすめします。",
    },
}


def refusals(validator: PolicyValidator, password: str, user: Any = None) -> dict[str, Any]:
    """The errors that a password meets, by their codes."""
    with pytest.raises(ValidationError) as caught:
        validator.validate(password, user)
    errors = {error.code: error for error in caught.value.error_list}
    assert len(errors) == len(caught.value.error_list)
    return errors


def test_one_error_a_reason_with_code_parameters_and_words(language: str) -> None:
    errors = refusals(PolicyValidator("nist"), "hunter2")
    assert list(errors) == ["exposed", "too_short"]
    assert errors["too_short"].params == {"length": 7, "min_length": 15}
    assert errors["exposed"].params == {"count": 17, "amount": 17, "form": "raw"}
    with translation.override(language):
        for code, error in errors.items():
            assert error.messages == [WORDS[code][language]]


def test_too_long(language: str) -> None:
    errors = refusals(PolicyValidator("nist"), "長い文" * 400)
    assert errors["too_long"].params == {"length": 1200, "max_length": 1024}
    with translation.override(language):
        assert errors["too_long"].messages == [WORDS["too_long"][language]]


def test_another_way_of_writing_it(language: str) -> None:
    errors = refusals(PolicyValidator("asvs-l2", min_length=4), "ﾊﾟｽﾜｰﾄﾞ")
    assert errors["exposed"].params["form"] == "nfkc"
    with translation.override(language):
        [message] = errors["exposed"].messages
    assert message.startswith(
        {"en": "Apart from differences", "ja": "このパスワードは、全角と半角など"}[language]
    )


def test_says_how_often_where_the_setting_wants_it(language: str, configure: Callable[..., None]) -> None:
    configure(SHOW_COUNT=True)
    errors = refusals(PolicyValidator("asvs-l2", min_length=4), "hunter2")
    with translation.override(language):
        [message] = errors["exposed"].messages
    assert message.endswith(
        {
            "en": "It was seen 17 times in leaked data.",
            "ja": "流出データの中で 17 回確認されています。",
        }[language]
    )


@pytest.mark.parametrize(
    ("password", "user", "source"),
    [
        ("H4n4ko2026!!", User(username="hanako"), "user_name"),
        ("yamada-hanako", User(username="h", email="yamada-hanako@mail.example"), "email"),
        ("ExampleShop1!", User(username="jiro"), "service_name"),
        ("kumamoto-2026", None, "context"),
    ],
)
def test_words_about_the_user_and_the_site(password: str, user: Any, source: str, language: str) -> None:
    """Of a user who is not saved yet, too."""
    validator = PolicyValidator("asvs-l2", service_name="Example Shop", context=["Kumamoto"])
    errors = refusals(validator, password, user)
    assert errors["context_word"].params == {"source": source}
    with translation.override(language):
        assert errors["context_word"].messages == [WORDS["context_word"][language]]


def test_takes_what_merely_holds_a_word() -> None:
    validator = PolicyValidator("asvs-l2", service_name="Example Shop")
    for name, password in [("ken", "kentucky-bluegrass-92"), ("taro", "taro839204918273")]:
        validator.validate(password, User(username=name, email=f"{name}@mail.example"))


def test_a_user_of_another_kind() -> None:
    """Neither a name nor an address: allauth and site's own code pass all sorts of things."""

    class Visitor:
        class _state:
            adding = True

    PolicyValidator("nist").validate(GOOD, Visitor())


def test_warnings_refuse_nothing_and_are_told() -> None:
    told: list[Any] = []

    def judged(verdict: Any, user: Any, event: str, request: Any, **_: Any) -> None:
        told.append((event, request, [(reason.code, reason.action) for reason in verdict.reasons]))

    def exposed(event: str, action: str, **_: Any) -> None:
        told.append((event, action))

    password_judged.connect(judged)
    password_exposed.connect(exposed)
    try:
        PolicyValidator("nist").validate("a" * 20)
        PolicyValidator("permissive").validate("hunter2")
        refusals(PolicyValidator("nist", event="reset"), "hunter2")
        PolicyValidator("nist").validate(GOOD)
    finally:
        password_judged.disconnect(judged)
        password_exposed.disconnect(exposed)
    assert told == [
        ("sign_up", None, [("repetitive", "warn")]),
        ("sign_up", None, [("exposed", "warn"), ("too_short", "warn")]),
        ("sign_up", "warn"),
        ("reset", None, [("exposed", "reject"), ("too_short", "reject")]),
        ("reset", "reject"),
    ]


def test_rules_are_switched_one_by_one(language: str) -> None:
    assert list(refusals(PolicyValidator("nist", rules={"exposed": False}), "hunter2")) == ["too_short"]
    assert list(refusals(PolicyValidator("nist", rules={"too_short": False}), "hunter2")) == ["exposed"]
    strict = PolicyValidator(
        "nist", actions={event: {"repetitive": "reject"} for event in ("sign_up", "change", "reset")}
    )
    errors = refusals(strict, "a" * 20)
    with translation.override(language):
        assert errors["repetitive"].messages == [WORDS["repetitive"][language]]


def test_events(hanako: Any) -> None:
    """Explicit, else sign-up for a user who is not saved, else change."""
    lax: dict[str, Any] = {"actions": {"sign_up": {"too_short": "warn"}}}
    PolicyValidator("nist", **lax).validate("kaeru 8823")
    PolicyValidator("nist", **lax).validate("kaeru 8823", User(username="new"))
    refusals(PolicyValidator("nist", **lax), "kaeru 8823", hanako)
    refusals(PolicyValidator("nist", event="change", **lax), "kaeru 8823")
    PolicyValidator("nist", event="sign_up", **lax).validate("kaeru 8823", hanako)


def test_a_form_may_have_its_own() -> None:
    with pytest.raises(ValidationError) as caught:
        validate_password("hunter2", None, [PolicyValidator("nist", event="reset")])
    assert [error.code for error in caught.value.error_list] == ["exposed", "too_short"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"profile": "nist"},
            {
                "en": (
                    "Passwords that are known to have leaked in the past cannot be used. A password must have at "
                    "least 15 characters."
                ),
                "ja": (
                    "過去に流出したことが確認されているパスワードは使用できません。"
                    "パスワードは15文字以上で設定してください。"
                ),
            },
        ),
        (
            {"profile": "nist", "mfa": True, "rules": {"exposed": False}},
            {
                "en": "A password must have at least 8 characters.",
                "ja": "パスワードは8文字以上で設定してください。",
            },
        ),
        ({"profile": "permissive"}, {"en": "", "ja": ""}),
    ],
)
def test_help_text(options: dict[str, Any], words: dict[str, str], language: str) -> None:
    with translation.override(language):
        assert PolicyValidator(**options).get_help_text() == words[language]


def test_settings_are_asked_for_what_is_left_out(tmp_path: Path, configure: Callable[..., None]) -> None:
    lines, own = tmp_path / "words.txt", tmp_path / "own.bdx"
    lines.write_text("our-little-shop-2026\n")
    breachdex.build(lines, own, format="passwords")
    validator = PolicyValidator("nist", mfa=True)
    validator.validate("our-little-shop-2026")
    configure(OVERLAYS=[own], MIN_COUNT=18)
    assert refusals(validator, "our-little-shop-2026")["exposed"].params == {
        "count": 1,
        "amount": 1,
        "form": "raw",
    }
    assert list(refusals(validator, "hunter2")) == ["too_short"]
    assert "exposed" in refusals(PolicyValidator("nist", min_count=17), "hunter2")
    only = PolicyValidator("nist", mfa=True, index=own, min_count=1)
    assert "exposed" in refusals(only, "our-little-shop-2026")
    assert list(refusals(only, "hunter2")) == ["too_short"]


def test_takes_an_open_index(exposed_index: Path) -> None:
    with breachdex.Index.open(exposed_index) as index:
        assert "exposed" in refusals(PolicyValidator("nist", index=index), "hunter2")


def test_a_file(tmp_path: Path, exposed_index: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'profile = "asvs-l2"\nmin_length = 10\nindex = "{exposed_index}"\n', encoding="utf-8")
    errors = refusals(PolicyValidator(policy=file), "hunter2")
    assert errors["too_short"].params == {"length": 7, "min_length": 10}
    assert "exposed" in errors


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"profile": "nits"},
            'profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not "nits"; did you mean "nist"?',
        ),
        ({"profile": "nist", "max_length": 63}, "max_length must be 64 or more, not 63."),
        (
            {"event": "signup"},
            'event must be one of "sign_up", "change", "reset", not \'signup\'. Did you mean "sign_up"?',
        ),
        ({"event": "log_in"}, 'event must be one of "sign_up", "change", "reset", not \'log_in\'.'),
        ({"context": "shop"}, "context must be a list of strings, not 'shop'."),
        ({"overlays": "own.bdx"}, "overlays must be a list of paths, not 'own.bdx'."),
        (
            {"actions": {"reset": {"too_short": "warn"}}},
            (
                'the policy says about too_short "reject" at change and "warn" at reset. Django\'s validators cannot '
                "tell them apart: say the same of both, or name the event in the options of a validator that one form "
                "alone uses."
            ),
        ),
        (
            {"on_error": {"reset": "reject"}},
            (
                'the policy says on_error "raise" at change and "reject" at reset. Django\'s validators cannot tell '
                "them apart: say the same of both, or name the event in the options of a validator that one form alone "
                "uses."
            ),
        ),
        (
            {"actions": {"sign_up": {"exposed": "force_reset"}}},
            "actions.sign_up.exposed cannot be force_reset, which is for log_in; use reject.",
        ),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        PolicyValidator(**options)
    assert str(caught.value) == f"PolicyValidator: {words}"


def test_rows_may_differ_where_the_event_is_named() -> None:
    PolicyValidator("nist", event="reset", actions={"reset": {"too_short": "warn"}}, rules={"exposed": False})


def test_a_file_says_everything(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('profile = "nist"\n', encoding="utf-8")
    for options in ({"profile": "nist"}, {"min_length": 20}):
        [name] = options
        with pytest.raises(ImproperlyConfigured) as caught:
            PolicyValidator(policy=file, **options)
        assert str(caught.value) == (
            f"PolicyValidator: {name} is said by {file} already, which says everything about the policy."
        )
    with pytest.raises(ImproperlyConfigured, match=r"PolicyValidator: cannot read .*none\.toml"):
        PolicyValidator(policy=tmp_path / "none.toml")


def test_deconstructs_compares_and_pickles() -> None:
    validator = PolicyValidator("nist", mfa=True, context=["shop"], actions={"log_in": {"exposed": "warn"}})
    path, args, kwargs = validator.deconstruct()  # type: ignore[attr-defined]
    assert path == "breachdex.django.validators.PolicyValidator"
    assert PolicyValidator(*args, **kwargs) == validator
    assert PolicyValidator(profile="nist") == PolicyValidator("nist")
    assert validator != PolicyValidator("nist", context=["shop"], actions={"log_in": {"exposed": "warn"}})
    assert validator != "something else"
    assert "breachdex.django.validators.PolicyValidator" in MigrationWriter.serialize(validator)[0]
    validator.validate(GOOD)
    again = pickle.loads(pickle.dumps(validator))
    assert again == validator
    again.validate(GOOD)


def test_half_a_surrogate_pair_in_a_name_is_not_the_password_s_fault() -> None:
    user = User(username="hanako\ud800", email="hanako@example.com")
    validator = PolicyValidator("asvs-l2")
    validator.validate("a long walk in kyoto 8264", user)
    with pytest.raises(ValidationError) as caught:
        validator.validate("hanako2026", user)
    assert [(one.code, one.params) for one in caught.value.error_list] == [
        ("context_word", {"source": "email"})
    ]
