"""Metrics of settings and their secrets, read from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from time import time
from typing import Any, Literal, NamedTuple, get_args

from toriconfig._lazy import Lazy
from toriconfig._live.health import Health, health_of
from toriconfig._live.refresh import sources_of
from toriconfig._load.snapshot import Loaded
from toriconfig._secrets.counts import Counts
from toriconfig._secrets.provider import State
from toriconfig._secrets.secret import provider_of

Kind = Literal["counter", "gauge"]


class Sample(NamedTuple):
    """One measured value.

    Attributes:
        labels: names and values of the labels. No label holds a value of a setting or of a secret.
        value: the number.
    """

    labels: Mapping[str, str]
    value: float


class Metric(NamedTuple):
    """One kind of measurement, with one sample per measured object.

    Attributes:
        name: dotted name, such as "secret.age".
        kind: "counter" (only increases) or "gauge" (increases and decreases).
        unit: "s" for seconds, or "" for a number.
        help: description in one sentence.
        labels: names of the labels of every sample.
        samples: the measured values.
    """

    name: str
    kind: Kind
    unit: str
    help: str
    labels: tuple[str, ...]
    samples: tuple[Sample, ...] = ()


class _View:
    """State of one settings object at one moment."""

    def __init__(self, name: str, loaded: Loaded | None, lazy: Lazy | None, now: float) -> None:
        self.name = name
        self.lazy = lazy
        self.now = now
        self.loaded = loaded
        self._error = lazy._state.error if lazy is not None else None

    @cached_property
    def health(self) -> Health:
        return health_of(self.loaded, self._error)

    @cached_property
    def places(self) -> dict[str, Counts]:
        """Counts by the place from which secrets are read: a path of a backend, or a file."""
        found: dict[int, tuple[str, Counts]] = {}
        for secret in self.loaded.snapshot.secrets.values() if self.loaded is not None else ():
            for source in sources_of(provider_of(secret)):
                counts = getattr(source, "counts", None)
                if counts is not None:
                    found[id(counts)] = (source.origin.source, counts)
        places: dict[str, Counts] = {}
        for place, counts in found.values():  # a path with several versions or parameters is one place
            total = places.setdefault(place, Counts())
            total.reads += counts.reads
            total.failures += counts.failures
            total.rotations += counts.rotations
        return places


_Values = Iterable[tuple[tuple[str, ...], float | None]]


def _loaded(view: _View) -> _Values:
    yield (), view.health.loaded


def _ok(view: _View) -> _Values:
    yield (), view.health.ok


def _warnings(view: _View) -> _Values:
    yield (), len(view.health.warnings)


def _load_time(view: _View) -> _Values:
    yield (), (view.lazy._state.loaded_at or None) if view.lazy is not None else None


def _reloads(view: _View) -> _Values:
    if view.lazy is not None:
        yield ("succeeded",), view.lazy._state.reloads
        yield ("failed",), view.lazy._state.failed_reloads


def _states(view: _View) -> _Values:
    for path, secret in view.health.secrets.items():
        for state in get_args(State):
            yield (path, state), secret.state == state


def _ages(view: _View) -> _Values:
    for path, secret in view.health.secrets.items():
        yield (path,), secret.age


def _expiries(view: _View) -> _Values:
    for path, secret in view.health.secrets.items():
        yield (path,), None if secret.expires_at is None else secret.expires_at - view.now


def _reads(view: _View) -> _Values:
    for place, counts in view.places.items():
        yield (place,), counts.reads


def _failures(view: _View) -> _Values:
    for place, counts in view.places.items():
        yield (place,), counts.failures


def _rotations(view: _View) -> _Values:
    for place, counts in view.places.items():
        yield (place,), counts.rotations


def _metric(name: str, kind: Kind, unit: str, help: str, *labels: str) -> Metric:
    return Metric(name, kind, unit, help, ("settings", *labels))


CATALOGUE: dict[Metric, Callable[[_View], _Values]] = {
    _metric("settings.loaded", "gauge", "", "1 if the settings are loaded."): _loaded,
    _metric("settings.ok", "gauge", "", "1 if the last load succeeded and no secret is missing or stale."): _ok,
    _metric("settings.warnings", "gauge", "", "Warnings of the load in use."): _warnings,
    _metric("settings.load.time", "gauge", "s", "Start of the load in use, since 1970."): _load_time,
    _metric("settings.reloads", "counter", "", "Reloads by their result.", "result"): _reloads,
    _metric(
        "secret.state", "gauge", "", "1 for the state of the secret, 0 for the others.", "secret", "state"
    ): _states,
    _metric("secret.age", "gauge", "s", "Time since the value was last confirmed.", "secret"): _ages,
    _metric("secret.expiry", "gauge", "s", "Time until the value expires; negative afterwards.", "secret"): _expiries,
    _metric(
        "place.reads", "counter", "", "Answers of the place with a value; none for values in memory.", "place"
    ): _reads,
    _metric("place.failures", "counter", "", "Requests to the place without a usable answer.", "place"): _failures,
    _metric(
        "place.rotations", "counter", "", "Answers of the place with another value than before.", "place"
    ): _rotations,
}
"""Dict from each metric, without samples, to the function that measures it."""


def measured(named: Mapping[str, Any], only: str | None = None) -> Iterator[Metric]:
    """Yield each metric with the samples of settings objects.

    Args:
        named: dict from a name to a lazy object, or to the `Loaded` (result of a load) of a model. The name becomes
            the label `settings` of the samples.
        only: name of the one metric to measure; None: all metrics.
    """
    now = time()
    views = [
        _View(name, one._state.loaded, one, now) if isinstance(one, Lazy) else _View(name, one, None, now)
        for name, one in named.items()
    ]
    for metric, measure in CATALOGUE.items():
        if only is None or metric.name == only:
            samples = [
                Sample(dict(zip(metric.labels, (view.name, *labels), strict=True)), float(value))
                for view in views
                for labels, value in measure(view)
                if value is not None
            ]
            yield metric._replace(samples=tuple(samples))
