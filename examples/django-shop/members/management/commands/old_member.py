"""Adds a member as if they had joined before the shop looked at passwords: no validator is asked."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from members.models import Member


class Command(BaseCommand):
    """For trying what happens when somebody signs in with an exposed password."""

    help = (
        "Adds a member with a confirmed address and any password, or gives the one who has the address that "
        "password. The password is asked for, or read from the first line of standard input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="Mio")

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        if sys.stdin.isatty():
            password = getpass.getpass("Password: ")
        else:
            password = sys.stdin.readline().rstrip("\r\n")
        email = options["email"].lower()
        member = Member.objects.filter(email=email).first() or Member(email=email, name=options["name"])
        member.set_password(password)
        member.confirmed_at = member.confirmed_at or timezone.now()
        member.save()
        self.stdout.write(f"{member} is ready to sign in")
