"""OpenTelemetry instruments that measure settings and secrets at each collection. Needs the extra `otel`.

Usage:

    from toriconfig.integrations.opentelemetry import observe

    observe(metrics.get_meter("app"), settings)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from toriconfig._core.clean_call import clean_call, expect
from toriconfig.integrations.metrics import METRICS, Measured

try:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation
except ImportError:
    from toriconfig._core.extra import missing_extra

    raise missing_extra(__name__, "opentelemetry-api", "otel") from None


@clean_call
def observe(meter: Meter, *settings: Any, **named: Any) -> None:
    """Create one observable instrument for each metric, such as `toriconfig.secret.age` in seconds.

    Args:
        meter: a meter from `opentelemetry.metrics.get_meter`.
        settings: lazy objects or models. Each measurement has an OpenTelemetry attribute `settings`, which contains
            the name of the settings class.
        named: further lazy objects or models. For these, the attribute contains the keyword.

    Raises:
        TypeError: `meter` is no Meter, or an argument is neither a lazy object nor a model.
        ValueError: no settings are given, or two would have the same value of the attribute.
    """
    expect(meter, Meter, "observe() needs a Meter, from `opentelemetry.metrics.get_meter`")
    measured = Measured(*settings, **named)
    for metric in METRICS:
        create: Callable[..., Any] = (
            meter.create_observable_counter if metric.kind == "counter" else meter.create_observable_gauge
        )
        callback = partial(_observations, measured, metric.name)
        create(f"toriconfig.{metric.name}", callbacks=[callback], unit=metric.unit or "1", description=metric.help)


def _observations(measured: Measured, name: str, _options: CallbackOptions) -> Iterable[Observation]:
    for metric in measured.measure(name):
        for sample in metric.samples:
            yield Observation(sample.value, sample.labels)
