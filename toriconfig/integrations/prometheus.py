"""Collector for prometheus_client that measures settings and secrets at each scrape. Needs the extra `prometheus`.

Usage:

    from toriconfig.integrations.prometheus import SettingsCollector

    REGISTRY.register(SettingsCollector(settings))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toriconfig._core.clean_call import clean_init
from toriconfig.integrations.metrics import METRICS, Measured, Metric

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector
except ImportError:
    from toriconfig._core.extra import missing_extra

    raise missing_extra(__name__, "prometheus_client", "prometheus") from None

_UNITS = {"s": "seconds"}


@clean_init
class SettingsCollector(Collector):
    """Collector of `toriconfig_…` metrics, such as `toriconfig_secret_age_seconds{settings="App",secret="token"}`.

    One collector measures all settings objects of a program. The multiprocess mode of prometheus_client ignores
    collectors. In that mode, each worker needs its own port.

    Args:
        settings: lazy objects or models; each is named after its class in the label `settings`.
        named: further lazy objects or models; each is named by its keyword.

    Raises:
        TypeError: an argument is neither a lazy object nor a model.
        ValueError: no settings are given, or two have the same name.
    """

    def __init__(self, *settings: Any, **named: Any) -> None:
        self._measured = Measured(*settings, **named)

    def describe(self) -> Iterator[Family]:
        """Yield each metric without samples. The registry uses the result to find duplicate names."""
        return map(_family, METRICS)

    def collect(self) -> Iterator[Family]:
        """Yield each metric with its present samples."""
        return map(_family, self._measured.measure())


def _family(metric: Metric) -> Family:
    name = f"toriconfig_{metric.name.replace('.', '_')}"
    make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = make(name, metric.help, labels=metric.labels, unit=_UNITS.get(metric.unit, ""))
    for sample in metric.samples:
        family.add_metric([sample.labels[label] for label in metric.labels], sample.value)
    return family
