"""What NIST SP 800-63B-4 (3.1.1.2) and OWASP ASVS 5.0 (V6.2) demand of a site, one by one, through Django's own forms.

Sign-up, change and reset are visited as a browser does, with ``PolicyValidator("nist")`` as the only validator.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import breachdex
import pytest
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.core import mail  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django_support import log_in, open_link, text
from test_django_policy import WORDS

VALIDATOR = "breachdex.django.validators.PolicyValidator"
OLD = "a long walk in kyoto 8264"
GOOD = "a river under the bridge 5531"


@pytest.fixture(autouse=True)
def _nist() -> Iterator[None]:
    with validators(profile="nist", service_name="Example Shop"):
        yield


def validators(**options: Any) -> Any:
    """The one validator with other options."""
    return override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR, "OPTIONS": options}])


@pytest.fixture(params=["sign_up", "change", "reset"])
def choose(request: pytest.FixtureRequest, browser: Any) -> Callable[..., tuple[bool, str]]:
    """Chooses a password on that form: whether it was taken, and what the page says."""

    def sign_up(password: str, name: str) -> tuple[bool, str]:
        page = browser.post("/signup/", {"username": name, "password1": password, "password2": password})
        user = User.objects.filter(username=name).first()
        return user is not None and user.check_password(password), text(page)

    def change(password: str, name: str) -> tuple[bool, str]:
        User.objects.create_user(name, f"{name}@mail.example", OLD)
        log_in(browser, name, OLD)
        new = {"old_password": OLD, "new_password1": password, "new_password2": password}
        page = browser.post("/accounts/password_change/", new)
        return User.objects.get(username=name).check_password(password), text(page)

    def reset(password: str, name: str) -> tuple[bool, str]:
        User.objects.create_user(name, f"{name}@mail.example", OLD)
        browser.post("/accounts/password_reset/", {"email": f"{name}@mail.example"})
        form = open_link(browser, mail.outbox[-1])
        page = browser.post(form, {"new_password1": password, "new_password2": password})
        return User.objects.get(username=name).check_password(password), text(page)

    forms = {"sign_up": sign_up, "change": change, "reset": reset}

    def chosen(password: str, name: str = "jiro") -> tuple[bool, str]:
        taken, page = forms[str(request.param)](password, name)
        User.objects.all().delete()
        return taken, page

    return chosen


def test_at_least_15_characters_are_required(choose: Any, language: str) -> None:
    taken, page = choose("kaeru 8")
    assert not taken
    assert WORDS["too_short"][language] in page
    assert not choose("kaeru no uta 8")[0], "14"
    assert choose("kaeru no uta 82")[0], "15"


def test_with_a_second_factor_8_are_enough(choose: Any) -> None:
    with validators(profile="nist", mfa=True):
        assert not choose("kaeru82")[0]
        assert choose("kaeru823")[0]


def test_at_least_64_characters_are_permitted(choose: Any) -> None:
    for password in (f"{GOOD} " * 3, "かえるのうたがきこえてくるよ" * 5, f"{GOOD} " * 34):
        password = password.strip()
        assert len(password) >= 64
        assert choose(password)[0], len(password)


def test_every_character_counts_nothing_is_cut_off(choose: Any, browser: Any) -> None:
    long = f"{GOOD} " * 30 + "x"
    assert choose(long)[0]
    User.objects.create_user("jiro", "jiro@mail.example", long)
    assert log_in(browser, "jiro", long[:-1]).status_code == 200
    assert log_in(browser, "jiro", long).status_code == 302


def test_code_points_are_counted_after_normalisation(choose: Any) -> None:
    decomposed = "か\u3099" * 8
    assert len(decomposed) == 16
    assert len(unicodedata.normalize("NFC", decomposed)) == 8
    assert not choose(decomposed)[0]
    assert choose("𠮷野家🐸" * 4)[0], "characters beyond the first plane count once"


@pytest.mark.parametrize(
    "password",
    [
        "kaerunoutagakikoeru",
        "KAERUNOUTAGAKIKOERU",
        "739152648037159264",
        "~!@#$%^&*()_+{}|:<>?",
        "かえるのうたがきこえてくるよとんで",
        "   spaces   everywhere   ",
        "dashes – and ünïcödé 🐸 here",
        "Zażółć gęślą jaźń dziś",
        "개구리의 노래가 들려온다네 정말",
    ],
)
def test_no_composition_rules_and_any_character(choose: Any, password: str) -> None:
    assert choose(password)[0]


def test_what_no_password_field_can_type_is_refused(choose: Any) -> None:
    assert not choose("tabs\tand ünïcödé 🐸 here")[0]


def test_the_entire_password_is_compared_not_parts_of_it(choose: Any) -> None:
    assert choose("my hunter2 sleeps in a password box")[0]
    assert choose("correct horse battery staple gun")[0]
    assert not choose("correct horse battery staple")[0]


def test_exposed_ones_are_refused_and_the_reason_is_given(choose: Any, language: str) -> None:
    taken, page = choose("correct horse battery staple")
    assert not taken
    assert WORDS["exposed"][language] in page, "with the advice to choose another one"


def test_words_about_the_service_and_the_user_are_refused(choose: Any, language: str) -> None:
    for password, name in [("Example Shop 2026", "jiro"), ("YamadaHanako2026!", "yamada-hanako")]:
        taken, page = choose(password, name)
        assert not taken, password
        assert WORDS["context_word"][language] in page
    assert choose("a longer walk through example shops", "ken")[0]


def test_guidance_stands_beside_the_field(browser: Any, language: str) -> None:
    page = text(browser.get("/signup/"))
    assert {"en": "at least 15 characters", "ja": "15文字以上"}[language] in page


def test_asvs_level_1_refuses_common_ones_only(choose: Any) -> None:
    with validators(profile="asvs-l1"):
        assert not choose("password")[0]
        assert choose("seen-once-7531")[0], "exposed, but hardly common"


def test_asvs_level_2_refuses_all_that_are_exposed(choose: Any) -> None:
    with validators(profile="asvs-l2"):
        assert not choose("seen-once-7531")[0]
        assert choose("kaeru8823")[0]


def test_a_new_entry_in_an_overlay_is_seen_without_a_restart(
    choose: Any, tmp_path: Path, configure: Callable[..., None]
) -> None:
    """As ``breachdex overlay add`` does it, and any other build that takes the place of a file."""
    words, own = tmp_path / "words.txt", tmp_path / "own.bdx"

    def write(*lines: str) -> None:
        words.write_text("\n".join(lines) + "\n")
        breachdex.build(words, own, format="passwords", replace=True)

    write("something else altogether")
    configure(OVERLAYS=[own])
    assert choose(GOOD)[0]
    write("something else altogether", GOOD)
    deadline = time.monotonic() + 10
    while choose(GOOD)[0] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not choose(GOOD)[0]
    assert choose("another river under the bridge")[0]
