"""``breachdex.Policy``: rules and an index together, and what becomes of a fault."""

from __future__ import annotations

import os

from breachdex._breachdex import Index, IndexSet, Judge, Pairs, PolicyRules, Verdict
from breachdex._errors import BreachdexError, IndexNotSignedError, PasswordRejectedError, PolicyError
from breachdex._remote import RangeClient

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Literal

    from breachdex._gate import Trust
    from breachdex.types import Action, Code, Event, OnError, Password, Path, Profile


class Policy:
    """May this password be used? Made by :meth:`profile` or :meth:`from_toml`; never changes.

    >>> policy = Policy.profile("nist", index="pwned.bdx", service_name="Example Shop")
    >>> verdict = policy.check("correct horse battery staple", email="taro@example.jp", event="sign_up")
    >>> verdict.accepted, verdict.messages("ja")
    """

    __slots__ = ("_file", "_index", "_judge", "_pairs", "_rules")

    def __init__(
        self,
        rules: PolicyRules,
        index: Index | IndexSet | RangeClient | Path | None,
        overlays: Sequence[Path | Index],
        pairs: Sequence[Pairs] | None = None,
    ) -> None:
        self._file: Path | None = None
        self._rules = rules
        # What is open and alone was looked at when it was named, by the configuration of then.
        if not isinstance(index, (Index, IndexSet, RangeClient)) or overlays:
            index = asked(index, overlays)
        self._index = index
        self._pairs = _pairs_of(rules) if pairs is None else tuple(pairs)
        self._judge = Judge(rules, self._index, self._pairs)

    @classmethod
    def profile(
        cls,
        name: Profile,
        *,
        mfa: bool = False,
        index: Index | IndexSet | RangeClient | Path | None = None,
        overlays: Sequence[Path | Index] = (),
        pairs: Path | Sequence[Path | Pairs] | None = None,
        pair_key: Path | Sequence[Path] | None = None,
        service_name: str | None = None,
        context: Iterable[str] = (),
        on_error: OnError | Mapping[Event, OnError] | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        min_count: int | None = None,
        scope: Literal["all", "common"] | None = None,
        forms: Iterable[str] | None = None,
        language: str | None = None,
        rules: Mapping[Code, bool] | None = None,
        actions: Mapping[Event, Mapping[Code, Action]] | None = None,
        test_password: bool | None = None,
        grace: Mapping[str, int | str] | None = None,
    ) -> Policy:
        """What a standard demands, and what is to be different.

        :param name: ``nist`` (SP 800-63B-4), ``asvs-l1``, ``asvs-l2`` (OWASP ASVS 5.0), ``pci`` (PCI DSS 4.0.1) or ``permissive``, which
            looks at everything and only warns.
        :param mfa: whether the password is one factor of two, which is enough for NIST to ask for 8, not 15.
        :param index: an open index, the path of one, ``None`` for the default one, or a :class:`RangeClient`,
            which :meth:`acheck` asks.
        :param overlays: paths of indexes of your own incidents, or open ones.
        :param pairs: paths of exposed pairs of your own incidents, or open ones; by default the configured ones.
        :param pair_key: the path of their key file, or a list of paths.
        :param service_name: the name of the site, which makes bad passwords.
        :param context: other such words.
        :param on_error: what a fault at run time means: ``accept``, ``reject`` or ``raise``, for every event or
            by event. By default log-in accepts and the others raise.
        :param min_length: code points of the password in NFC.
        :param max_length: the same; 64 or more.
        :param min_count: from how many sightings on (inclusive) a password is exposed.
        :param scope: ``all`` exposed passwords are refused, or ``common`` ones only (see the page about policies).
        :param forms: what is looked up besides the password as it came: ``nfc``, ``nfkc``, ``casefold``.
        :param language: what ``messages()`` speaks when it is not told and no request is answered; by default the
            configured language.
        :param rules: switches rules on and off by code, as ``{"similar_exposed": True}``.
        :param actions: what is done by event and code, as ``{"log_in": {"exposed": "warn"}}``.
        :param test_password: whether :data:`breachdex.TEST_PASSWORD` is exposed; by default as configured.
        :param grace: how long a log-in that would be refused is let pass with a warning, as ``{"days": 14}``. The frameworks'
            modules keep the time; :meth:`Verdict.in_grace` is what they say until then.
        :raises PolicyError: for what makes no sense, naming it and the nearest that does.
        :raises BreachdexError: where the index is missing, damaged or of another kind than an overlay.
        """
        settings: dict[str, Any] = {"profile": name, "mfa": mfa, "context": list(_words(context))}
        optional = {
            "service_name": service_name,
            "on_error": on_error,
            "min_length": min_length,
            "max_length": max_length,
            "min_count": min_count,
            "scope": scope,
            "forms": forms if forms is None else list(_words(forms)),
            "language": _language() if language is None else language,
            "rules": rules,
            "actions": actions,
            "test_password": _knows_test_password() if test_password is None else test_password,
            "grace": grace,
        }
        settings |= {key: value for key, value in optional.items() if value is not None}
        try:
            rules_of_it = PolicyRules.from_settings(settings)
        finally:
            # The words are nobody's business who prints the frames that an error went through.
            del service_name, context, settings, optional
        lists = None if pairs is None else opened_pairs(pairs, pair_key)
        return cls(rules_of_it, asked(index, overlays), (), lists)

    @classmethod
    def from_toml(
        cls,
        path: Path,
        *,
        index: Index | IndexSet | RangeClient | Path | None = None,
        overlays: Sequence[Path | Index] | None = None,
        pairs: Path | Sequence[Path | Pairs] | None = None,
        pair_key: Path | Sequence[Path] | None = None,
    ) -> Policy:
        """The policy of a file. An index, overlays or pairs given here take the place of the file's.

        :raises PolicyError: naming the file and, where one is to blame, the line.
        """
        rules = PolicyRules.from_toml(path)
        index = rules.index if index is None else index
        lists = None if pairs is None else opened_pairs(pairs, pair_key)
        policy = cls(rules, asked(index, rules.overlays if overlays is None else overlays), (), lists)
        policy._file = path
        return policy

    def check(
        self,
        password: Password,
        user_name: str | None = None,
        email: str | None = None,
        event: Event = "sign_up",
        *,
        stored: str | None = None,
    ) -> Verdict:
        """What becomes of a password. Never speaks to the network.

        :param user_name: the account's, or the one being chosen.
        :param email: the account's address.
        :param event: ``sign_up``, ``change``, ``reset`` or ``log_in``.
        :param stored: the form of the password that will be kept, if it is another: looked up too.
        :raises TypeError: for a policy with a :class:`RangeClient`, which :meth:`acheck` asks.
        :raises InvalidPasswordError: for what is no text.
        :raises BreachdexError: for a fault, where ``on_error`` says ``raise``.
        """
        try:
            return self._judge.check(password, user_name, email, event, stored, False)
        finally:
            # Whoever prints the frames that an error went through, with what they hold, finds nothing in this one.
            del password, user_name, email, event, stored

    async def acheck(
        self,
        password: Password,
        user_name: str | None = None,
        email: str | None = None,
        event: Event = "sign_up",
        *,
        stored: str | None = None,
    ) -> Verdict:
        """:meth:`check`, and for a policy with a :class:`RangeClient` without blocking the event loop."""
        try:
            if not self._judge.has_server:
                return self._judge.check(password, user_name, email, event, stored, False)
            from breachdex._remote import Question, in_thread

            question = Question(self._judge.check, password, user_name, email, event, stored, True)
        finally:
            del password, user_name, email, event, stored
        return await in_thread(question)  # type: ignore[no-any-return]

    def validate(
        self,
        password: Password,
        user_name: str | None = None,
        email: str | None = None,
        event: Event = "sign_up",
        *,
        stored: str | None = None,
        field: str | None = None,
        lang: str | None = None,
    ) -> Verdict:
        """:meth:`check`, with an error for a password that is refused: what an adapter of a framework needs.

        :param field: the name of the form's field, which the error has.
        :param lang: the language of the error's messages; ``None`` is the request's, else the policy's.
        :returns: the verdict, which may have reasons to warn.
        :raises PasswordRejectedError: with the verdict, and a message for each reason that refuses the password.
        """
        try:
            verdict = self.check(password, user_name, email, event, stored=stored)
        finally:
            del password, user_name, email, stored
        return _accepted(verdict, field, lang)

    async def avalidate(
        self,
        password: Password,
        user_name: str | None = None,
        email: str | None = None,
        event: Event = "sign_up",
        *,
        stored: str | None = None,
        field: str | None = None,
        lang: str | None = None,
    ) -> Verdict:
        """:meth:`validate` without blocking the event loop."""
        try:
            checked = self.acheck(password, user_name, email, event, stored=stored)
        finally:
            del password, user_name, email, stored
        return _accepted(await checked, field, lang)

    def attest(self, *, max_age: int | None = None, verify: bool = False) -> dict[str, Any]:
        """Evidence for an auditor: the index and the rules in use, and tests of the policy with passwords made for it.

        It is the JSON of ``breachdex policy attest --json`` (see the page about evidence), about the index that this process
        has open. ``passed`` says whether every test passed. A policy of a pickle does not know its file.

        :param max_age: how many days ago the corpus date may be, as a test of its own.
        :param verify: reads all of the index and holds it against its content id, which takes as long as reading the file.
        :raises PolicyError: for a policy that asks several indexes, or a :class:`RangeClient`.
        :raises BreachdexError: the index cannot be read.
        """
        import json

        pairs = [pairs.path for pairs in self._pairs]
        told = json.loads(self._judge.attest(self._rules, pairs, self._file, max_age, verify))
        return told  # type: ignore[no-any-return]

    def action(self, event: Event, code: Code) -> Action:
        """What is done about a reason at an event; ``accept`` for a rule that is off."""
        return self._rules.action(event, code)

    def on_error(self, event: Event) -> OnError:
        """What a fault means at an event."""
        return self._rules.on_error(event)

    def to_toml(self) -> str:
        """A file that says the same, with everything spelled out. Names no index."""
        return self._rules.to_toml()

    @property
    def min_length(self) -> int:
        """Fewest code points, of the password in NFC."""
        return self._rules.min_length

    @property
    def max_length(self) -> int:
        """Most code points, of the password in NFC."""
        return self._rules.max_length

    @property
    def index(self) -> Index | IndexSet | RangeClient:
        """What is asked."""
        return self._index

    @property
    def pairs(self) -> tuple[Pairs, ...]:
        """The lists of exposed pairs that are asked too."""
        return self._pairs

    @property
    def profile_name(self) -> Profile:
        """The profile that its rules began as."""
        return self._rules.profile

    def __repr__(self) -> str:
        # There is none when the constructor failed, which is when somebody prints this.
        return f"<breachdex.Policy {self._rules.profile} {getattr(self, '_index', 'without an index')!r}>"

    def __eq__(self, other: object) -> bool:
        """Whether both have the same rules and ask the same index: the same one, or the same files."""
        if not isinstance(other, Policy):
            return NotImplemented
        files = [[(pairs.path, pairs.key_id) for pairs in policy._pairs] for policy in (self, other)]
        return self._rules == other._rules and files[0] == files[1] and _is_same(self._index, other._index)

    def __hash__(self) -> int:
        return hash(self._rules)

    def __reduce__(self) -> tuple[Callable[..., Policy], tuple[object, ...]]:
        from breachdex._pickling import policy

        return policy, (self._rules, self._index, self._pairs)


