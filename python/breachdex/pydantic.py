"""pydantic: a password field that refuses what is exposed, and whose errors never hold what was typed.

>>> from breachdex.pydantic import SafePassword
>>> class SignUp(BaseModel):
...     password: SafePassword

pydantic puts the input of a failed field into ``str(error)``, ``errors()``, ``json()`` and so into FastAPI's 422
answer. A field of this type fails with a mask instead, whatever it fails of.
"""

from __future__ import annotations

import os
import unicodedata
from secrets import compare_digest
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SecretStr, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema

from breachdex._breachdex import Exposure, Index, IndexSet
from breachdex._errors import BreachdexError, InvalidPasswordError
from breachdex._gate import Gate, Unavailable, shared_index
from breachdex._words import DEFAULT_LANGUAGE, joined, refusal, word

if TYPE_CHECKING:
    from breachdex.types import OnError

__all__ = ["MASK", "Password", "PasswordCheck", "SafePassword", "safe_password"]

MASK: Final = "**********"
"""What stands where pydantic would show the input."""

LONGEST: Final = 1024
"""Code points that a password may have if nothing else is said."""

SHORTEST_LIMIT: Final = 64
"""A maximum below this many code points is refused: NIST SP 800-63B wants at least as many permitted."""


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

    The index is opened when the model is defined, so that a missing or damaged one is an error then.

    :param index: an open index, the path of one, or ``None`` for the default one.
    :param min_count: from how many sightings on (inclusive) a password counts as exposed.
    :param on_error: what a fault at run time means: ``accept``, ``reject`` or ``raise``.
    :param lang: the language of the reasons, as ``en`` or ``ja``.
    :param min_length: fewest code points, of the password in NFC.
    :param max_length: most code points, of the password as it came; at least 64.
    """

    def __init__(
        self,
        *,
        index: Index | IndexSet | str | os.PathLike[str] | None = None,
        min_count: int = 1,
        on_error: OnError = "raise",
        lang: str = DEFAULT_LANGUAGE,
        min_length: int = 1,
        max_length: int = LONGEST,
    ) -> None:
        if max_length < SHORTEST_LIMIT:
            raise ValueError(f"max_length must be {SHORTEST_LIMIT} or more, not {max_length}")
        if not 0 <= min_length <= max_length:
            raise ValueError(f"min_length must be between 0 and max_length, not {min_length}")
        self._index = index
        self._min_count = min_count
        self._on_error = on_error
        self._lang = lang
        self._min_length = min_length
        self._max_length = max_length
        self._gate: Gate | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if source is not SecretStr:
            raise TypeError(
                f"PasswordCheck goes onto SecretStr, as Annotated[SecretStr, PasswordCheck()], not {source}"
            )
        self._open()
        return core_schema.no_info_wrap_validator_function(self._validate, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described.update(type="string", format="password", writeOnly=True)
        if self._min_length:
            described["minLength"] = self._min_length
        described["maxLength"] = self._max_length
        return described

    def _open(self) -> Gate:
        if self._gate is None:
            index = self._index
            if not isinstance(index, (Index, IndexSet)):
                index = shared_index(index)
            self._gate = Gate(index, min_count=self._min_count, on_error=self._on_error)
        return self._gate

    def _validate(self, value: Any, handler: core_schema.ValidatorFunctionWrapHandler) -> Password:
        if isinstance(value, Password):  # What constrains the inside measures it.
            value = SecretStr(value.get_secret_value())
        # Nothing is raised while another exception is handled: its input would stay reachable as the context.
        try:
            password = Password(handler(value).get_secret_value())
        except ValidationError as error:
            failed = [_masked(detail, value) for detail in error.errors(include_url=False)]
        else:
            against = self._against(password)
            if against is None:
                return password
            failed = [InitErrorDetails(type=against, loc=(), input=MASK)]
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del value
        raise ValidationError.from_exception_data("password", failed, hide_input=True)

    def _against(self, password: SecretStr) -> PydanticCustomError | None:
        # Before anything is normalised, which takes time.
        if len(password.get_secret_value()) > self._max_length:
            return self._too("too_long", "max_length", self._max_length, len(password.get_secret_value()))
        length = len(unicodedata.normalize("NFC", password.get_secret_value()))
        if length < self._min_length:
            return self._too("too_short", "min_length", self._min_length, length)
        gate = self._open()
        fault: str
        try:
            finding = gate.examine(password.get_secret_value())
        except InvalidPasswordError as error:
            return PydanticCustomError("password_not_text", str(error))
        except ValueError as error:
            fault = str(error)  # pydantic would take it for a fault of the input, and quote that.
        else:
            return self._refused(gate, finding) if finding else None
        raise BreachdexError(fault)

    def _too(self, code: str, limit: str, value: int, length: int) -> PydanticCustomError:
        text = word(code, self._lang, **{limit: value, "length": length})
        return PydanticCustomError(code, text, {limit: value, "length": length})

    def _refused(self, gate: Gate, finding: Exposure | Unavailable) -> PydanticCustomError:
        text = joined(refusal(gate, finding, self._lang), self._lang)
        if isinstance(finding, Unavailable):
            return PydanticCustomError("index_unavailable", text)
        facts = {"form": finding.form, "source": finding.source}
        return PydanticCustomError("exposed", text, facts)


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
    index: Index | IndexSet | str | os.PathLike[str] | None = None,
    min_count: int = 1,
    on_error: OnError = "raise",
    lang: str = DEFAULT_LANGUAGE,
    min_length: int = 1,
    max_length: int = LONGEST,
) -> Any:
    """:data:`SafePassword` with options; they are those of :class:`PasswordCheck`.

    >>> Chosen = safe_password(min_length=15, index="pwned.bdx")
    """
    check = PasswordCheck(
        index=index,
        min_count=min_count,
        on_error=on_error,
        lang=lang,
        min_length=min_length,
        max_length=max_length,
    )
    return Annotated[SecretStr, check]


SafePassword: TypeAlias = Annotated[SecretStr, PasswordCheck()]
"""A password that is not exposed, asked of the default index."""
