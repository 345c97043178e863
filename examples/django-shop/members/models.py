"""A member: somebody with an e-mail address, confirmed or not, and a password."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables


class Members(BaseUserManager):
    """Finds members by address, whatever its case."""

    @sensitive_variables()
    def join(self, email: str, name: str, password: str) -> Member:
        """Keeps a new member, whose address nobody has confirmed yet."""
        member = self.model(email=email.lower(), name=name)
        member.set_password(password)
        member.save()
        return member

    def get_by_natural_key(self, email: str) -> Member:
        return self.get(email=email.lower())


class Member(AbstractBaseUser):
    """What the shop knows about a person."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=60)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ("name",)
    objects = Members()

    def __str__(self) -> str:
        return f"member {self.pk}"

    def confirm(self) -> None:
        """Remembers that the member reads the mail sent to this address."""
        if self.confirmed_at is None:
            self.confirmed_at = timezone.now()
            self.save(update_fields=["confirmed_at"])

    @property
    def card_number(self) -> str:
        """The number on the member's card."""
        return f"{self.pk:06d}"


def verified_email(member: Member) -> str | None:
    """The address that breachdex may send a reset link to; ``None`` before it was confirmed."""
    return member.email if member.confirmed_at else None
