"""The end points of the site."""

from __future__ import annotations

from typing import Any

from breachdex.pydantic import SafePassword
from django.contrib import admin  # type: ignore[import-untyped]
from django.contrib.auth import authenticate  # type: ignore[import-untyped]
from django.contrib.auth.models import User  # type: ignore[import-untyped]
from django.contrib.auth.password_validation import validate_password  # type: ignore[import-untyped]
from django.core.exceptions import ValidationError  # type: ignore[import-untyped]
from django.urls import include, path  # type: ignore[import-untyped]
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from rest_framework.authtoken.views import ObtainAuthToken  # type: ignore[import-untyped]
from rest_framework.permissions import IsAuthenticated  # type: ignore[import-untyped]
from rest_framework.response import Response  # type: ignore[import-untyped]
from rest_framework.views import APIView  # type: ignore[import-untyped]
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from rest_site.serializers import SignUp, TokenLogin

ninja = NinjaAPI(urls_namespace="ninja")


class Credentials(Schema):
    """Typed by hand: nothing about the password is known to the schema."""

    username: str
    password: str


class Choice(Schema):
    """Judged by the schema."""

    username: str
    password: SafePassword


@ninja.post("/django")
def ninja_by_django(request: Any, choice: Credentials) -> dict[str, str]:
    """Refused by Django's validators."""
    user = User(username=choice.username)
    try:
        validate_password(choice.password, user)
    except ValidationError as error:
        raise HttpError(422, " ".join(error.messages)) from None
    return {"username": choice.username}


@ninja.post("/schema")
def ninja_by_schema(request: Any, choice: Choice) -> dict[str, str]:
    """Refused by the schema."""
    return {"username": choice.username}


@ninja.post("/log-in")
def ninja_log_in(request: Any, credentials: Credentials) -> dict[str, str]:
    """Logs in through the backend."""
    user = authenticate(request, username=credentials.username, password=credentials.password)
    if user is None:
        raise HttpError(401, "no")
    return {"username": user.username}


@ninja.post("/broken")
def ninja_broken(request: Any, values: Credentials) -> dict[str, str]:
    """Fails with the credentials at hand."""
    raise RuntimeError("broken")


class Own(APIView):  # type: ignore[misc]
    """A sign-up of the site's own."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Any) -> Any:
        """Signs up."""
        form = SignUp(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        User.objects.create_user(**form.validated_data)
        return Response(form.data, status=201)


class Broken(Own):
    """Fails with the password at hand."""

    def post(self, request: Any) -> Any:
        """Fails."""
        values = SignUp(data=request.data)
        raw = request.data
        attrs = dict(raw)
        raise RuntimeError(f"broken {len(attrs)} {type(values).__name__}")


class Me(APIView):  # type: ignore[misc]
    """Who asks."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Any) -> Any:
        """Their name."""
        return Response({"username": request.user.get_username()})


class TokenView(ObtainAuthToken):  # type: ignore[misc]
    """Django REST framework's tokens."""

    serializer_class = TokenLogin


urlpatterns = [
    path("admin/", admin.site.urls),
    path("own/", Own.as_view()),
    path("broken/", Broken.as_view()),
    path("me/", Me.as_view()),
    path("token/", TokenView.as_view()),
    path("jwt/", TokenObtainPairView.as_view()),
    path("jwt/refresh/", TokenRefreshView.as_view()),
    path("rest/", include("dj_rest_auth.urls")),
    path("rest/registration/", include("dj_rest_auth.registration.urls")),
    path("djoser/", include("djoser.urls")),
    path("djoser/", include("djoser.urls.authtoken")),
    path("ninja/", ninja.urls),
    path("allauth/", include("allauth.urls")),
    # What dj-rest-auth and allauth put into their mails.
    path("reset/<uidb64>/<token>/", Me.as_view(), name="password_reset_confirm"),
]
