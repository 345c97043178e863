"""Django REST framework: a serializer field that refuses what is refused everywhere else in the project, and why a right
password opened no session.

>>> from breachdex.rest_framework import SafePasswordField
>>> class SignUp(serializers.Serializer):
...     username = serializers.CharField()
...     password = SafePasswordField(user_name_field="username")

What is asked, and the policy, are those of ``BREACHDEX``; see the page about configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.views.decorators.debug import sensitive_variables  # type: ignore[import-untyped]
from rest_framework import serializers  # type: ignore[import-untyped]
from rest_framework.exceptions import APIException, ErrorDetail  # type: ignore[import-untyped]
from rest_framework.settings import api_settings  # type: ignore[import-untyped]

from breachdex._asking import validate
from breachdex._errors import InvalidPasswordError, PasswordRejectedError
from breachdex._verdicts import CHOOSING, as_word
from breachdex._words import not_text
from breachdex.django import policies
from breachdex.django.login import forget_refusal, refusal

if TYPE_CHECKING:
    from breachdex._breachdex import Verdict
    from breachdex.types import Event

__all__ = ["ExposedLoginMixin", "SafePasswordField"]

LONGEST: Final = 1024
"""Code points from which on a password is refused before anything looks at it."""


class SafePasswordField(serializers.CharField):  # type: ignore[misc]
    """A password that the configured policy accepts; without a policy, one that is not exposed.

    It is written only, and nothing is trimmed. Each reason that refuses is an error of its own, with the code of the rule and
    in the language of the request.

    :param event: ``sign_up``, ``change`` or ``reset``; by default a serializer with an instance changes its password, and any
        other signs up.
    :param user_name_field: the field of the same serializer with the user's name, for the policy. By default the instance's.
    :param email_field: the same for the address.
    """

    def __init__(
        self,
        *,
        event: Event | None = None,
        user_name_field: str | None = None,
        email_field: str | None = None,
        **options: Any,
    ) -> None:
        if event is not None and event not in CHOOSING:
            raise ValueError(f"event must be one of {', '.join(CHOOSING)}, not {event!r}")
        self.event = event
        self.user_name_field = user_name_field
        self.email_field = email_field
        style = {"input_type": "password", **options.pop("style", {})}
        defaults = {"write_only": True, "trim_whitespace": False, "max_length": LONGEST}
        super().__init__(style=style, **{**defaults, **options})

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def run_validation(self, data: Any = serializers.empty) -> Any:
        """What the parent makes of it, if the policy accepts that.

        :raises serializers.ValidationError: with an error for each reason that refuses the password.
        """
        password = super().run_validation(data)
        if isinstance(password, str):
            user = self._user()
            event = self.event or ("sign_up" if user is None else "change")
            self._announce(user, self._verdict(password, user, event))
        return password

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def _verdict(self, password: str, user: Any, event: Event) -> Verdict:
        user_name, email = self._about(user)
        refusal: PasswordRejectedError | None = None
        try:
            return validate(password, user_name, email, event, field=self.field_name)
        except PasswordRejectedError as error:
            refusal = error
        except InvalidPasswordError:
            pass
        # Not while the other is handled, whose frames hold the password.
        if refusal is None:
            raise serializers.ValidationError(not_text(), code="password_not_text")
        self._announce(user, refusal.verdict)
        said = zip(refusal.messages(), refusal.codes, strict=True)
        raise serializers.ValidationError([ErrorDetail(text, code=code) for text, code in said])

    def _user(self) -> Any:
        instance = getattr(self.parent, "instance", None)
        return instance if hasattr(instance, "set_password") else None

    def _about(self, user: Any) -> tuple[str | None, str | None]:
        """The name and the address: as they were sent, else the user's."""
        sent = getattr(self.parent, "initial_data", None)
        sent = sent if isinstance(sent, Mapping) else {}
        named = [
            as_word(sent.get(field)) if field else None for field in (self.user_name_field, self.email_field)
        ]
        known = policies.identity(user) if user is not None else (None, None)
        return named[0] or known[0], named[1] or known[1]

    def _announce(self, user: Any, verdict: Verdict) -> None:
        policies.announce(type(self), user, verdict, self.context.get("request"))


class ExposedLoginMixin:
    """Goes before a serializer that logs in: SimpleJWT's ``TokenObtainPairSerializer``, ``AuthTokenSerializer``, and those of
    dj-rest-auth and Djoser.

    >>> class LogIn(ExposedLoginMixin, TokenObtainPairSerializer): ...

    The reason appears only where the password was verified; whatever else the serializer says stays as it is. A serializer that
    would let a user in whom the backend refused does not.
    """

    context: Any

    @sensitive_variables()  # type: ignore[untyped-decorator]
    def validate(self, attrs: Any) -> Any:
        """What the parent makes of it.

        :raises serializers.ValidationError: with the code ``force_reset``, ``exposed``, ``index_unavailable`` or that of
            another rule, as an error of no field.
        """
        parent: Any = super()
        request = self.context.get("request")
        forget_refusal(request)
        answer: Any = None
        failure: APIException | None = None
        try:
            answer = parent.validate(attrs)
        except APIException as error:
            failure = error
        why = refusal(request)
        if why is not None:
            text = ErrorDetail(str(why.message) % dict(why.params), code=why.code)
            raise serializers.ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [text]})
        if failure is not None:
            raise failure
        return answer
