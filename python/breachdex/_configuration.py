"""The one configuration that every framework module, :class:`breachdex.Policy` and ``SafePassword`` inherit.

It has layers. What a caller says explicitly goes before the framework's own configuration (Django's ``BREACHDEX``, a Flask
app's config), that before :func:`configure`, that before the environment; where nothing is said, the starter index answers.
Each key is taken from the highest layer that says it, but overlays belong to the index they were configured with: a layer
that names an index drops the overlays of the layers below.

A configuration is an immutable object. :func:`current` returns the same one until something changes, so callers keep what
they made of it as long as it is the same object. Reading it takes no lock.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

from breachdex._breachdex import Index, IndexSet, Pairs, PolicyRules
from breachdex._configuration_values import EVENTS, FROM_TEXT, READERS, InvalidError, grace_of
from breachdex._errors import BreachdexError, ConfigurationError
from breachdex._policy import Policy
from breachdex._remote import RangeClient

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Final

    from breachdex._breachdex import Grace
    from breachdex._gate import Trust
    from breachdex._log_ins import Recheck
    from breachdex._verdicts import Named
    from breachdex.types import Event, OnError, Path, TrustedKeys

    Corpus = Index | IndexSet | RangeClient

DEFAULT_ON_ERROR: Final[Mapping[Event, OnError]] = {
    "sign_up": "raise",
    "change": "raise",
    "reset": "raise",
    "log_in": "accept",
}
"""What a fault means where nothing is said: nobody is locked out by a bad disk."""

ABOVE_POLICIES: Final = ("test_password", "grace")
"""Keys that change a policy wherever they are said."""

EXPOSED_ONLY: Final = {
    "profile": "nist",
    "min_length": 1,
    "actions": {"log_in": {"exposed": "warn"}},
}
"""What passwords are judged by where no policy is configured, with every rule off but three."""


class Layer:
    """What one place says, checked. A key that it does not say is not in ``said``.

    :param name: how errors call a key of this place.
    :param given: values by key; ``None`` says nothing.
    :raises ConfigurationError: for a value that makes no sense, naming it.
    """

    __slots__ = ("name", "said")

    def __init__(self, name: Callable[[str], str], given: Mapping[str, object]) -> None:
        self.name = name
        self.said: dict[str, Any] = {}
        for key, value in given.items():
            if value is not None:
                try:
                    self.said[key] = READERS[key](value)
                except InvalidError as error:
                    raise ConfigurationError(f"{name(key)} {error}") from None

    def get(self, key: str) -> Any:
        """The value of a key; ``None`` where it is not said."""
        return self.said.get(key)


class Configuration:
    """What is asked, by which rules, and in which words, where a caller says nothing else. Never changes.

    Indexes and policies are opened when they are first needed.
    """

    __slots__ = (
        "_corpus",
        "_judge",
        "_pair_keys",
        "_pairs",
        "_pairs_named",
        "above",
        "grace",
        "index",
        "lang",
        "min_count",
        "on_error",
        "overlays",
        "recheck",
        "rules",
        "show_count",
        "test_password",
        "trust",
    )

    def __init__(self, layers: Sequence[Layer]) -> None:
        """:param layers: the highest first."""
        self.index, self.overlays, index_at = _index_of(layers)
        self.min_count: int | None = _first(layers, "min_count")[0]
        self.on_error: Mapping[Event, OnError] | None = _first(layers, "on_error")[0]
        self.lang: str | None = _first(layers, "lang")[0]
        self.trust: Trust = (
            _first(layers, "trusted_keys")[0],
            _first(layers, "max_age")[0],
            bool(_first(layers, "allow_rollback")[0]),
        )
        self.show_count: bool = bool(_first(layers, "show_count")[0])
        self.recheck: Recheck = _first(layers, "recheck")[0] or "always"
        self.test_password: bool = bool(_first(layers, "test_password")[0])
        said = {key: _first(layers, key)[0] for key in ABOVE_POLICIES}
        self.above: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        """What changes a policy wherever it is said, as it was said."""
        grace = self.above.get("grace")
        self.grace: Grace | None = None if grace is None else grace_of(grace)
        self.rules: PolicyRules | None = None
        self._pairs_named, self._pair_keys, pairs_at = _pairs_of(layers)
        self._pairs: tuple[Pairs, ...] | None = None
        self._corpus: Corpus | None = None
        self._judge: Policy | None = None
        policy, policy_at = _first(layers, "policy")
        if policy is not None:
            if isinstance(policy, Policy) and not {"index", "overlays"}.isdisjoint(layers[policy_at].said):
                raise ConfigurationError(
                    f"{layers[policy_at].name('policy')} is a Policy, which has its index: name it there, not beside it"
                )
            self.rules = _rules(policy, layers, policy_at, self.above)
            self._take_index_of(policy, layers, policy_at, index_at)
            if policy_at < pairs_at and isinstance(policy, Policy):
                self._pairs_named = policy.pairs
            elif policy_at < pairs_at and self.rules.pairs:
                self._pairs_named, self._pair_keys = tuple(self.rules.pairs), tuple(self.rules.pair_key)
            self.min_count = self.rules.min_count
            self.test_password, self.grace = self.rules.test_password, self.rules.grace
            self.on_error = {event: self.rules.on_error(event) for event in EVENTS}

    def _take_index_of(self, policy: Any, layers: Sequence[Layer], policy_at: int, index_at: int) -> None:
        """A policy's own index is asked, unless a layer above it names another."""
        assert self.rules is not None
        if isinstance(policy, Policy):
            if policy_at < index_at:
                self.index, self.overlays = policy.index, ()
        elif policy_at < index_at:
            if self.rules.index is not None:
                self.index, self.overlays = self.rules.index, ()
            if self.rules.overlays:
                self.overlays = tuple(self.rules.overlays)

    @property
    def corpus(self) -> Corpus:
        """The index with its overlays, opened. Raises whatever opening raises."""
        if self._corpus is None or getattr(self._corpus, "closed", False):
            self._corpus = _opened(self.index, self.overlays, self.trust)
        return self._corpus

    @property
    def has_pairs(self) -> bool:
        """Whether lists of exposed pairs are named. Opens none."""
        return bool(self._pairs_named)

    @property
    def pairs(self) -> tuple[Pairs, ...]:
        """The lists of exposed pairs, opened. Raises whatever opening raises."""
        if self._pairs is None or any(pairs.closed for pairs in self._pairs):
            from breachdex._policy import opened_pairs

            self._pairs = opened_pairs(self._pairs_named, self._pair_keys)
        return self._pairs

    @property
    def policy(self) -> Policy | None:
        """The configured policy, if there is one."""
        return None if self.rules is None else self.judge

    @property
    def judge(self) -> Policy:
        """The configured policy or, where there is none, one that refuses exposed passwords only."""
        corpus = self.corpus
        if self._judge is None or self._judge.index is not corpus or self._judge.pairs != self.pairs:
            self._judge = Policy(self.rules or self.exposed_only(), corpus, (), self.pairs)
        return self._judge

    def exposed_only(self, **changes: object) -> PolicyRules:
        """Rules that refuse exposed passwords only, as configured, and with some keys changed."""
        configured = {"min_count": self.min_count, "on_error": self.on_error, "language": self.lang}
        configured |= {"test_password": self.test_password}
        said = {key: value for key, value in (*configured.items(), *changes.items()) if value is not None}
        from breachdex._verdicts import CODES

        # What nobody may type at any length is no question of a policy.
        rules = {code: code in ("exposed", "exposed_pair", "too_long") for code in CODES}
        return PolicyRules.from_settings({**EXPOSED_ONLY, "rules": rules, **said})

    def on_error_at(self, event: Event) -> OnError:
        """What a fault at run time means at an event."""
        return {**DEFAULT_ON_ERROR, **(self.on_error or {})}[event]


