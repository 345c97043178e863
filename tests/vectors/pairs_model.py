"""What a file of exposed pairs says, read plainly: a list of pairs, and every comparison one after another.

Written from docs/pairs.md and docs/format.md, with `hmac`, `unicodedata` and `str.casefold`; the crate `breachdex-pairs`,
which is written otherwise, must agree with it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import policy_model
from policy_cases import DEFAULT

PLUS = (
    *("outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.com", "live.jp", "msn.com"),
    *("icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "pm.me"),
    *("fastmail.com", "fastmail.fm"),
)
GMAIL = ("gmail.com", "googlemail.com")

Name = tuple[str, str | None]
"""In full, and without its host, where it has one."""

SEVERITY = (None, "user_name", "similar_pair", "pair")


def shown(text: str) -> str:
    return "".join(c for c in policy_model.visible(text) if not policy_model.is_control(c)).strip()


def name(user: str, mail_rules: bool) -> Name | None:
    """What a user name is compared as; ``None`` where nothing is left of it."""
    text = shown(policy_model.fold(shown(user)))
    if not text:
        return None
    local, at, host = text.rpartition("@")
    host = host.rstrip(".")
    if not at or not local or not host:
        return text, None
    if mail_rules and host in (*GMAIL, *PLUS):
        local = local.split("+")[0] or local
        if host in GMAIL:
            local, host = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{host}", local


def digest(key: bytes, what: str, named: str, password: bytes) -> str:
    """An entry of the file, as the format describes it."""
    said = what.encode() + len(named.encode()).to_bytes(8, "little") + named.encode() + password
    return hmac.new(key, said, hashlib.sha256).hexdigest()[:40]


def key_id(key: bytes) -> str:
    return hmac.new(key, b"k" + bytes(8), hashlib.sha256).hexdigest()[:32]


def label(key: bytes, mail_rules: bool, local_names: bool) -> str:
    rules = f"mail-rules={'1' if mail_rules else 'none'}; local-names={'yes' if local_names else 'no'}"
    return f"pairs 1; key={key_id(key)}; {rules}"


def entries(key: bytes, pairs: list[list[str]], mail_rules: bool, local_names: bool) -> dict[str, int]:
    """Every entry of a file of these pairs with its count."""
    named = [(name(user, mail_rules), password.encode()) for user, password in pairs]
    distinct = dict.fromkeys((known, password) for known, password in named if known and password)
    counts: dict[str, int] = {}
    for (full, local), password in distinct:
        made = [digest(key, "p", full, password), digest(key, "u", full, b""), digest(key, "a", "", b"")]
        if local is not None and local_names:
            made.append(digest(key, "l", local, password))
        for entry in made:
            counts[entry] = counts.get(entry, 0) + 1
    return dict(sorted(counts.items()))


def find(pairs: list[list[str]], user: str, password: str, mail_rules: bool, local_names: bool) -> str | None:
    """What the list says of a user name and a password."""
    asked = name(user, mail_rules)
    if asked is None:
        return None
    forms = [text for _, text in policy_model.forms(password, DEFAULT, None)]
    variations = policy_model.variations(password)
    found = [None, *(said_of(pair, asked, forms, variations, mail_rules, local_names) for pair in pairs)]
    return max(found, key=SEVERITY.index)


def said_of(
    pair: list[str], asked: Name, forms: list[str], variations: list[str], mail_rules: bool, local_names: bool
) -> str | None:
    known = name(pair[0], mail_rules)
    if known is None or not pair[1]:
        return None
    is_same = known[0] == asked[0]
    # One of both has no host.
    is_other = local_names and (
        (known[1] is None and asked[1] == known[0]) or (asked[1] is None and known[1] == asked[0])
    )
    is_near = local_names and known[1] is not None and known[1] == asked[1]
    if (is_same or is_other) and pair[1] in forms:
        return "pair"
    if ((is_same or is_other) and pair[1] in variations) or (is_near and pair[1] in forms):
        return "similar_pair"
    return "user_name" if is_same else None


KEY = bytes(range(7, 39))

NAMES = [
    "hanako", "Hanako ", "ｈａｎａｋｏ", "hana\u200bko", "花子", "ﾊﾅｺ", "か\u3099", "STRASSE", "straße", "İ", "ΣΑΣ", "",
    " \u200b\ufeff", "\tadmin\n", "HANAKO@Example.JP", "hanako＠example.jp.", "a@b@example.jp", "@example.jp",
    "hanako@", "hanako@..", "Taro.Yamada+shop@GoogleMail.com", "taro.yamada@gmail.com", "taro.yamada+a+b@outlook.jp",
    "taro+1@icloud.com", "taro+1@pm.me", "taro+1@fastmail.com", "t.a.r.o+1@example.jp", "taro-1@yahoo.co.jp",
    "+1@gmail.com", "...@gmail.com", "taro.yamada+1", "ｔａｒｏ＋１＠ｇｍａｉｌ．ｃｏｍ", "taro@例え.jp", "O'Brien@example.jp",
    "DOMAIN\\user", "+81 90 1234 5678",
]  # fmt: skip

HELD = [
    ["hanako@example.jp", "sakura2019"], ["taro", "hunter2"], ["Taro.Yamada+shop@gmail.com", "pässword1"],
    ["花子", "さくら2019"], ["info@example.jp", "welcome1"], ["taro@example.com", "Tr0ub4dor&3"], ["jiro@example.jp", "x:y"],
    ["hanako@example.jp", "sakura2019"], [" ", "nobody's"], ["saburo", ""], ["か\u3099く", "か\u3099くせい"],
]  # fmt: skip

ASKED = [
    ["hanako@example.jp", "sakura2019"], ["HANAKO@EXAMPLE.JP", "sakura2019"], ["hanako@example.jp", "sakura2018"],
    ["hanako@example.jp", "Sakura2019"], ["hanako@example.jp", "else"], ["hanako", "sakura2019"], ["hanako", "sakura2020"],
    ["hanako", "else"], ["hanako@example.com", "sakura2019"], ["hanako@example.com", "sakura2020"],
    ["hanako@example.jp", "ｓａｋｕｒａ２０１９"], ["hanako@example.jp", " sakura2019 "], ["taro", "hunter2"],
    ["taro@example.jp", "hunter2"], ["taro@example.jp", "hunter3"], ["taro@example.jp", "else"], ["taro", "Tr0ub4dor&3"],
    ["TARO", "hunter2!"], ["taroyamada@googlemail.com", "pässword1"], ["taroyamada@gmail.com", "PÄSSWORD1"],
    ["taro.yamada@example.jp", "pässword1"], ["taroyamada", "pässword1"], ["花子", "さくら2019"], ["花子", "さくら2020"],
    ["info@other.jp", "welcome1"], ["info@other.jp", "welcome2"], ["info", "welcome1"], ["jiro@example.jp", "x:y"],
    ["jiro@example.jp", "x"], ["", "nobody's"], ["saburo", ""], ["saburo", "else"], ["がく", "がくせい"],
    ["shiro", "sakura2019"], ["hanako@example.jp", ""],
]  # fmt: skip


def pairs_vectors() -> dict[str, Any]:
    """The whole of pairs.json."""
    rules = [(mail_rules, local_names) for mail_rules in (True, False) for local_names in (True, False)]
    return {
        "key": KEY.hex(),
        "names": [
            {"user": user, "mail_rules": mail_rules, "name": name(user, mail_rules)}
            for user in NAMES
            for mail_rules in (True, False)
        ],
        "held": HELD,
        "files": [
            {
                "mail_rules": mail_rules,
                "local_names": local_names,
                "label": label(KEY, mail_rules, local_names),
                "entries": entries(KEY, HELD, mail_rules, local_names),
                "found": [
                    [user, password, find(HELD, user, password, mail_rules, local_names)]
                    for user, password in ASKED
                ],
            }
            for mail_rules, local_names in rules
        ],
        "verdicts": [
            {
                "profile": profile,
                "event": event,
                "user_name": user,
                "password": password,
                "reasons": reasons(profile, event, user, password),
            }
            for profile in policy_model.PROFILES
            for event in policy_model.EVENTS
            for user, password in VERDICTS
        ],
    }


VERDICTS = [
    ["hanako@example.jp", "sakura2019"], ["hanako@example.jp", "sakura2020"], ["hanako@example.jp", "zq7 kv!dwm xp9rt"],
    ["nobody", "sakura2019"], ["taro@example.com", "Tr0ub4dor&3"],
]  # fmt: skip


def reasons(profile: str, event: str, user: str, password: str) -> list[list[str]]:
    """Codes and actions of a policy that asks the list, where no index holds the password."""
    said = policy_model.reasons(profile, False, event, password, user, 0)
    if find(HELD, user, password, True, True) in ("pair", "similar_pair"):
        # What is done about an exposed password is done about a pair, which stands before it.
        done = policy_model.action(profile, event, "exposed")
        said = [["exposed_pair", done], *said]
    return sorted(said, key=lambda reason: -policy_model.SEVERITY.index(reason[1]))
