"""The app: registers the checks, and refuses to start with an index that cannot be used."""

from __future__ import annotations

import os

from django.apps import AppConfig  # type: ignore[import-untyped]


class BreachdexConfig(AppConfig):  # type: ignore[misc]
    """``"breachdex.django"`` in ``INSTALLED_APPS``."""

    name = "breachdex.django"
    label = "breachdex"
    verbose_name = "breachdex"

    def ready(self) -> None:
        """Servers run no system checks and build validators at the first password, so what would refuse every
        password, or let every one pass, is looked for here.

        :raises ImproperlyConfigured: for a setting that makes no sense and for an index that is missing, damaged
            or incompatible. ``BREACHDEX_SKIP_STARTUP=1`` leaves the indexes alone, for building images.
        """
        from breachdex.django import checks, gates, radar
        from breachdex.django.conf import settings

        settings()
        checks.register_all()
        if os.environ.get("BREACHDEX_SKIP_STARTUP") == "1":
            return
        for source in gates.configured():
            gates.opened(source)
        gates.opened_pairs()
        checks.demand_functions()
        checks.demand_refusal_at_reset()
        checks.demand_column()
        radar.watch()
