"""The cases of policy.json, and what the plain model says of them."""

from __future__ import annotations

from typing import Any

import policy_model as model

DEFAULT = ["nfc", "nfkc", "trimmed", "visible"]

FORMS: list[tuple[str, list[str], str | None, list[str]]] = [
    # A password, the forms that are wanted, the one that will be kept, and what it is not taken for.
    ("plain ascii", DEFAULT, None, ["Plain ascii", "plainascii", "plain ascii "]),
    ("Plain ASCII", ["casefold"], None, ["PLAIN ASCII"]),
    ("ｐａｓｓｗｏｒｄ", DEFAULT, None, ["PASSWORD"]),
    ("ｐａｓｓｗｏｒｄ", ["nfc"], None, ["password"]),
    ("ＰＡＳＳｗｏｒｄ", ["nfc", "nfkc", "casefold"], None, []),
    ("ﾊﾟｽﾜｰﾄﾞ", DEFAULT, None, ["ぱすわーど", "ハスワート"]),
    ("ぱすわーど", DEFAULT, None, ["パスワード"]),
    ("ぱすわーど", ["nfc", "nfkc", "casefold"], None, ["パスワード"]),
    ("か\u3099き", DEFAULT, None, ["かき"]),
    ("か\u3099き", ["nfkc"], None, ["かき"]),
    ("a\u3000b", DEFAULT, None, ["ab"]),
    ("￥100", DEFAULT, None, ["100"]),
    ("¥100", DEFAULT, None, ["￥100"]),
    ("\\100", DEFAULT, None, ["¥100", "￥100"]),
    ("～", DEFAULT, None, ["〜"]),
    ("〜", DEFAULT, None, ["~", "～"]),
    ("ー", DEFAULT, None, ["-", "−"]),
    ("−", DEFAULT, None, ["-", "ー"]),
    ("①②", DEFAULT, None, ["1 2"]),
    ("㍻31", DEFAULT, None, ["令和31"]),
    ("Straße", ["casefold"], None, ["STRASSE", "Strase"]),
    ("İstanbul", ["casefold"], None, ["istanbul"]),
    ("ΟΔΟΣ", ["casefold"], None, ["οδος"]),
    ("οδος", ["nfc", "nfkc", "casefold"], None, []),
    ("Å", ["nfc", "nfkc", "casefold"], None, ["A"]),
    ("ſ", ["nfc", "nfkc", "casefold"], None, []),
    ("e\u0301té", DEFAULT, "e\u0301te\u0301", ["ete"]),
    ("abc", DEFAULT, "abc", []),
    ("🔑🔒", DEFAULT, None, []),
    ("", DEFAULT, None, [" "]),
    *(
        (f"{before}hunter2{after}", DEFAULT, None, ["hunter"])
        for before, after in (
            (" ", ""),
            ("", " "),
            ("\t", "\r"),
            ("", "\x00"),
            ("\xa0", ""),
            ("", "\u3000"),
            ("\u2028", "\x85"),
            ("\ufeff", ""),
            ("", "\u200b"),
            ("\u202e", "\u202c"),
            ("\ufeff ", "\u200b\t"),
            ("\xad", " "),
        )
    ),
    ("hunter2\x00", ["trimmed"], None, []),
    ("hun\x00ter2", DEFAULT, None, ["hun", "hunter2"]),
    ("hun ter2", DEFAULT, None, ["hunter2"]),
    ("hun\u200bter2", DEFAULT, None, []),
    ("hun\u200bter2", ["nfc", "nfkc"], None, ["hunter2"]),
    ("hunter2 ", ["nfc", "nfkc"], None, ["hunter2"]),
    ("hunter2 ", ["visible"], None, ["hunter2"]),
    ("ｈｕｎ\u2060ｔｅｒ２\u3000", DEFAULT, None, []),
    ("ｈｕｎ\u2060ｔｅｒ２\u3000", ["visible"], None, ["hunter2"]),
    ("ｈｕｎ\u2060ｔｅｒ２\u3000", ["trimmed", "visible", "casefold"], None, []),
    ("❤\ufe0f\U000e0041か\u200dき", DEFAULT, None, []),
    ("\u3164\uffa0", DEFAULT, None, [""]),
    (" \u3000 ", DEFAULT, None, [""]),
    ("¥100\u3000", DEFAULT, None, []),
    ("\xb4hunter2", DEFAULT, None, []),
]

