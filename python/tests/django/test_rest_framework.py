"""Django REST framework: the field in serializers, and its errors in an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import breachdex
import pytest
from breachdex.django.signals import password_exposed
from breachdex.rest_framework import SafePasswordField
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.utils import translation  # type: ignore[import-untyped]
from rest_framework import serializers  # type: ignore[import-untyped]
from rest_framework.response import Response  # type: ignore[import-untyped]
from rest_framework.test import APIRequestFactory  # type: ignore[import-untyped]
from rest_framework.views import APIView  # type: ignore[import-untyped]

EXPOSED = "correct horse battery staple"
GOOD = "a long walk in kyoto 8264"


class SignUp(serializers.Serializer):  # type: ignore[misc]
    username = serializers.CharField()
    email = serializers.EmailField(required=False)
    password = SafePasswordField(user_name_field="username", email_field="email")


class Change(serializers.ModelSerializer):  # type: ignore[misc]
    password = SafePasswordField()

    class Meta:
        model = User
        fields = ("password",)


class View(APIView):  # type: ignore[misc]
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Any) -> Any:
        form = SignUp(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        return Response(form.data)


def codes(form: Any) -> Any:
    assert not form.is_valid()
    return {field: [error.code for error in errors] for field, errors in form.errors.items()}


def test_an_answer_has_the_reasons_and_never_the_password() -> None:
    factory, view = APIRequestFactory(), View.as_view()
    for language, words in (("en", "This password is in a list"), ("ja", "このパスワードは")):
        with translation.override(language):
            answer = view(factory.post("/", {"username": "hanako", "password": EXPOSED}, format="json"))
        assert answer.status_code == 400
        (said,) = answer.data["password"]
        assert said.startswith(words)
        assert said.code == "exposed"
        assert EXPOSED not in str(answer.data)
    answer = view(factory.post("/", {"username": "hanako", "password": GOOD}, format="json"))
    assert (answer.status_code, answer.data) == (200, {"username": "hanako"})


def test_the_policy_of_the_project_judges(configure: Callable[..., None]) -> None:
    configure(POLICY={"profile": "nist", "mfa": True, "actions": {"log_in": {"exposed": "warn"}}})
    assert codes(SignUp(data={"username": "hanako", "password": "hunter2"})) == {
        "password": ["exposed", "too_short"]
    }
    typed = {"username": "hanako", "password": "H4n4ko2026!!"}
    assert codes(SignUp(data=typed)) == {"password": ["context_word"]}
    typed = {"username": "x", "email": "hanako@mail.example", "password": "H4n4ko2026!!"}
    assert codes(SignUp(data=typed)) == {"password": ["context_word"]}


def test_a_serializer_with_a_user_changes_the_password(configure: Callable[..., None], hanako: Any) -> None:
    configure(POLICY={"profile": "nist", "mfa": True, "actions": {"log_in": {"exposed": "warn"}}})
    events: list[tuple[str, Any]] = []

    def listen(event: str, user: Any, **_: Any) -> None:
        events.append((event, user))

    password_exposed.connect(listen)
    try:
        assert codes(Change(hanako, data={"password": "hunter2"})) == {"password": ["exposed", "too_short"]}
    finally:
        password_exposed.disconnect(listen)
    assert events == [("change", hanako)]
    assert codes(Change(hanako, data={"password": "H4n4ko2026!!"})) == {"password": ["context_word"]}
    assert Change(hanako, data={"password": GOOD}).is_valid()


def test_nothing_is_trimmed_and_what_is_no_text_is_refused() -> None:
    form = SignUp(data={"username": "hanako", "password": f" {GOOD} "})
    assert form.is_valid()
    assert form.validated_data["password"] == f" {GOOD} "
    assert codes(SignUp(data={"username": "hanako", "password": f" {EXPOSED}"})) == {"password": ["exposed"]}
    assert codes(SignUp(data={"username": "hanako", "password": "x" * 1025})) == {"password": ["max_length"]}
    # Its own validator refuses it first in a request that is no UTF-8; here it comes as JSON can bring it.
    refused = codes(SignUp(data={"username": "hanako", "password": "x\ud800"}))
    assert refused in (
        {"password": ["password_not_text"]},
        {"password": ["surrogate_characters_not_allowed"]},
    )


def test_a_fault_is_raised_as_itself(damage: Callable[[], None]) -> None:
    damage()
    with pytest.raises(breachdex.IndexDamagedError):
        SignUp(data={"username": "hanako", "password": GOOD}).is_valid()


def test_another_event_than_choosing_one_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="event must be one of sign_up, change, reset, not 'log_in'"):
        SafePasswordField(event="log_in")
