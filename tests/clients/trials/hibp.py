"""npm's hibp: passwords, ranges of both kinds, and bad questions, each with padding and without."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import corpus
from environments import node_environment
from trials.trial import CLIENTS, Client, Setting, must_be_same

RANGES = (corpus.DENSE_FIRST, corpus.ONE_ROW, corpus.EMPTY, corpus.CROWDED)


def set_up() -> Client:
    """Takes questions, gives answers."""
    node, installed = node_environment(CLIENTS / "hibp")
    return Client([str(node), str(CLIENTS / "hibp" / "ask.mjs")], installed)


@dataclass
class Questions:
    """Calls of the package's functions, with the answers that they must give."""

    url: str
    not_known: dict[str, str]
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, function: str, argument: str, answer: dict[str, Any], **options: str) -> None:
        """Asks the same with padding and without, which must not change the answer."""
        for padding in (False, True):
            self.calls.append((function, argument, {**options, "addPadding": padding, "baseUrl": self.url}))
            self.answers.append(answer)


def judge(client: Client, setting: Setting) -> None:
    """Asks everything at once and holds answer after answer against the corpus."""
    questions = Questions(setting.server.url, {"error": not_known(setting)})
    ask_passwords(questions)
    covered = len(questions.calls)
    refuse_passwords(questions)
    for kind in setting.corpora:
        ask_ranges(questions, setting, kind)
        covered += 2 * 2 * len(RANGES)
    refuse_ranges(questions)

    padded_before = setting.padded()
    answers = json.loads(client.run(questions=json.dumps(questions.calls)))
    must_be_same("answers", len(answers), len(questions.calls))
    for call, answer, right in zip(questions.calls, answers, questions.answers, strict=True):
        must_be_same(str(call), without_padding(answer), right)
    must_be_same(
        "answers with padding", setting.padded() - padded_before, covered // 2 * setting.server.is_ours
    )


def not_known(setting: Setting) -> str:
    """The reason of a 503, in the words of the server."""
    return setting.server.unavailable


def ask_passwords(questions: Questions) -> None:
    """Passwords whose count is known."""
    for password, count in corpus.known_passwords().items():
        questions.ask("pwnedPassword", password, {"value": count})


def refuse_passwords(questions: Questions) -> None:
    """Passwords of which nothing is known: never the count 0."""
    for password in corpus.NOT_COVERED:
        questions.ask("pwnedPassword", password, questions.not_known)


def ask_ranges(questions: Questions, setting: Setting, kind: str) -> None:
    """Ranges of a kind, their prefixes in both cases."""
    for prefix in map(corpus.five_digits, RANGES):
        for asked in (prefix, prefix.lower()):
            rows = {"value": setting.corpora[kind].ranges[prefix]}
            questions.ask("pwnedPasswordRange", asked, rows, mode=kind)
    questions.ask("pwnedPasswordRange", corpus.five_digits(corpus.UNKNOWN), questions.not_known, mode=kind)


def refuse_ranges(questions: Questions) -> None:
    """Prefixes that are none; the client passes on what the server says."""
    refusals = {
        "21BD": "The hash prefix was not in a valid format",
        "21BD00": "The hash prefix was not in a valid format",
        "21BDG": "The hash prefix was not valid hexadecimal",
    }
    for prefix, sentence in refusals.items():
        questions.ask("pwnedPasswordRange", prefix, {"error": sentence})


def without_padding(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the rows whose count is 0: padding, or the one that says that a range is empty."""
    rows = answer.get("value")
    if not isinstance(rows, dict):
        return answer
    return {"value": {suffix: count for suffix, count in rows.items() if count != 0}}
