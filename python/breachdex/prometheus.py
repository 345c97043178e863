"""Prometheus: the radar's numbers in the registry of ``prometheus_client``.

>>> from breachdex.prometheus import RadarCollector
>>> prometheus_client.REGISTRY.register(RadarCollector(radar))

Without that package, :func:`breachdex.radar_metrics` writes the same as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from breachdex._radar_metrics import metrics_of

if TYPE_CHECKING:
    from breachdex._breachdex import Radar
    from breachdex._log_in_watch import LogInWatch
    from breachdex._sidecar_radar import SidecarRadar

__all__ = ["RadarCollector"]


class RadarCollector(Collector):
    """Reads the numbers of a radar when they are asked for.

    A radar in the process is that process's: with several workers, let them feed ``breachdex sidecar``, and scrape that.

    :param radar: the radar, or what watches log-ins with it.
    """

    def __init__(self, radar: Radar | SidecarRadar | LogInWatch) -> None:
        self._radar = radar

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the registry."""
        for metric in metrics_of(self._radar):
            kind = GaugeMetricFamily if metric.kind == "gauge" else CounterMetricFamily
            family = kind(metric.name, metric.help, labels=[metric.label] if metric.label else [])
            for value, number in metric.samples:
                family.add_metric([value] if metric.label else [], number)
            yield family
