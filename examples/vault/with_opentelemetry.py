# with_opentelemetry.py
from typing import Any

from app import settings
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader

from toriconfig import prefetch
from toriconfig.integrations.opentelemetry import observe


def as_lines(data: Any) -> str:
    """Return one line per value of the metrics of places."""
    text = ""
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        if metric.name.startswith("toriconfig.place."):
            for point in metric.data.data_points:
                text += f"{metric.name} {point.attributes['place']} {point.value:g}\n"
    return text


provider = MeterProvider([PeriodicExportingMetricReader(ConsoleMetricExporter(formatter=as_lines))])
observe(provider.get_meter("app"), settings)
prefetch(settings)
provider.shutdown()  # exports once more
