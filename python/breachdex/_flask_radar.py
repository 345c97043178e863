"""Flask-Security: tells the radar of log-ins, which the form sees before the session opens."""

from __future__ import annotations

from typing import Any, Final

import flask
from blinker import Namespace
from flask import current_app, request
from flask_security.utils import get_message

from breachdex._flask_settings import settings

LONGEST_CODE: Final = 8
"""Digits of a code that unified sign-in sends."""

suspect_log_in: Final = Namespace().signal("suspect-log-in")
"""Sent by the app when a password was right during an attack, from a suspected source, with ``user`` and ``is_denied`` (no
session opens). The account may have been taken over: end its sessions and send a reset to the address on file. It is kept
nowhere."""


class RadarLoginMixin:
    """What a log-in form has to do with a radar."""

    def _password_field(self) -> Any:
        raise NotImplementedError

    def _password_was_verified(self) -> bool:
        raise NotImplementedError

    def _attempted(self) -> str | None:
        """The name of the account, if a password was compared."""
        field = getattr(self, "ifield", None)
        return None if field is None else str(field.data or "")

    def _looked_up(self, typed: str) -> str | None:
        """What is looked up for the radar."""
        return typed

    def _radar_lets_in(self, typed: str, passed: bool) -> bool:
        """Tells the radar, if there is one. Whether the log-in goes on as it would without."""
        watch, account = settings().watch, self._attempted()
        if watch is None or account is None or (passed and not self._password_was_verified()):
            return True
        user = getattr(self, "user", None)
        try:
            observation = watch.observe(
                watch.source(request.environ),
                account,
                self._looked_up(typed),
                succeeded=passed,
                known=user is not None,
            )
        finally:
            del typed
        advice = flask.g.breachdex_advice = observation.advice
        is_denied = passed and advice == "deny"
        if observation.is_suspect_log_in:
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            suspect_log_in.send(app, user=user, is_denied=is_denied)
        on_advice = settings().on_advice
        if is_denied:
            self._look_wrong()
        elif advice != "allow" and on_advice is not None:
            on_advice(advice, user if passed else None)
        return not is_denied

    def _look_wrong(self) -> None:
        """Answers a right password as a wrong one."""
        self.user_authenticated = False
        self._password_field().errors.append(get_message(self._wrong)[0])

    _wrong = "INVALID_PASSWORD"
    """Flask-Security's message about a wrong password."""
