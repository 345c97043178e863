"""pydantic: a password field that refuses what is exposed, and whose errors never hold what was typed.

>>> from breachdex.pydantic import SafePassword
>>> class SignUp(BaseModel):
...     password: SafePassword

pydantic puts the input of a failed field into ``str(error)``, ``errors()``, ``json()`` and so into FastAPI's 422
answer. A field of this type fails with a mask instead, whatever it fails of.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from secrets import compare_digest
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SecretStr, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema

from breachdex._breachdex import Exposure, Index, IndexSet, Reason
from breachdex._configuration import Configuration, current
from breachdex._errors import BreachdexError, InvalidPasswordError
from breachdex._gate import ExposedPair, Gate, Unavailable
from breachdex._language import chosen
from breachdex._policy import Policy, opened
from breachdex._verdicts import (
    CHOOSING,
    REFUSING,
    as_word,
    demand_local,
    facts,
    lengths,
    policy_of,
    refusing,
)
from breachdex._words import joined, refusal, word

if TYPE_CHECKING:
    from types import FrameType

    from breachdex._verdicts import Named
    from breachdex.types import Code, Event, OnError

__all__ = ["MASK", "Password", "PasswordCheck", "SafePassword", "safe_password"]

MASK: Final = "**********"
"""What stands where pydantic would show the input."""

LONGEST: Final = 1024
"""Code points that a password may have if nothing else is said."""

SHORTEST_LIMIT: Final = 64
"""A maximum below this many code points is refused: NIST SP 800-63B wants at least as many permitted."""


ABOUT: Final = ("user_name_field", "email_field")
"""The options that name other fields of the model."""


class Password(SecretStr):
    """What a checked field holds: pydantic's ``SecretStr``, but without a length.

    A length outside of the type, as ``Field(min_length=...)``, would fail with what was typed; here it is a
    ``TypeError`` at the first use, as pydantic does for a pattern. Say ``safe_password(min_length=...)``.
    """

    def __len__(self) -> int:
        raise TypeError(
            "a checked password has no len(): say safe_password(min_length=..., max_length=...) instead of "
            "Field(...), whose errors would quote the password, or len() of its get_secret_value()"
        )

    def __bool__(self) -> bool:
        return bool(self.get_secret_value())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretStr):
            return False
        ours, theirs = self.get_secret_value(), other.get_secret_value()
        return compare_digest(ours.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass"))

    def __hash__(self) -> int:
        return super().__hash__()


class PasswordCheck:
    """The check, for ``Annotated[SecretStr, PasswordCheck(...)]``; :func:`safe_password` writes that for you.

    What is left out is as configured: by Django's ``BREACHDEX`` or the Flask app's config, ``breachdex.configure()`` or the
    environment. The index is opened when the model is defined, so that a missing or damaged one is an error then; when
    the configuration changes, the next password is asked of the new one.

    :param policy: what judges the password: a ``Policy``, a profile, the path of a TOML file, or a mapping. It speaks
        for ``min_count``, ``on_error``, ``min_length`` and ``max_length``, which are an error beside it. Beside a policy
        that is configured elsewhere they change its rules for this field.
    :param event: when it is judged: ``sign_up``, ``change`` or ``reset``.
    :param user_name_field: the field of the same model with the user's name, for the policy. It must stand above this
        one: pydantic goes through them in order. A name that the model does not have, or that stands below, is a
        ``TypeError`` when the model is defined; where there is no model, at the first validation.
    :param email_field: the same for the address.
    :param index: an open index, the path of one, or ``None`` for the configured one with its overlays. A ``Policy`` has its
        own.
    :param min_count: from how many sightings on (inclusive) a password counts as exposed; 1 by default.
    :param on_error: what a fault at run time means: ``accept``, ``reject`` or (by default) ``raise``.
    :param lang: the language of the reasons, as ``en`` or ``ja``, whatever the request asks for.
    :param min_length: fewest code points, of the password in NFC; 1 by default.
    :param max_length: most code points, of the password as it came; at least 64, and 1,024 by default.
    """

    def __init__(
        self,
        *,
        policy: Named | None = None,
        event: Event = "sign_up",
        user_name_field: str | None = None,
        email_field: str | None = None,
        index: Index | IndexSet | str | os.PathLike[str] | None = None,
        min_count: int | None = None,
        on_error: OnError | None = None,
        lang: str | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
    ) -> None:
        limits = {
            "min_count": min_count,
            "on_error": on_error,
            "min_length": min_length,
            "max_length": max_length,
        }
        self._changes: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
        if policy is not None:
            for name in self._changes:
                raise ValueError(f"{name} is said by the policy: say it there")
        if event not in CHOOSING:
            raise ValueError(f"event must be one of {', '.join(CHOOSING)}, not {event!r}")
        self._min_length = 1 if min_length is None else min_length
        self._max_length = LONGEST if max_length is None else max_length
        if self._max_length < SHORTEST_LIMIT:
            raise ValueError(f"max_length must be {SHORTEST_LIMIT} or more, not {max_length}")
        if not 0 <= self._min_length <= self._max_length:
            raise ValueError(f"min_length must be between 0 and max_length, not {min_length}")
        self._named = policy
        self._event = event
        self._about = (user_name_field, email_field)
        self._index = index
        self._lang = lang
        self._made: tuple[Configuration, Gate | Policy] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if source is not SecretStr:
            raise TypeError(
                f"PasswordCheck goes onto SecretStr, as Annotated[SecretStr, PasswordCheck()], not {source}"
            )
        _refuse_as_key(self)
        self._open()
        self._demand_siblings(handler)
        return core_schema.with_info_wrap_validator_function(self._validate, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described.update(type="string", format="password", writeOnly=True)
        asked, least, most = self._open(), self._min_length, self._max_length
        if isinstance(asked, Policy):
            limits = lengths(asked)
            least = limits["min_length"] if self._refuses(asked, "too_short") else 0
            most = limits["max_length"] if self._refuses(asked, "too_long") else 0
        if least:
            described["minLength"] = least
        if most:
            described["maxLength"] = most
        return described

    def _demand_siblings(self, handler: GetCoreSchemaHandler) -> None:
        """Raises ``TypeError`` for a field that would never be seen: its rule would be off without a word."""
        fields, own = _fields(handler), handler.field_name
        if own not in fields:  # Nothing is known yet: _validate sees whether there is a model.
            return
        for option, name in zip(ABOUT, self._about, strict=True):
            if name is None or name in fields[: fields.index(own)]:
                continue
            if name in fields and name != own:
                raise TypeError(
                    f"{option} is {name!r}, which must stand above {own!r}: pydantic goes through the fields in order"
                )
            others = ", ".join(field for field in fields if field != own) or "none"
            raise TypeError(
                f"{option} is {name!r}, and beside {own!r} the model has no such field (it has {others})"
            )

    def _open(self) -> Gate | Policy:
        """What is asked, as configured now."""
        configuration, made = current(), self._made
        if made is None or made[0] is not configuration:
            made = self._made = (configuration, self._make(configuration))
        return made[1]

    def _make(self, configuration: Configuration) -> Gate | Policy:
        if self._named is not None:
            policy = policy_of(self._named, self._index)
            demand_local(policy, "pydantic")
            return policy
        index = configuration.corpus if self._index is None else opened(self._index, ())
        demand_local(index, "pydantic")
        if configuration.rules is not None:
            return Policy(configuration.rules.changed(self._changes), index, ())
        for option, name in zip(ABOUT, self._about, strict=True):
            if name is not None:
                raise ValueError(f"{option} needs a policy, which is what looks at it")
        least = self._changes.get("min_count", configuration.min_count or 1)
        on_error = self._changes.get("on_error", configuration.on_error_at(self._event))
        return Gate(index, min_count=least, on_error=on_error, test_password=configuration.test_password)

    def _refuses(self, policy: Policy, code: Code) -> bool:
        return policy.action(self._event, code) in REFUSING

    def _validate(
        self, value: Any, handler: core_schema.ValidatorFunctionWrapHandler, info: core_schema.ValidationInfo
    ) -> Password:
        if isinstance(value, Password):  # What constrains the inside measures it.
            value = SecretStr(value.get_secret_value())
        if info.data is None and any(self._about):
            del value, info
            raise TypeError(
                "user_name_field and email_field name fields of a model, and this is a password alone"
            )
        user_name, email = (_text(info.data, field) for field in self._about)
        del info
        # Nothing is raised while another exception is handled: its input would stay reachable as the context.
        try:
            password = Password(handler(value).get_secret_value())
        except ValidationError as error:
            failed = [_masked(detail, value) for detail in error.errors(include_url=False)]
        else:
            against = self._against(password, user_name, email)
            if not against:
                return password
            failed = [InitErrorDetails(type=error, loc=(), input=MASK) for error in against]
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del value
        raise ValidationError.from_exception_data("password", failed, hide_input=True)

    def _against(
        self, password: SecretStr, user_name: str | None, email: str | None
    ) -> list[PydanticCustomError]:
        asked = self._open()
        fault: str
        try:
            if isinstance(asked, Policy):
                verdict = asked.check(password.get_secret_value(), user_name, email, self._event)
                return [_error(reason, text) for reason, text in refusing(verdict, self._lang)]
            return self._looked_up(asked, password)
        except InvalidPasswordError:
            return [PydanticCustomError("password_not_text", word("password_not_text", self._language()))]
        except ValueError as error:
            fault = str(error)  # pydantic would take it for a fault of the input, and quote that.
        raise BreachdexError(fault)

    def _looked_up(self, gate: Gate, password: SecretStr) -> list[PydanticCustomError]:
        # Before anything is normalised, which takes time.
        if len(password.get_secret_value()) > self._max_length:
            return self._too("too_long", "max_length", self._max_length, len(password.get_secret_value()))
        length = len(unicodedata.normalize("NFC", password.get_secret_value()))
        if length < self._min_length:
            return self._too("too_short", "min_length", self._min_length, length)
        finding = gate.examine(password.get_secret_value())
        return self._refused(gate, finding) if finding else []

    def _too(self, code: str, limit: str, value: int, length: int) -> list[PydanticCustomError]:
        text = word(code, self._language(), **{limit: value, "length": length})
        return [PydanticCustomError(code, text, {limit: value, "length": length})]

    def _refused(
        self, gate: Gate, finding: Exposure | ExposedPair | Unavailable
    ) -> list[PydanticCustomError]:
        assert not isinstance(finding, ExposedPair), "a field knows no account"
        language = self._language()
        text = joined(refusal(gate, finding, language, show_count=current().show_count), language)
        if isinstance(finding, Unavailable):
            return [PydanticCustomError("index_unavailable", text)]
        return [PydanticCustomError("exposed", text, {"form": finding.form})]

    def _language(self) -> str:
        return chosen(self._lang)


def _refuse_as_key(check: PasswordCheck) -> None:
    """Raises ``TypeError`` where the type is the key of a mapping: pydantic shows keys in ``loc``, and asks nobody.

    No public name says so, so this looks at what pydantic is about to make; where a later one does it otherwise, a test fails.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("pydantic."):
            for name in ("keys_type", "extra_keys_type"):
                if _mentions(frame.f_locals.get(name), check):
                    raise TypeError(
                        "a checked password cannot be the key of a mapping, because pydantic shows keys in the errors' loc: "
                        "use a list of models with a field for it"
                    )
        frame = frame.f_back


