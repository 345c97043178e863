"""This example sends no mail: it keeps every mail as a file, and shows them on a page for whoever tries it.

The page is only there when ``SHOP_SHOWCASE`` is 1. A real shop deletes this file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

SHOWN = 20
"""As many mails as the page shows."""


class FolderBackend(BaseEmailBackend):
    """Writes each mail to a file ``NUMBER.eml``, which any mail program opens."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keeps the mails; returns how many."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            file = folder / f"{time.time_ns()}.eml"
            # Links in mails open accounts: nobody else on this computer reads them.
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as mail:
                mail.write(message.message().as_bytes(linesep="\n"))
        return len(email_messages)


@never_cache
def letterbox(request: HttpRequest) -> HttpResponse:
    """Every mail, the newest first."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"), reverse=True)[:SHOWN]
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    shown = [
        {
            "to": mail["To"],
            # Long subjects are folded, and come back with the fold's space.
            "subject": mail["Subject"].strip(),
            "date": mail["Date"].datetime,
            "text": mail.get_content(),
        }
        for mail in mails
    ]
    return render(request, "members/letterbox.html", {"mails": shown})
