"""``BREACHDEX["RADAR"]``, read into one frozen object; whatever is wrong in it is said by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from breachdex._breachdex import Radar
from breachdex._sidecar_radar import SidecarRadar
from breachdex._sources import Proxies
from breachdex.django.setting_errors import nearest, wrong

OnAdvice: TypeAlias = str | Callable[[Any, str, Any], object] | None

OPTIONS: Final = (
    "USUAL_EXPOSED",
    "LEARNS",
    "ON_ATTACK",
    "ON_SUSPICION",
    "SOURCES",
    "FORGET_AFTER",
    "RELEASE_AFTER",
    "ACCOUNTS_PER_SOURCE",
    "SOURCE_FALSE_ALARM",
    "SITE_FALSE_ALARM",
    "SITE_MARGIN",
    "UTC_OFFSET",
)
"""The options of a radar in the process; a sidecar has its own."""

OF_SIDECAR: Final = ("TIMEOUT", "TOKEN_FILE")
KEYS: Final = (
    "SIDECAR",
    *OF_SIDECAR,
    "STATE",
    "TRUSTED_PROXIES",
    "FORWARDED_HEADER",
    "ON_ADVICE",
    *OPTIONS,
)


@dataclass(frozen=True)
class RadarSetting:
    """What ``RADAR`` says, checked."""

    radar: Radar | SidecarRadar | None = None
    """One that the project made."""
    sidecar: str | None = None
    state: str | None = None
    on_advice: OnAdvice = None
    trusted_proxies: tuple[str, ...] = ()
    forwarded_header: str = "X-Forwarded-For"
    options: tuple[tuple[str, Any], ...] = field(default=())

    @property
    def is_in_process(self) -> bool:
        """Whether each process has a radar of its own."""
        return isinstance(self.radar, Radar) or (self.radar is None and self.sidecar is None)

    def make(self) -> Radar | SidecarRadar:
        """The radar that it asks for.

        :raises ValueError: an option is out of its range.
        :raises RadarStateError: the saved state cannot be read.
        :raises OSError: the token file cannot be read.
        """
        if self.radar is not None:
            return self.radar
        options = dict(self.options)
        if self.sidecar is not None:
            return SidecarRadar(self.sidecar, **options)
        if self.state is not None and os.path.exists(self.state):
            return Radar(path=self.state, **options)
        return Radar(**options)


def read(value: object) -> RadarSetting | None:
    """What a project wrote.

    :raises ImproperlyConfigured: naming the key at fault.
    """
    if value is None or value is False:
        return None
    if value is True:
        return RadarSetting()
    if isinstance(value, (Radar, SidecarRadar)):
        return RadarSetting(radar=value)
    if not isinstance(value, Mapping):
        wrong("RADAR", f"must be True, a dict, a Radar or a SidecarRadar, not {value!r}")
    keys = ("INSTANCE", *KEYS)
    for key in value:
        if key not in keys:
            wrong("RADAR", f"has no key {key!r}{nearest(key, keys)}. The keys are {', '.join(keys)}")
    _refuse_contradictions(value)
    proxies, header = value.get("TRUSTED_PROXIES", ()), value.get("FORWARDED_HEADER", "X-Forwarded-For")
    if not isinstance(proxies, (list, tuple)) or not isinstance(header, str):
        wrong('RADAR"]["TRUSTED_PROXIES', "must be a list, and FORWARDED_HEADER the name of a header")
    setting = RadarSetting(
        radar=value.get("INSTANCE"),
        sidecar=_text(value, "SIDECAR"),
        state=_text(value, "STATE"),
        on_advice=_function(value.get("ON_ADVICE")),
        trusted_proxies=tuple(proxies),
        forwarded_header=header,
        options=tuple((key.lower(), value[key]) for key in (*OF_SIDECAR, *OPTIONS) if key in value),
    )
    _try(setting)
    return setting


def _refuse_contradictions(value: Mapping[str, Any]) -> None:
    instance = value.get("INSTANCE")
    if instance is not None and not isinstance(instance, (Radar, SidecarRadar)):
        wrong('RADAR"]["INSTANCE', f"must be a Radar or a SidecarRadar, not {instance!r}")
    if instance is not None:
        beside = [key for key in ("SIDECAR", "STATE", *OF_SIDECAR, *OPTIONS) if key in value]
        where = "INSTANCE, which says it itself"
    elif "SIDECAR" in value:
        beside = [key for key in ("STATE", *OPTIONS) if key in value]
        where = "SIDECAR: say it where the sidecar is started"
    else:
        beside, where = (
            [key for key in OF_SIDECAR if key in value],
            "a radar in the process: it is for SIDECAR",
        )
    for key in beside:
        wrong(f'RADAR"]["{key}', f"is without effect beside {where}")


def _try(setting: RadarSetting) -> None:
    """Says what is wrong with values that others check, without opening a state or a socket."""
    try:
        Proxies(setting.trusted_proxies, setting.forwarded_header)
        if setting.sidecar is not None:
            SidecarRadar(setting.sidecar, **dict(setting.options))
        elif setting.radar is None:
            Radar(**{**dict(setting.options), "sources": dict(setting.options).get("sources", 256)})
    except (ValueError, TypeError, OSError) as error:
        wrong("RADAR", f"makes no sense: {error}")


def _text(value: Mapping[str, Any], key: str) -> str | None:
    given = value.get(key)
    if given is None:
        return None
    if isinstance(given, (str, os.PathLike)) and isinstance(text := os.fspath(given), str) and text:
        return text
    wrong(f'RADAR"]["{key}', f"must be a string, not {given!r}")


def _function(value: object) -> OnAdvice:
    if value is None or callable(value) or (isinstance(value, str) and "." in value):
        return value
    wrong(
        'RADAR"]["ON_ADVICE',
        "must be a function, or the dotted path of one, that takes a request, an advice and a user or None, "
        f"not {value!r}",
    )