LENGTHS = [
    ("a" * 7, 64), ("a" * 8, 64), ("a" * 64, 64), ("a" * 65, 64), ("か\u3099" * 7, 64), ("か\u3099" * 8, 64),
    ("か\u3099" * 64, 64), ("が" * 65, 64), ("か\u3099" * 65, 64), ("𠮷" * 7, 64), ("𠮷" * 8, 64), ("👩‍💻" * 3, 64),
    ("\ufdfa" * 64, 64), ("ｱ" * 7 + "ﾞ", 64), ("z" * 1024, 1024), ("z" * 1025, 1024), ("か\u3099" * 513, 1024),
    ("か\u3099" * 512, 1024), (" " * 8, 64), ("", 64), ("a" * 73, 80),
]  # fmt: skip

CONTEXT: list[tuple[str, str | None, str | None, str | None, list[str]]] = [
    # A password, the account's name and address, the service's name, other words.
    *[(password, "hanako", None, None, []) for password in (
        "hanako", "HANAKO", "H4n4ko2026!!", "2026hanako", "!!hanako!!", "okanah", "okanah2026", "hanakohanako",
        "hanako-hanako-1", "ｈａｎａｋｏ１２", "hanakoo", "hanak", "hamako1", "h.a.n.a.k.o", "1234hanako9876",
        "12345hanako", "hanako-likes-walking", "my hanako", "hanaok", "hana", "#$%&!hanako", "",
    )],
    *[(password, "taro", None, None, []) for password in (
        "taro", "tar0", "7@r0", "Taro!2026", "tarotarotaro", "taro839204918273", "taro12345", "tarot", "tarro", "orat",
        "taro!!!!2026", "taro!!!!!", "taro 2026", "mataro", "TARO\u3000１",
    )],
    ("kentucky-bluegrass-92", "ken", None, None, []),
    ("ken", "ken", None, None, []),
    ("ken2026", "ken", None, None, []),
    ("k1", "k1", None, None, []),
    ("839204", "839204", None, None, []),
    ("839204-and-more", "839204", None, None, []),
    ("yamada99", "taro.yamada", None, None, []),
    ("taroyamada", "taro.yamada", None, None, []),
    ("taro2026!!", "taro1999", None, None, []),
    ("bi11ybi11y", "billy", None, None, []),
    ("STRASSE1", "straße", None, None, []),
    ("花子2026", "花子", None, None, []),
    ("山2026", "山", None, None, []),
    ("はなこ１２３４", "はなこ", None, None, []),
    ("はなこ", "ハナコ", None, None, []),
    ("ﾊﾅｺ1", "ハナコ", None, None, []),
    ("홍길동77", "홍길동", None, None, []),
    ("пароль!", "Пароль", None, None, []),
    ("a-long-walk-in-kyoto", None, "a@x.jp", None, []),
    ("info2026!", None, "info@example.jp", None, []),
    ("support", None, "Support@example.jp", None, []),
    ("example2026", None, "taro@example.jp", None, []),
    *[(password, None, "taro.yamada+shop@example.jp", None, []) for password in (
        "taro.yamada+shop@example.jp", "taroyamadashop", "yamada2026", "Sh0p!", "Y4m4d4", "pohs", "example.jp",
        "yamada-and-the-shop",
    )],
    ("abc99", None, "abc.def@x.jp", None, []),
    ("hanako99", "taro", "hanako@x.jp", None, []),
    ("hanako99", "hanako", "hanako@x.jp", None, []),
    ("yamada1", "taro.yamada@example.jp", None, None, []),
    ("swallowshop1", None, None, "Swallow Shop", []),
    ("Swallow Shop", "swallowshop", None, "Swallow Shop", []),
    ("sw4ll0w-sh0p!", None, None, "Swallow Shop", ["燕屋"]),
    ("swallow2026", None, None, "Swallow Shop", []),
    ("燕屋!!", None, None, "Swallow Shop", ["燕屋"]),
    ("燕屋燕屋", None, None, None, ["zz", "燕屋"]),
    ("zz", None, None, None, ["zz"]),
    ("correct horse battery staple", "horse", "battery@staple.jp", "correct", ["staple"]),
]  # fmt: skip

