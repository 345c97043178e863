"""The mails about addresses, in the language of the page that causes them."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from .links import confirmation_path
from .models import Member

PAUSE = 60
"""Seconds in which a member gets the same mail only once, however often somebody asks for it."""


def _send(template: str, member: Member, **links: str) -> None:
    """Sends one mail. Its first line is the subject, the rest after an empty one is the text."""
    if not cache.add(f"mail:{template}:{member.pk}", True, PAUSE):
        return
    words = {"shop_name": settings.SHOP_NAME, "member": member, **links}
    subject, _, text = render_to_string(f"mail/{template}.txt", words).partition("\n\n")
    send_mail(subject.strip(), text, None, [member.email])


def send_confirmation(request: HttpRequest, member: Member) -> None:
    """Sends the link with which the member confirms the address."""
    _send("confirm", member, link=request.build_absolute_uri(confirmation_path(member)))


def send_known_address(request: HttpRequest, member: Member) -> None:
    """Tells a member that somebody, most likely they themselves, wanted to join once more."""
    _send(
        "known_address",
        member,
        sign_in=request.build_absolute_uri(reverse("login")),
        reset=request.build_absolute_uri(reverse("password_reset")),
    )
