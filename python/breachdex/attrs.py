"""attrs: a validator that refuses what is configured to be refused.

>>> from breachdex.attrs import safe_password
>>> @define
... class SignUp:
...     user_name: str
...     password: str = field(validator=safe_password(user_name_field="user_name"), repr=False)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breachdex._fields import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute

    from breachdex.types import Event

__all__ = ["safe_password"]


def safe_password(
    *,
    event: Event = "sign_up",
    user_name_field: str | None = None,
    email_field: str | None = None,
    lang: str | None = None,
) -> Callable[[Any, Attribute[Any], Any], None]:
    """A validator that raises :class:`breachdex.PasswordRejectedError`, which is a ``ValueError``, for a password that the
    configured policy refuses; without a policy, for one that is exposed.

    :param event: ``sign_up`` (default), ``change`` or ``reset``.
    :param user_name_field: the attribute of the same class with the user's name, for the policy.
    :param email_field: the same for the address.
    :param lang: ``en`` or ``ja``, whatever the request asks for.
    """
    options = Options(event, user_name_field, email_field, lang)

    def validate(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        """:raises TypeError: for a field whose class would print the password."""
        try:
            if attribute.repr is True:
                raise TypeError(f"repr() would show {attribute.name!r}: say field(..., repr=False)")
            if not isinstance(value, str):
                raise TypeError(f"{attribute.name!r} must be a str, not {type(value).__name__}")
            beside = {name: getattr(instance, name) for name in options.about if name}
            options.demand(value, beside, attribute.name)
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del value, instance

    return validate
