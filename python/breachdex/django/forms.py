"""The log-in form that says why a right password opens no session."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex.django.login import forget_refusal, refusal


class ExposedLoginMixin:
    """Goes before ``AuthenticationForm``, or before allauth's ``LoginForm``.

    The words appear only where the password was verified. Whatever else the form says stays as it is.
    """

    request: Any

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def clean(self) -> Any:
        """Raises ``ValidationError`` with the code ``force_reset``, ``exposed`` or ``index_unavailable`` instead
        of the form's own."""
        parent: Any = super()
        forget_refusal(self.request)
        try:
            return parent.clean()
        except ValidationError:
            why = refusal(self.request)
            if why is None:
                raise
        raise ValidationError(why.message, code=why.code, params=dict(why.params))
