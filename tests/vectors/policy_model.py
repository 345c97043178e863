"""What the rules of a policy say, read plainly: every way is tried, one after another, and nothing is fast.

Written from the documentation of the rules, with `unicodedata` and `str.casefold` for Unicode; the compiled rules,
which are written otherwise, must agree with it.
"""

from __future__ import annotations

import unicodedata

SEPARATORS = " ._-+"
LEET = str.maketrans("01!|l23€4@5$6978", "oiiiizeeaassggtb")
"""`1` stands for i and for l, so those two are one."""

ROLES = ("info", "sales", "mail", "contact", "support")

ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "qsdfghjklm"),
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    *("!@#$%^&*()", "!\"#$%&'()"),
    *("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "йцукенгшщзхъ"),
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "いろはにほへとちりぬるを",
)

SEVERITY = ("accept", "warn", "notify", "force_reset", "reject")
EVENTS = ("sign_up", "change", "reset", "log_in")
PROFILES = ("nist", "asvs-l1", "asvs-l2", "pci", "permissive")


IGNORABLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *(
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
    ),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""`Default_Ignorable_Code_Point` of Unicode 14."""


def is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def trimmed(text: str) -> str:
    """Without white space and control characters at the ends."""
    ends = [at for at, character in enumerate(text) if not (character.isspace() or is_control(character))]
    return text[ends[0] : ends[-1] + 1] if ends else ""


def visible(text: str) -> str:
    """Without what is not shown."""
    return "".join(c for c in text if not any(first <= ord(c) <= last for first, last in IGNORABLE))


def normal(form: str, text: str) -> str:
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


def fold(text: str) -> str:
    return normal("NFKC", normal("NFKC", text).casefold())


def forms(password: str, wanted: list[str], stored: str | None) -> list[tuple[str, str]]:
    """What is looked up, by name, in this order and each text once."""
    plain = normal("NFKC", password)
    found = {password: "raw"}
    if "nfc" in wanted:
        found.setdefault(normal("NFC", password), "nfc")
    if "nfkc" in wanted and not password.isascii():
        found.setdefault(plain, "nfkc")
        found.setdefault(plain.replace("¥", "\\"), "nfkc")
    kept = normal("NFKC", visible(password)) if "nfkc" in wanted else visible(password)
    cut = [trimmed(password), *([trimmed(plain)] if "nfkc" in wanted else [])]
    shown = [visible(password), trimmed(kept) if "trimmed" in wanted else kept]
    for name, texts in (("trimmed", cut), ("visible", shown)):
        # Where nothing is left, or nothing is not shown, there is nothing to look up.
        if name in wanted and (name == "trimmed" or visible(password) != password):
            for text in filter(None, texts):
                found.setdefault(text, name)
    if "casefold" in wanted:
        found.setdefault(fold(password), "casefold")
    if stored is not None:
        found.setdefault(stored, "stored")
    return [(name, text) for text, name in found.items()]


def length(password: str) -> int:
    """Code points of NFC; of what has more than any password may have, as it came."""
    return len(password) if len(password) > 1024 else len(normal("NFC", password))


def is_ideograph(character: str) -> bool:
    name = unicodedata.name(character, "")
    return name.startswith(("HIRAGANA", "KATAKANA", "CJK UNIFIED", "HANGUL SYLLABLE"))


def is_letter(character: str) -> bool:
    return character.isalpha() and not is_ideograph(character)


def may_be_stripped(end: str) -> bool:
    digits = sum(character.isnumeric() for character in end)
    return not any(map(str.isalpha, end)) and digits <= 4 and len(end) - digits <= 4


def strippings(text: str) -> list[str]:
    """The text without up to four digits and four symbols at each end, in every way."""
    ends = range(len(text) + 1)
    return [
        text[front:back]
        for front in ends
        for back in ends[front:]
        if may_be_stripped(text[:front]) and may_be_stripped(text[back:])
    ]


def is_one_edit(left: str, right: str) -> bool:
    if len(left) == len(right):
        return sum(a != b for a, b in zip(left, right, strict=True)) <= 1
    longer, shorter = sorted((left, right), key=len, reverse=True)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def is_word(password: str, word: str) -> bool:
    """Whether a password is little more than a word."""
    password, word = ("".join(c for c in fold(text) if c not in SEPARATORS) for text in (password, word))
    says_enough = sum(map(is_letter, word)) >= 4 or sum(map(is_ideograph, word)) >= 2
    if not says_enough and len(word) < 6:
        return False
    as_it_is = word.translate(LEET)
    if password.translate(LEET) in (as_it_is, as_it_is[::-1]):
        return True
    if not says_enough:
        return False
    least = min(strippings(word), key=len).translate(LEET)
    for core in strippings(password):
        core = core.translate(LEET)
        for known in (as_it_is, as_it_is[::-1], least, least[::-1]):
            times = len(core) // len(known)
            if times and core == known * times or len(known) >= 6 and is_one_edit(core, known):
                return True
    return False


def words(name: str, is_address: bool) -> list[str]:
    """What an account's name or address gives."""
    is_address = is_address or "@" in name
    local = name.rpartition("@")[0] if "@" in name else name
    parts = [local]
    for separator in SEPARATORS:
        parts = [part for text in parts for part in text.split(separator)]
    local_words = [word for word in (local, *parts) if word.lower() not in ROLES]
    return [name, *local_words] if is_address else local_words


