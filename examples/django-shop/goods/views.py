"""The pages that everybody sees."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .shelf import SHELF


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The shelf."""
    return render(request, "goods/home.html", {"goods": SHELF})
