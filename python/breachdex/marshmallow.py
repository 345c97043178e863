"""marshmallow: a field that refuses what is configured to be refused.

>>> from breachdex.marshmallow import SafePassword
>>> class SignUp(Schema):
...     user_name = fields.String(required=True)
...     password = SafePassword(required=True, user_name_field="user_name")
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields

from breachdex._fields import Options

if TYPE_CHECKING:
    from breachdex.types import Event

__all__ = ["SafePassword"]


class SafePassword(fields.String):
    """A password that the configured policy accepts; without a policy, one that is not exposed. It is never dumped.

    Each reason is an error of its own. What is loaded with other fields is looked at as it came.

    :param event: ``sign_up`` (default), ``change`` or ``reset``.
    :param user_name_field: the key of the same data with the user's name, for the policy.
    :param email_field: the same for the address.
    :param lang: ``en`` or ``ja``, whatever the request asks for.
    """

    def __init__(
        self,
        *,
        event: Event = "sign_up",
        user_name_field: str | None = None,
        email_field: str | None = None,
        lang: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**{"load_only": True, **options})
        self.options = Options(event, user_name_field, email_field, lang)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        password: Any = None
        try:
            password = super()._deserialize(value, attr, data, **kwargs)
            said = self.options.messages(password, data or {}, attr or "password")
            if not said:
                return password
        finally:
            # Whoever prints the frames that an error went through finds nothing in this one.
            del value, data, password
        raise ValidationError(said)