def _mentions(kind: object, check: PasswordCheck) -> bool:
    """Whether a type has this check among its annotations, at any depth."""
    if any(one is check for one in getattr(kind, "__metadata__", ())):
        return True
    parts = (getattr(kind, "__origin__", None), *getattr(kind, "__args__", ()))
    return any(_mentions(part, check) for part in parts if part is not None)


def _fields(handler: GetCoreSchemaHandler) -> list[str]:
    """The fields of the model that is being defined, in order; none where there is no model, or where a later pydantic
    does not say which it is: that has no public name."""
    stack = getattr(getattr(handler, "_generate_schema", None), "model_type_stack", None)
    model = stack.get() if stack is not None else None
    for attribute in ("__pydantic_fields__", "model_fields", "__dataclass_fields__", "__annotations__"):
        if found := getattr(model, attribute, None):
            return list(found)
    return []


def _text(data: dict[str, Any] | None, field: str | None) -> str | None:
    """What another field of the model holds, if it is a text; ``data`` has those that were validated before."""
    value = (data or {}).get(field) if field else None
    return as_word(value) if isinstance(value, str) else None


def _error(reason: Reason, text: str) -> PydanticCustomError:
    # FastAPI sends this to whoever signs up, who would learn that a password is in the site's own list.
    said = {"form": reason.form} if reason.code == "exposed" else facts(reason)
    return PydanticCustomError(reason.code, text, said or None)


