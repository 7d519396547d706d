"""Metrics of settings and secrets, read from memory.

`toriconfig.integrations.prometheus` and `toriconfig.integrations.opentelemetry` export the metrics. An adapter for
another system is a loop over `measure`::

    for metric in measure(settings):
        for sample in metric.samples:
            statsd.gauge(metric.name, sample.value, tags=sample.labels)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toriconfig._api import loaded_settings
from toriconfig._core.clean_call import clean_call, clean_init
from toriconfig._lazy import Lazy
from toriconfig._live.measure import CATALOGUE, Metric, Sample, measured

__all__ = ["METRICS", "Measured", "Metric", "Sample", "measure"]

METRICS: tuple[Metric, ...] = tuple(CATALOGUE)
"""Every metric, without samples."""


@clean_init
class Measured:
    """Settings objects with names for the label `settings`.

    Args:
        settings: lazy objects or models; each is named after its class. A lazy object is not loaded by a measurement.
        named: further lazy objects or models; each is named by its keyword.

    Raises:
        TypeError: an argument is neither a lazy object nor a model.
        ValueError: no settings are given, or two have the same name.
    """

    def __init__(self, *settings: Any, **named: Any) -> None:
        pairs = [*((_class_name(one), one) for one in settings), *named.items()]
        if not pairs:
            raise ValueError("name the settings to be measured")
        self._named: dict[str, Any] = {}
        for name, one in pairs:
            if name in self._named:
                raise ValueError(f"two settings are named {name!r}; give one by a keyword, which is then its name")
            self._named[name] = one if isinstance(one, Lazy) else loaded_settings(one)

    def measure(self, only: str | None = None) -> Iterator[Metric]:
        """Yield each metric with its present samples, from memory, without a load or a request.

        Args:
            only: name of one metric, such as "secret.age"; None: all metrics.
        """
        return measured(self._named, only)

    def __repr__(self) -> str:
        return f"Measured({', '.join(self._named)})"


@clean_call
def measure(*settings: Any, **named: Any) -> tuple[Metric, ...]:
    """Return all metrics of settings objects with their present samples, from memory, without a load or a request.

    Args:
        settings: lazy objects or models; each is named after its class in the label `settings`.
        named: further lazy objects or models; each is named by its keyword.

    Raises:
        TypeError: an argument is neither a lazy object nor a model.
        ValueError: no settings are given, or two have the same name.

    >>> from pydantic import BaseModel
    >>> from toriconfig import lazy
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> measure(lazy(App))[0].samples
    (Sample(labels={'settings': 'App'}, value=0.0),)
    """
    return tuple(Measured(*settings, **named).measure())


def _class_name(settings: Any) -> str:
    if not isinstance(settings, Lazy):
        return type(settings).__name__
    target: Any = settings._state.target
    return target.rpartition(":")[2] if isinstance(target, str) else str(target.__name__)