def configure(
    *,
    index: Corpus | Path | None = None,
    overlays: Sequence[Path | Index] | None = None,
    pairs: Path | Sequence[Path | Pairs] | None = None,
    pair_key: Path | Sequence[Path] | None = None,
    trusted_keys: TrustedKeys | None = None,
    max_age: int | None = None,
    allow_rollback: bool | None = None,
    policy: Named | None = None,
    min_count: int | None = None,
    on_error: OnError | Mapping[Event, OnError] | None = None,
    lang: str | None = None,
    show_count: bool | None = None,
    test_password: bool | None = None,
    grace: Mapping[str, int | str] | None = None,
    recheck: Recheck | None = None,
) -> None:
    """Says once what every framework module asks and tells where it is not told otherwise.

    Replaces all of an earlier call, so that ``configure()`` takes everything back; the environment is read anew. Django's
    ``BREACHDEX``, a Flask app's config and explicit arguments go before it, variables ``BREACHDEX_*`` behind. What it
    names is opened now. Safe to call from any thread; what is asked meanwhile gets the old configuration or the new one.

    :param index: the path of an index, an open :class:`Index` or :class:`IndexSet`, or a :class:`RangeClient`.
    :param overlays: paths of lists of your own, or open ones. They belong to the index: whoever names another one drops them.
    :param pairs: paths of exposed pairs of your own incidents, or open ones: asked wherever the account is known.
    :param pair_key: the path of the key file that they were made with, or a list of paths, in any order.
    :param trusted_keys: public keys, or the paths of their files, of which one must have signed the index: a list, or a
        string with commas between them. Overlays need no signature.
    :param max_age: refuses an index whose corpus date is more than so many days ago.
    :param allow_rollback: whether, with trusted keys, an index with an earlier corpus date may replace the one in use. By
        default it may not.
    :param policy: a :class:`Policy`, the name of a profile, the path of a TOML file, or a mapping with its keys.
    :param min_count: from how many sightings on (inclusive) a password is exposed.
    :param on_error: what a fault at run time means: ``accept``, ``reject`` or ``raise``, for every event or by event.
    :param lang: the language of messages where no request says it: ``en`` or ``ja``.
    :param show_count: whether messages say how often a password was seen. By default they do not.
    :param test_password: whether :data:`TEST_PASSWORD` counts as exposed, for trying the whole path. Goes before any policy's.
    :param grace: how long a log-in that would be refused is let pass with a warning: ``days`` and ``log_ins`` for each account,
        or ``until``, one day for all. Goes before any policy's.
    :param recheck: ``always``, or ``newer_index``: at log-in a password that was not exposed is not looked at again before
        the index has a newer corpus date.
    :raises ConfigurationError: for a value that makes no sense, naming it.
    :raises BreachdexError: where an index cannot be opened.
    """
    given: dict[str, object] = {
        "index": index,
        "overlays": overlays,
        "pairs": pairs,
        "pair_key": pair_key,
        "trusted_keys": trusted_keys,
        "max_age": max_age,
        "allow_rollback": allow_rollback,
        "policy": policy,
        "min_count": min_count,
        "on_error": on_error,
        "lang": lang,
        "show_count": show_count,
        "test_password": test_password,
        "grace": grace,
        "recheck": recheck,
    }
    layer = Layer("configure(): {}".format, given)
    environment = _environment()
    made = Configuration([layer, environment])
    # Without any of these it is not known yet who asks what, and the starter index would warn of itself.
    asks = {"index", "overlays", "policy", "min_count"}
    if "pairs" in layer.said:
        _ = made.pairs
    if made.index is not None:
        asks |= {"trusted_keys", "max_age", "allow_rollback"}
    if not asks.isdisjoint(layer.said):
        _ = made.judge
    _publish(layer)


