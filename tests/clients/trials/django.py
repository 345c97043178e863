"""PyPI's pwned-passwords-django: its two clients, and its validator as Django's settings name it."""

from __future__ import annotations

import json

import corpus
from environments import python_environment
from trials.trial import CLIENTS, Client, Setting, must_be_same

NOT_KNOWN = {"code": "http_error", "params": {"status_code": 503}}
# What is asked about each password: by both clients and the validator.
REQUESTS = 3


def set_up() -> Client:
    """Takes passwords, gives what became of them."""
    client = CLIENTS / "pwned-passwords-django"
    return Client([str(python_environment(client)), str(client / "ask.py")], client)


def judge(client: Client, setting: Setting) -> None:
    """With padding, which is its default, and without."""
    for padding in (True, False):
        padded_before = setting.padded()
        judge_passwords(client, setting, padding)
        padded = REQUESTS * len(corpus.known_passwords()) if padding and setting.server.is_ours else 0
        must_be_same("answers with padding", setting.padded() - padded_before, padded)


def judge_passwords(client: Client, setting: Setting, padding: bool) -> None:
    """An exposed password is refused with its count, another is taken, and an unknown one is an error."""
    known = corpus.known_passwords()
    passwords = [*known, *corpus.NOT_COVERED]
    questions = {"url": setting.server.url, "padding": padding, "passwords": passwords}
    answers = json.loads(client.run(questions=json.dumps(questions)))
    must_be_same("answers", len(answers), len(passwords))
    for password, answer in zip(passwords, answers, strict=True):
        what = f"{password!r}, padding {padding}"
        if password in known:
            count = known[password]
            refused = {"code": "password_compromised", "params": {"amount": count}}
            right = {"sync": count, "async": count, "validator": refused if count else None}
            must_be_same(what, answer, right)
        else:
            # What the validator makes of an error is its own decision.
            must_be_same(what, [answer["sync"], answer["async"]], [NOT_KNOWN, NOT_KNOWN])
