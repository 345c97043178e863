"""A filter for error reports that leaves out passwords which frames of others hold."""

from __future__ import annotations

import re
from typing import Any, Final

from django.views.debug import SafeExceptionReporterFilter  # type: ignore[import-untyped]

NAME: Final = re.compile("pass|credential|secret", re.IGNORECASE)


class PasswordReporterFilter(SafeExceptionReporterFilter):  # type: ignore[misc]
    """For ``DEFAULT_EXCEPTION_REPORTER_FILTER``, where reports show variables (``include_html`` of Django's
    ``AdminEmailHandler``): Django's own ``validate_password`` does not hide its argument."""

    def get_post_parameters(self, request: Any) -> Any:
        """The form, without what looks like a password."""
        given = super().get_post_parameters(request)
        if not self.is_active(request):
            return given
        return {key: self.cleansed_substitute if NAME.search(key) else value for key, value in given.items()}

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        """The variables, without what looks like a password and without what such a field of the form holds."""
        given = super().get_traceback_frame_variables(request, tb_frame)
        if not self.is_active(request):
            return given
        secrets = _secrets(request)
        return [
            (name, self.cleansed_substitute if NAME.search(name) or _shows(value, secrets) else value)
            for name, value in given
        ]


def _secrets(request: Any) -> list[str]:
    """What the fields hold that look like passwords; as it would be shown."""
    if request is None:
        return []
    values = (value for key, held in request.POST.lists() if NAME.search(key) for value in held)
    return [repr(value)[1:-1] for value in values if value]


def _shows(value: Any, secrets: list[str]) -> bool:
    """Whether showing the value would show one of them. What cannot be shown is not shown by the report either."""
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001
        return False
    return any(secret in shown for secret in secrets)
