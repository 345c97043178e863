"""What holds for every password: knowing more never accepts more, and nobody's passphrase is taken for a name."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from breachdex import Index, IndexSet, Policy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXTS = (
    "hanako",
    "vexing-quokka1",
    "ｖexing-quokka1",
    "ひみつの花園です",
    "ﾋﾐﾂ no か\u3099",
    "¥quokka¥ 2026",
)
"""What passwords are made of and what indexes hold, so that rules meet."""

PASSWORDS = st.builds(
    lambda text, case, tail: getattr(text, case)() + tail,
    st.sampled_from(TEXTS),
    st.sampled_from(["lower", "upper", "swapcase", "title"]),
    st.sampled_from(["", "1", "!", "12", "2!"]),
) | st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=20)
FORMS = ("nfc", "nfkc", "trimmed", "visible", "casefold")
ACTIONS = st.sampled_from(["accept", "warn", "notify", "reject"])
RULES = {"similar_exposed": True, "context_word": True, "repetitive": True}

WORDS = [
    "river", "stone", "maple", "cloud", "amber", "lantern", "velvet", "harbor", "meadow", "copper",
    "falcon", "ginger", "island", "jacket", "kettle", "ladder", "marble", "needle", "orange", "pepper",
    "quartz", "ribbon", "saddle", "timber", "umbrella", "violet", "walnut", "yellow", "zebra", "anchor",
    "basket", "candle", "donkey", "engine", "feather", "garden", "hammer", "insect", "jungle",
    "kitchen", "lemon", "mirror", "napkin", "oyster", "pencil", "rabbit", "silver", "tunnel"
]  # fmt: skip


@pytest.fixture(scope="module")
def indexes(make_index: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Index]:
    """An index of each text alone, and one of nothing that is ever asked."""
    folder = tmp_path_factory.mktemp("indexes")
    held = {text: make_index(folder / f"{i}.bdx", {text: 3}) for i, text in enumerate(TEXTS)}
    held[""] = make_index(folder / "none.bdx", {"nobody's zq7": 1})
    return {text: Index.open(path) for text, path in held.items()}


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    password=PASSWORDS,
    base=st.sampled_from(["", *TEXTS]),
    overlays=st.sets(st.sampled_from(TEXTS), max_size=2),
    more=st.sampled_from(TEXTS),
    words=st.lists(st.sampled_from(TEXTS), max_size=2),
    word=st.sampled_from(TEXTS) | st.text(min_size=1, max_size=8),
    forms=st.sets(st.sampled_from(FORMS)),
    form=st.sampled_from(FORMS),
    profile=st.sampled_from(["nist", "asvs-l1", "asvs-l2", "permissive"]),
    chosen=st.fixed_dictionaries(
        {code: ACTIONS for code in ("exposed", "similar_exposed", "context_word", "too_short", "repetitive")}
    ),
    event=st.sampled_from(["sign_up", "change", "reset"]),
    user_name=st.none() | st.sampled_from(TEXTS),
)
def test_knowing_more_never_accepts_what_was_refused(
    indexes: dict[str, Index],
    password: str,
    base: str,
    overlays: set[str],
    more: str,
    words: list[str],
    word: str,
    forms: set[str],
    form: str,
    profile: Any,
    chosen: dict[Any, Any],
    event: Any,
    user_name: str | None,
) -> None:
    word = "".join(character for character in word if not "\ud800" <= character <= "\udfff")

    def judged(known: set[str], listed: list[str], looked_up: set[str]) -> bool:
        policy = Policy.profile(
            profile,
            index=IndexSet(indexes[base], [indexes[text] for text in sorted(known)]),
            context=listed,
            forms=sorted(looked_up),
            rules=RULES,  # type: ignore[arg-type]
            # Whatever is refused at log-in has to be refused at reset.
            actions={event: chosen, "log_in": {"exposed": "warn"}},
        )
        return policy.check(password, user_name, event=event).accepted

    before = judged(overlays, words, forms)
    for after in (
        judged(overlays | {more}, words, forms),
        judged(overlays, [*words, word], forms),
        judged(overlays, words, forms | {form}),
        judged(overlays | {more}, [*words, word], forms | {form}),
    ):
        assert before or not after


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=PASSWORDS, user_name=st.none() | st.text(max_size=12), email=st.none() | st.text(max_size=20))
def test_a_verdict_is_its_severest_reason(
    indexes: dict[str, Index], password: str, user_name: str | None, email: str | None
) -> None:
    names = (user_name, email)
    if any("\ud800" <= character <= "\udfff" for name in names if name for character in name):
        return
    severity = ["accept", "warn", "notify", "force_reset", "reject"]
    for event in ("sign_up", "log_in"):
        policy = Policy.profile("nist", index=indexes[TEXTS[1]])
        verdict = policy.check(password, user_name, email, event)
        order = [(-severity.index(reason.action), reason.code) for reason in verdict.reasons]
        assert order == sorted(order) and len({code for _, code in order}) == len(order)
        assert verdict.action == (verdict.reasons[0].action if order else "accept")
        assert verdict.accepted == (verdict.action in ("accept", "warn", "notify"))
        assert len(verdict.messages("ja")) == len(order)
        assert verdict == policy.check(password.encode(), user_name, email, event)


def test_no_passphrase_is_taken_for_a_name(indexes: dict[str, Index]) -> None:
    """Of 100,000 fewer than one."""
    generator = random.Random(20260101)
    policy = Policy.profile(
        "asvs-l2",
        index=indexes[""],
        rules={"too_short": False, "exposed": False},
        service_name="Lantern Harbor",
    )
    # Most names share their words with the passphrases, which is harder than names of people.
    names = [*WORDS, "hanako", "taro", "yamada", "suzuki", "ken", "k1", "花子", "smith", "o.brien"]
    refused = 0
    for _ in range(100_000):
        words = generator.sample(WORDS, generator.randint(3, 5))
        if generator.random() < 0.3:
            words = [word.capitalize() for word in words]
        digits = str(generator.randrange(10**6))[: generator.randint(0, 6)]
        separator = generator.choice(["-", " ", ".", "_", "", "+", "/"])
        passphrase = separator.join(words) + generator.choice(["", separator]) + digits
        first, last = generator.sample(names, 2)
        user_name = generator.choice([first, f"{first}.{last}", f"{first}{generator.randrange(3000)}"])
        email = f"{last}{generator.choice(['.', '_', '+', ''])}{first}@{generator.choice(WORDS)}.example"
        verdict = policy.check(passphrase, user_name, email)
        refused += bool(verdict.reasons)
    assert refused == 0
    # The same rule sees what it is for.
    assert (
        not policy.check("L4ntern-Harbor2026!").accepted and not policy.check("yamada99", "yamada").accepted
    )
