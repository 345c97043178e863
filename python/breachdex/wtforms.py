"""WTForms, and so Flask-WTF: a validator that refuses what is configured to be refused.

>>> from breachdex.wtforms import SafePassword
>>> class SignUp(FlaskForm):
...     user_name = StringField()
...     password = PasswordField(validators=[SafePassword(user_name_field="user_name")])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wtforms.validators import ValidationError  # type: ignore[import-untyped]

from breachdex._fields import Options
from breachdex._language import chosen
from breachdex._words import joined

if TYPE_CHECKING:
    from wtforms import Field  # type: ignore[import-untyped]
    from wtforms.form import BaseForm  # type: ignore[import-untyped]

    from breachdex.types import Event

__all__ = ["SafePassword"]


class SafePassword:
    """Refuses a password that the configured policy refuses; without a policy, one that is exposed.

    :param event: ``sign_up`` (default), ``change`` or ``reset``.
    :param user_name_field: the field of the same form with the user's name, for the policy.
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
    ) -> None:
        self.options = Options(event, user_name_field, email_field, lang)

    def __call__(self, form: BaseForm, field: Field) -> None:
        """Raises ``ValidationError`` with the reasons as one text."""
        for name in filter(None, self.options.about):
            if name not in form:
                raise TypeError(f"the form has no field {name!r}, which SafePassword is told to look at")
        said = self.options.messages("" if field.data is None else field.data, form.data, field.short_name)
        if said:
            raise ValidationError(joined(said, chosen(self.options.lang)))