# What the contract says in so many words: the model is held to it as well.
MUST_DIFFER = [
    ("kentucky-bluegrass-92", "ken", None), ("a-long-walk-in-kyoto", None, "a@x.jp"), ("taro839204918273", "taro", None),
]  # fmt: skip

REPETITIVE = [
    "", "a", "aa", "aaa", "aaaaaaaa", "12345678", "87654321", "90123", "0987654321", "abcdefgh", "QWERTYUIOP",
    "qwerty123", "aaabbbccc", "abcabcabc", "1qaz2wsx", "あいうえおかきくけこ", "あああああ", "アイウエオ", "いろはにほへと",
    "!@#$%^&*", "asdfghjkl", "ababab", "ababa", "абвгд", "йцукен", "ab12", "password", "correct horse", "abcabd",
    "12345x", "hunter2", "あいことば", "correcthorsecorrecthorse", "🔑🔑🔑", "abcdabcdabcd", "zzz111zzz", "135791", "aAaAaA",
]  # fmt: skip

SIMILAR = [
    "Blue-Kettle-10", "vexing-quokka2!", "vexing-quokka09", "vexing-quokka0", "vexing-quokka999", "Vexing-Qu0kk4$",
    "クワッカの昼寝1", "é-vexing-quokka7", "gnu1", "gnus1", "vexing-quokka1234567890", "vexing quokka", "vexing-quokka!!",
]  # fmt: skip

VERDICTS = [
    # A password, the account's name, how often the index has seen it.
    ("zq7 kv!dwm xp9rt", "hanako", 0),
    ("zq7 kv!dwm xp9rt", "hanako", 2),
    ("zq7 kv!dwm xp9rt", "hanako", 500_000),
    ("zq7 kv!dw", "hanako", 0),
    ("zq7", "hanako", 0),
    ("hanako2026", "hanako", 0),
    ("hanako2026", "hanako", 7),
    ("hanako", "hanako", 600_000),
    ("9999999999999999", "hanako", 0),
    ("z" * 1025, "hanako", 0),
    ("zq7 kv!d" * 129, "hanako", 3),
    ("zq7 kv!dwm\txp9rt", "hanako", 0),
    ("zq7 kv!dwm xp9rt\x00and more", "hanako", 2),
    ("zq7\x85", "hanako", 0),
]


def policy_vectors() -> dict[str, list[dict[str, Any]]]:
    for password, user_name, email in MUST_DIFFER:
        assert model.context_word(password, user_name, email, None, []) is None
    return {
        "forms": [
            {
                "password": password,
                "wanted": wanted,
                "stored": stored,
                "forms": [list(form) for form in model.forms(password, wanted, stored)],
                "unlike": unlike,
            }
            for password, wanted, stored, unlike in FORMS
        ],
        "lengths": [
            {
                "password": password,
                "max_length": most,
                "length": model.length(password),
                "code": "too_short" if model.length(password) < 8 else "too_long" if model.length(password) > most else None,
            }
            for password, most in LENGTHS
        ],
        "context_words": [
            {
                "password": password,
                "user_name": user_name,
                "email": email,
                "service_name": service_name,
                "context": context,
                "source": model.context_word(password, user_name, email, service_name, context),
            }
            for password, user_name, email, service_name, context in CONTEXT
        ],
        "repetitive": [
            {"password": password, "repetitive": model.is_repetitive(password)} for password in REPETITIVE
        ],
        "similar": [
            {"password": password, "variations": model.variations(password)} for password in SIMILAR
        ],
        "verdicts": [
            {
                "profile": profile,
                "mfa": mfa,
                "event": event,
                "password": password,
                "user_name": user_name,
                "seen": seen,
                "reasons": model.reasons(profile, mfa, event, password, user_name, seen),
            }
            for profile, mfa in [("nist", True), *((name, False) for name in model.PROFILES)]
            for event in model.EVENTS
            for password, user_name, seen in VERDICTS
        ],
    }  # fmt: skip