def current() -> Configuration:
    """What is configured here and now: in a Flask app's context that app's, otherwise the process's."""
    flask: Any = sys.modules.get("flask")
    if flask is not None and getattr(flask, "has_app_context", bool)():
        return _of_flask(flask.current_app._get_current_object())
    global _process
    state, django, made = _state, django_is_configured(), _process
    if made is None or made[0] is not state or made[1] is not django:
        above = [_django_layer()] if django else []
        made = _process = (state, django, Configuration([*above, *_below(state)]))
    return made[2]


def beneath() -> Configuration:
    """What a framework's own configuration inherits."""
    global _beneath
    state, made = _state, _beneath
    if made is None or made[0] is not state:
        made = _beneath = (state, Configuration(_below(state)))
    return made[1]


def shows_counts() -> bool:
    """Whether messages say how often a password was seen."""
    return current().show_count


def generation() -> int:
    """A number that changes with the configuration of the process."""
    return _state[0]


def changed() -> None:
    """Says that a framework's configuration changed."""
    _publish(_state[1])


def django_is_configured() -> bool:
    """Whether this process has Django's settings."""
    conf: Any = sys.modules.get("django.conf")
    return conf is not None and bool(conf.settings.configured)


def flask_layer(config: Mapping[str, Any]) -> Layer:
    """What a Flask app's config says."""
    given = {key: config.get(f"BREACHDEX_{key.upper()}") for key in READERS}
    return Layer(lambda key: f"BREACHDEX_{key.upper()} in the app's config", given)


def _of_flask(app: Any) -> Configuration:
    state, held = _state, app.extensions.get("breachdex.configuration")
    if held is None or held[0] is not state:
        held = (state, Configuration([flask_layer(app.config), *_below(state)]))
        app.extensions["breachdex.configuration"] = held
    made: Configuration = held[1]
    return made


def _django_layer() -> Layer:
    from breachdex.django.conf import layer

    return layer()


def _below(state: tuple[int, Layer | None]) -> list[Layer]:
    return [*([state[1]] if state[1] is not None else []), _environment()]