def context_word(
    password: str, user_name: str | None, email: str | None, service_name: str | None, context: list[str]
) -> str | None:
    """Where the first word comes from that the password is little more than."""
    known = [
        ("user_name", words(user_name, False) if user_name else []),
        ("email", words(email, True) if email else []),
        ("service_name", [service_name] if service_name else []),
        ("context", context),
    ]
    return next((source for source, all_of in known if any(is_word(password, word) for word in all_of)), None)


def is_run(text: str) -> bool:
    lower = text.lower()
    return len(text) >= 3 and (len(set(text)) == 1 or any(lower in row or lower in row[::-1] for row in ROWS))


def is_repetitive(password: str) -> bool:
    """Whether it is one to three characters again and again, or consists of runs."""
    for unit in (1, 2, 3):
        if len(password) >= 3 * unit and all(
            character == password[at % unit] for at, character in enumerate(password)
        ):
            return True
    reached = [True] + [False] * len(password)
    for end in range(3, len(password) + 1):
        reached[end] = any(reached[start] and is_run(password[start:end]) for start in range(end - 2))
    return bool(password) and reached[-1]


def variations(password: str) -> list[str]:
    """The small changes that people make, each once, in the order of the documentation."""
    made = []
    first, last = password[:1], password[-1:]
    if first.islower() or first.isupper():
        made.append(first.swapcase() + password[1:])
    if last and not last.isalpha():
        made.append(password[:-1])
    stem = password.rstrip("0123456789")
    digits = password[len(stem) :]
    if 0 < len(digits) <= 9:
        width = len(digits) if digits.startswith("0") else 1
        made += [f"{stem}{int(digits) + step:0{width}}" for step in (-1, 1) if int(digits) + step >= 0]
    letters_end = max((at + 1 for at, character in enumerate(password) if character.isalpha()), default=0)
    made.append(password[:letters_end])
    made.append(password.translate(str.maketrans("01345@$7!", "oleasasti")))
    return [text for text in dict.fromkeys(made) if text != password and len(text) >= 4]


def action(profile: str, event: str, code: str) -> str:
    """What a profile does about a reason that was found."""
    if code == "similar_exposed" or profile == "asvs-l1" and code == "context_word":
        return "accept"
    if code == "repetitive" and profile not in ("nist", "permissive"):
        return "accept"
    if event == "log_in":
        forced = profile in ("nist", "asvs-l2", "pci")
        return ("force_reset" if forced else "warn") if code == "exposed" else "accept"
    if code == "repetitive" or profile == "permissive" and code != "too_long":
        return "warn"
    return "reject"


def reasons(profile: str, mfa: bool, event: str, password: str, user_name: str, seen: int) -> list[list[str]]:
    """Codes and actions, the severest first, then by code."""
    shortest = 15 if profile == "nist" and not mfa else 12 if profile == "pci" else 8
    codes = ["exposed"] * (seen >= (500_000 if profile == "asvs-l1" else 1))
    if length(password) > 1024:
        # Who chooses it is refused already, and nothing more is asked.
        codes = codes if event == "log_in" else ["too_long"]
    else:
        codes += ["too_short"] * (length(password) < shortest)
        codes += ["control_character"] * any(map(is_control, password))
        codes += ["context_word"] * (context_word(password, user_name, None, None, []) is not None)
        codes += ["repetitive"] * is_repetitive(password)
    found = [(code, action(profile, event, code)) for code in codes]
    said = [[code, done] for code, done in found if done != "accept"]
    return sorted(said, key=lambda reason: (-SEVERITY.index(reason[1]), reason[0]))
