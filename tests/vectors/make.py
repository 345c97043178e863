#!/usr/bin/env python3
"""Makes passwords.json, passwords with their digests and the forms under which some are looked up, and policy.json,
what the rules of a policy say of passwords, and pairs.json, what lists of exposed pairs say of accounts.

The digests are OpenSSL's, the forms and what rules say those of a plain model (policy_model.py, pairs_model.py);
the Rust and the Python tests read the files and must agree with them. Run it again after a change here, and commit
both.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import policy_model
from pairs_model import pairs_vectors
from policy_cases import DEFAULT, policy_vectors

PASSWORDS = [
    "", "a", "abc", "password", "correct horse battery staple", " leading and trailing ", "tab\tand\nnewline",
    "nul\x00inside", "パスワード", "ﾊﾟｽﾜｰﾄﾞ", "ｐａｓｓｗｏｒｄ", "か゛", "か\u3099", "が", "￥100", "¥100", "～",
    "〜", "ー", "−", "①２", "㍻", "a　b", "ß", "İ", "ς", "🔑🔒", "é", "e\u0301", "x" * 63, "x" * 64, "x" * 65, "x" * 1000,
    "0123456789012345678901234567890123456789012345678901234",
    "01234567890123456789012345678901234567890123456789012345",
]  # fmt: skip


def md4(data: bytes) -> str:
    command = ["openssl", "dgst", "-provider", "legacy", "-md4", "-binary"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.hex()


def forms(password: str) -> list[str]:
    """Distinct forms, the password itself first."""
    return [text for _, text in policy_model.forms(password, DEFAULT, None)]


def main() -> None:
    vectors = [
        {
            "password": password,
            "sha1": hashlib.sha1(password.encode()).hexdigest(),
            "ntlm": md4(password.encode("utf-16-le")),
            "forms": forms(password),
        }
        for password in PASSWORDS
    ]
    write("passwords.json", vectors)
    write("policy.json", policy_vectors())
    write("pairs.json", pairs_vectors())


def write(name: str, vectors: object) -> None:
    text = json.dumps(vectors, ensure_ascii=True, indent=1)
    Path(__file__).with_name(name).write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