def _environment() -> Layer:
    """What the variables ``BREACHDEX_*`` say."""
    values = {key: os.environ.get(f"BREACHDEX_{key.upper()}") or None for key in READERS}
    given: dict[str, object] = {key: value for key, value in values.items() if value is not None}

    def name(key: str) -> str:
        return f"BREACHDEX_{key.upper()} in the environment"

    for key, read in FROM_TEXT.items():
        if isinstance(text := given.get(key), str):
            try:
                given[key] = read(text)
            except ValueError as error:
                raise ConfigurationError(f"{name(key)} {error}") from None
    return Layer(name, given)


def _first(layers: Sequence[Layer], key: str) -> tuple[Any, int]:
    """The value of a key and the number of the layer that says it."""
    for at, layer in enumerate(layers):
        if key in layer.said:
            return layer.said[key], at
    return None, len(layers)


def _index_of(layers: Sequence[Layer]) -> tuple[Any, tuple[Path | Index, ...], int]:
    """The index, its overlays, and the number of the layer that names the index."""
    index, index_at = _first(layers, "index")
    overlays, overlays_at = _first(layers, "overlays")
    return index, overlays if overlays is not None and overlays_at <= index_at else (), index_at


def _pairs_of(layers: Sequence[Layer]) -> tuple[tuple[str | Pairs, ...], tuple[str, ...], int]:
    """The lists of exposed pairs, their keys, and the number of the layer that names the lists."""
    pairs, at = _first(layers, "pairs")
    keys, _ = _first(layers, "pair_key")
    if any(isinstance(item, str) for item in pairs or ()) and not keys:
        name = layers[at].name
        raise ConfigurationError(
            f"{name('pairs')} needs {name('pair_key')}: the key file that they were made with"
        )
    return pairs or (), keys or (), at


def _rules(policy: Any, layers: Sequence[Layer], policy_at: int, above: Mapping[str, Any]) -> PolicyRules:
    """The rules of a policy. A profile and a mapping are completed with what is said at their layer and below; what is said
    above them goes before any policy's."""
    keys = {"min_count": "min_count", "on_error": "on_error", "lang": "language"}
    where = layers[policy_at].name("policy")
    from breachdex._verdicts import rules_of

    defaults: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    for key, setting in keys.items():
        value, at = _first(layers, key)
        if value is not None:
            (changes if at < policy_at else defaults)[setting] = value
    # Wherever these are said, they are said of all policies: who tries the whole path must not have to edit files.
    changes |= above
    try:
        rules = rules_of(policy, defaults)
        if changes:
            rules = rules.changed(changes)
    except (BreachdexError, OSError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{where}: {error}") from None
    _compare(rules, layers[policy_at])
    return rules


def _compare(rules: PolicyRules, layer: Layer) -> None:
    """Refuses what one layer says twice and differently: one of them would be without effect."""
    for key, ours, theirs in _said_twice(rules, layer):
        if ours != theirs:
            raise ConfigurationError(
                f"{layer.name(key)} is {ours!r} and the policy says {theirs!r}: say it in one of them only"
            )


def _said_twice(rules: PolicyRules, layer: Layer) -> Iterator[tuple[str, object, object]]:
    """Each key that the layer says as the policy does, with what both say."""
    said = layer.said
    if "min_count" in said:
        yield "min_count", said["min_count"], rules.min_count
    if "on_error" in said:
        events = said["on_error"]
        yield "on_error", events, {event: rules.on_error(event) for event in events}
    if "index" in said and rules.index is not None:
        yield "index", _place(said["index"]), _place(rules.index)
    if "overlays" in said and rules.overlays:
        yield "overlays", list(map(_place, said["overlays"])), list(map(_place, rules.overlays))


def _place(index: object) -> object:
    """The absolute path of an index; an open one without a file as it is."""
    named = index.path if isinstance(index, Index) else index
    return os.path.abspath(named) if isinstance(named, str) else index


def _opened(index: Any, overlays: Sequence[Path | Index], trust: Trust) -> Corpus:
    from breachdex._policy import opened

    return opened(index, overlays, trust)


_state: tuple[int, Layer | None] = (0, None)
"""The generation, and what :func:`configure` said: one object, so that neither a thread nor a fork sees half of a change."""

_process: tuple[object, bool, Configuration] | None = None
_beneath: tuple[object, Configuration] | None = None
_changing = allocate_lock()


def _publish(layer: Layer | None) -> None:
    global _state
    with _changing:
        _state = (_state[0] + 1, layer)


def _unlock_in_child() -> None:
    global _changing
    _changing = allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)