def _masked(failure: ErrorDetails, value: Any) -> InitErrorDetails:
    """The same failure without the input, which a validator of the site's own may have put into its words."""
    text = failure["msg"]
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(plain, bytes):
        plain = plain.decode("utf-8", "replace")
    if isinstance(plain, str) and plain:
        text = text.replace(plain, MASK)
    return InitErrorDetails(type=PydanticCustomError(failure["type"], text), loc=(), input=MASK)


def safe_password(
    *,
    policy: Named | None = None,
    event: Event = "sign_up",
    user_name_field: str | None = None,
    email_field: str | None = None,
    index: Index | IndexSet | str | os.PathLike[str] | None = None,
    min_count: int | None = None,
    on_error: OnError | None = None,
    lang: str | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
) -> Any:
    """:data:`SafePassword` with options; they are those of :class:`PasswordCheck`.

    >>> Chosen = safe_password(min_length=15, index="pwned.bdx")
    >>> Judged = safe_password(policy="nist", index="pwned.bdx", user_name_field="name")
    """
    check = PasswordCheck(
        policy=policy,
        event=event,
        user_name_field=user_name_field,
        email_field=email_field,
        index=index,
        min_count=min_count,
        on_error=on_error,
        lang=lang,
        min_length=min_length,
        max_length=max_length,
    )
    return Annotated[SecretStr, check]


SafePassword: TypeAlias = Annotated[SecretStr, PasswordCheck()]
"""A password that is not exposed, or that the policy accepts, as configured."""
