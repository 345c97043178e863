"""Tells Django what the app is called."""

from __future__ import annotations

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """The members of the shop."""

    name = "members"
