"""The backends that look at a password once it was verified, for ``AUTHENTICATION_BACKENDS``."""

from __future__ import annotations

import inspect
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend  # type: ignore[import-untyped]
from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]

from breachdex.django import marks, policies, radar
from breachdex.django.conf import settings
from breachdex.django.gates import ask, at_log_in, gate
from breachdex.django.login import settle

EXAMINED: Final = "_breachdex_examined"
"""Set on the user object (and nowhere else) once its log-in was looked at, for parents whose ``aauthenticate``
calls ``authenticate``."""


class ExposedPasswordMixin:
    """Goes before a backend that takes a ``password``: ``class Backend(ExposedPasswordMixin, TheirBackend)``.

    A wrong password and an unknown user are the parent's business alone; the radar of ``RADAR`` is told of them too, which
    changes neither the answer nor what is asked of the database.
    """

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def authenticate(self, request: Any, *args: Any, **credentials: Any) -> Any:
        """As the parent's, and then as ``LOG_IN``, or the policy, says.

        :raises PermissionDenied: when a right password opens no session.
        """
        parent: Any = super()
        password = _password(parent.authenticate, request, *args, **credentials)
        if password is False:
            return None
        with radar.begin(self, request, credentials, password) as work:
            user = parent.authenticate(request, *args, **credentials)
        work.settle(request, user)
        _examine(user, password, request)
        return user

    @sensitive_variables()  # type: ignore[untyped-decorator]
    async def aauthenticate(self, request: Any, *args: Any, **credentials: Any) -> Any:
        """:meth:`authenticate` for callers that wait for nothing."""
        parent: Any = super()
        if not hasattr(parent, "aauthenticate"):  # before Django 5.2
            return await sync_to_async(self.authenticate)(request, *args, **credentials)
        password = _password(parent.aauthenticate, request, *args, **credentials)
        if password is False:
            return None
        with radar.begin(self, request, credentials, password) as work:
            user = await parent.aauthenticate(request, *args, **credentials)
        await radar.asettle(work, request, user)
        if settings().log_ins.keeps_marks:  # which are in the database, or in a cache
            await sync_to_async(_examine)(user, password, request)
            return user
        finding = _finding(user, password)
        if finding is not None:
            await sync_to_async(settle)(user, finding, request)
        return user


class ExposedPasswordBackend(ExposedPasswordMixin, ModelBackend):  # type: ignore[misc]
    """Django's own backend, and then as ``LOG_IN``, or the policy, says."""


@sensitive_variables()  # type: ignore[untyped-decorator]
def _password(method: Any, *args: Any, **credentials: Any) -> Any:
    """The password among the credentials, or False where the parent does not take them: Django passes over such
    a backend by its signature, which the mixin's hides."""
    try:
        taken = inspect.signature(method).bind(*args, **credentials)
    except TypeError:
        return False
    return taken.arguments.get("password", credentials.get("password"))


@sensitive_variables()  # type: ignore[untyped-decorator]
def _examine(user: Any, password: Any, request: Any) -> None:
    """Looks at the password of a log-in, if that is due, does what is to be done, and keeps the mark."""
    log_ins = settings().log_ins
    if not log_ins.keeps_marks:
        finding = _finding(user, password)
        if finding is not None:
            settle(user, finding, request)
        return
    if not _is_due(user, password):
        return
    mark, index = marks.load(user), _index()
    if not log_ins.needs_look(mark, index):
        setattr(user, EXAMINED, True)
        # Written anew all the same: who is passed over must look like everybody else.
        marks.save(user, mark)
        return
    finding = _finding(user, password)
    if finding is None:
        marks.save(user, log_ins.accepted(index, found=False))
    else:
        settle(user, finding, request, mark)


def _is_due(user: Any, password: Any) -> bool:
    return user is not None and bool(password) and not getattr(user, EXAMINED, False)


def _index() -> Any:
    """What is asked at log-in."""
    policy = policies.at_log_in()
    return gate(at_log_in(), "accept").index if policy is None else policy.index


@sensitive_variables()  # type: ignore[untyped-decorator]
def _finding(user: Any, password: Any) -> Any:
    if not _is_due(user, password):
        return None
    chosen = settings()
    found: Any = None
    if chosen.policy is None and chosen.log_in != "accept":
        found = ask(at_log_in(), chosen.on_error_at("log_in"), password, policies.identity(user))
    elif chosen.policy is not None and (policy := policies.at_log_in()) is not None:
        verdict = policies.judge(policy, password, user, "log_in")
        found = verdict if verdict.reasons else None
    setattr(user, EXAMINED, True)
    return found
