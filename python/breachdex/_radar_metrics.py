"""What a radar counts, as Prometheus reads it. The names are those of ``breachdex sidecar``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from breachdex._breachdex import Radar
from breachdex._sidecar_radar import SidecarRadar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from breachdex._log_in_watch import LogInWatch

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of what :func:`radar_metrics` returns."""

STATES: Final = ("quiet", "suspected", "attack")
_OUTCOMES: Final = ("failed", "succeeded")
_ADVICE: Final = ("allow", "delay", "challenge", "deny")


@dataclass(frozen=True)
class Metric:
    """A metric with its samples: the label's value, empty without one, and the number."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    label: str
    samples: tuple[tuple[str, int], ...]


def metrics_of(radar: Radar | SidecarRadar | LogInWatch) -> Iterator[Metric]:
    """The metrics of a radar. Of one behind a sidecar those of this process: the sidecar has the others at ``/metrics``."""
    if not isinstance(radar, (Radar, SidecarRadar)):
        radar = radar.radar
    if isinstance(radar, SidecarRadar):
        yield Metric(
            "breachdex_radar_untold_attempts_total",
            "counter",
            "Log-in attempts that the sidecar could not be told of.",
            "",
            (("", radar.faults),),
        )
        return
    state = radar.status(time.time()).state
    counts = radar._counts()
    yield Metric(
        "breachdex_radar_state",
        "gauge",
        "State of the radar: 0 quiet, 1 suspected, 2 attack.",
        "",
        (("", STATES.index(state)),),
    )
    yield Metric(
        "breachdex_radar_attempts_total",
        "counter",
        "Log-in attempts that the radar was told of.",
        "outcome",
        tuple((outcome, counts[outcome]) for outcome in _OUTCOMES),
    )
    yield Metric(
        "breachdex_radar_advice_total",
        "counter",
        "What the radar advised about attempts.",
        "advice",
        tuple((advice, counts[advice]) for advice in _ADVICE),
    )
    yield Metric(
        "breachdex_radar_episodes_total",
        "counter",
        "Attacks that the radar raised an alarm for.",
        "",
        (("", counts["episodes"]),),
    )
    yield Metric(
        "breachdex_radar_suspect_log_ins_total",
        "counter",
        "Log-ins that succeeded during an attack from suspected sources.",
        "",
        (("", counts["suspect_log_ins"]),),
    )


def radar_metrics(radar: Radar | SidecarRadar | LogInWatch) -> str:
    """The metrics of a radar as Prometheus reads them, to be answered with the content type
    ``text/plain; version=0.0.4; charset=utf-8``.

    Numbers only: no name, no address and no password. Of a :class:`SidecarRadar` it says how many attempts this process could
    not tell; ``breachdex sidecar`` has the others at ``/metrics``.

    :param radar: the radar, or what watches log-ins with it.
    """
    lines = []
    for metric in metrics_of(radar):
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        for value, number in metric.samples:
            label = f'{{{metric.label}="{value}"}}' if metric.label else ""
            lines.append(f"{metric.name}{label} {number}")
    return "\n".join(lines) + "\n"