def _is_same(one: object, other: object) -> bool:
    """Whether two indexes, sets or clients are asked alike: those that would be pickled alike."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, RangeClient):
        return one == other
    if isinstance(one, IndexSet) and isinstance(other, IndexSet):
        ours, theirs = (*one.bases, None, *one.overlays), (*other.bases, None, *other.overlays)
        return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))
    if isinstance(one, Index) and isinstance(other, Index):
        try:
            return (
                one.path is not None or one.metadata.is_starter
            ) and one.__reduce__() == other.__reduce__()
        except BreachdexError:  # Nothing is known about what is closed or damaged.
            return False
    return False


def _accepted(verdict: Verdict, field: str | None, lang: str | None) -> Verdict:
    """The verdict, if the password may be used."""
    if verdict.accepted:
        return verdict
    raise PasswordRejectedError(verdict, field, lang)


def _language() -> str | None:
    """What is configured."""
    from breachdex._configuration import current

    return current().lang


def _knows_test_password() -> bool:
    """What is configured."""
    from breachdex._configuration import current

    return current().test_password


def _words(words: Iterable[str]) -> Iterable[str]:
    # Its letters would be taken for words.
    if isinstance(words, str):
        raise TypeError("context and forms are lists of strings, not a string")
    return words


def asked(
    index: Index | IndexSet | RangeClient | Path | None, overlays: Sequence[Path | Index]
) -> Index | IndexSet | RangeClient:
    """What is asked: the configured index and its overlays where nothing is named."""
    if index is None:
        from breachdex._configuration import current

        if not overlays:
            return current().corpus
        index = current().index
    return opened(index, overlays)


def opened(
    index: Index | IndexSet | RangeClient | Path | None,
    overlays: Sequence[Path | Index],
    trust: Trust | None = None,
) -> Index | IndexSet | RangeClient:
    """What these name; paths share the process's one handle on them, which follows its file.

    :param trust: the trusted keys and the greatest age; ``None`` is as configured.
    """
    from breachdex._gate import RELOAD_EVERY, shared_index

    if trust is None:
        from breachdex._configuration import current

        trust = current().trust
    if trust[0] is not None and isinstance(index, (Index, IndexSet)):
        _demand_signature(index)
    if isinstance(overlays, (str, bytes)):
        raise TypeError("overlays is a list of paths or indexes, not a string")
    if isinstance(index, RangeClient):
        if index._client.on_error != "raise":
            raise PolicyError(
                f"the RangeClient's on_error is {index._client.on_error!r}, which has no say in a policy: give on_error "
                "to the policy, and leave the client's at 'raise'"
            )
        if not overlays:
            return index
    paths = [overlay for overlay in overlays if not isinstance(overlay, Index)]
    if not isinstance(index, (Index, IndexSet, RangeClient)) and len(paths) == len(overlays):
        return shared_index(index, paths, trust)
    if not overlays:
        assert isinstance(index, (Index, IndexSet))
        return index
    base = index if isinstance(index, (Index, IndexSet, RangeClient)) else shared_index(index, (), trust)
    bases, laid = (base.bases, base.overlays) if isinstance(base, IndexSet) else ((base,), ())
    opened = [
        overlay
        if isinstance(overlay, Index)
        else Index.open(overlay, reload_every=RELOAD_EVERY, trusted_keys=False)
        for overlay in overlays
    ]
    return IndexSet(bases, [*laid, *opened])


def _pairs_of(rules: PolicyRules) -> tuple[Pairs, ...]:
    """The lists of exposed pairs that rules ask: those of their file, else the configured ones."""
    if rules.pairs:
        return opened_pairs(rules.pairs, rules.pair_key)
    from breachdex._configuration import current

    return current().pairs


def opened_pairs(
    pairs: Path | Sequence[Path | Pairs], keys: Path | Sequence[Path] | None
) -> tuple[Pairs, ...]:
    """The lists of exposed pairs that these name; paths share the process's one handle on them, which follows its file.

    :param keys: the key files, in any order.
    """
    from breachdex._gate import shared_pairs

    def listed(given: Any) -> Sequence[Any]:
        return (given,) if isinstance(given, (str, os.PathLike, Pairs)) else given or ()

    files = listed(keys)
    return tuple(item if isinstance(item, Pairs) else shared_pairs(item, files) for item in listed(pairs))


def _demand_signature(index: Index | IndexSet) -> None:
    """Refuses an open index that was opened without trusted keys, where some are configured."""
    for base in index.bases if isinstance(index, IndexSet) else (index,):
        if isinstance(base, Index) and base.signed_by is None and not base.metadata.is_starter:
            raise IndexNotSignedError(
                f"{base.path or 'an index in memory'} was opened without trusted_keys, and some are configured; open it "
                "with Index.open(path, trusted_keys=...), or let the configuration name its path"
            )
