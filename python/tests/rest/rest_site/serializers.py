"""Log-in serializers that say why."""

from __future__ import annotations

from breachdex.rest_framework import ExposedLoginMixin, SafePasswordField
from dj_rest_auth.serializers import LoginSerializer  # type: ignore[import-untyped]
from djoser.serializers import TokenCreateSerializer  # type: ignore[import-untyped]
from rest_framework import serializers  # type: ignore[import-untyped]
from rest_framework.authtoken.serializers import AuthTokenSerializer  # type: ignore[import-untyped]
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer


class JwtLogin(ExposedLoginMixin, TokenObtainPairSerializer):
    """SimpleJWT's."""


class TokenLogin(ExposedLoginMixin, AuthTokenSerializer):  # type: ignore[misc]
    """Django REST framework's own."""


class DjRestAuthLogin(ExposedLoginMixin, LoginSerializer):  # type: ignore[misc]
    """dj-rest-auth's."""


class DjoserLogin(ExposedLoginMixin, TokenCreateSerializer):  # type: ignore[misc]
    """Djoser's."""


class SignUp(serializers.Serializer):  # type: ignore[misc]
    """A sign-up of the site's own."""

    username = serializers.CharField()
    password = SafePasswordField(user_name_field="username")
