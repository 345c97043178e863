"""Links that prove that somebody reads the mail sent to an address."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from .models import Member


class _ConfirmationTokens(PasswordResetTokenGenerator):
    """Signed, good for ``PASSWORD_RESET_TIMEOUT`` seconds and until the address is confirmed."""

    key_salt = "members.links.confirmation"

    def _make_hash_value(self, user: Member, timestamp: int) -> str:
        return f"{user.pk}|{user.email}|{user.confirmed_at}|{timestamp}"


_tokens = _ConfirmationTokens()


def confirmation_path(member: Member) -> str:
    """The page on which this member confirms the address."""
    who = urlsafe_base64_encode(str(member.pk).encode())
    return reverse("confirm", args=[who, _tokens.make_token(member)])


def member_of_link(who: str, token: str) -> Member | None:
    """Whose link it is; ``None`` where it was never sent, is too old or was used."""
    try:
        member = Member.objects.get(pk=int(urlsafe_base64_decode(who)))
    except (ValueError, OverflowError, Member.DoesNotExist):
        return None
    return member if _tokens.check_token(member, token) else None
