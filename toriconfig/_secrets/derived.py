"""Provider of a value that is built from other providers, such as one key of the values at a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from toriconfig._core.origin import Origin
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.inputs import notify_end, result_or_error, subscribe_weakly
from toriconfig._secrets.provider import NEVER, Flight, Provider, Reading, State, Subscribers, Swap, no_time
from toriconfig.errors import SecretError

_TRIES = 3
_RANK: dict[State, int] = {"fresh": 0, "stale": 1, "unread": 2, "missing": 3}

Build = Callable[[Sequence[Reading]], Any]
"""Builds the value from one reading of each input.

Raises:
    SecretError: the value cannot be built, for example because a key is missing.
"""


class Derived:
    """Provider whose value is built from one reading (value and origin) of each input.

    Args:
        inputs: the providers that are read.
        build: function that builds the value from the readings.
        reference: the reference as written in the settings.
        key: the key that the origin shows; "" if the value is not one key of an input.
        plan: object that identifies `build`. Two providers with equal plans and inputs have the same value.
    """

    def __init__(
        self, inputs: Sequence[Provider], build: Build, reference: str, key: str = "", plan: object = None
    ) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now = inputs[0].now if inputs else no_time
        self.reference = reference
        self.inputs = inputs
        self.plan = plan
        self._build = build
        self._key = key
        self._from: tuple[Reading, ...] = ()
        self._wrong: SecretError | None = None
        self._swaps = 0
        self._unread: Origin | None = None
        self._listeners = Subscribers()
        for provider in inputs:
            subscribe_weakly(self, provider)

    def pending(self) -> Sequence[Flight]:
        return [flight for provider in self.inputs for flight in provider.pending()]

    def refresh(self) -> Sequence[Flight]:
        return [flight for provider in self.inputs for flight in provider.refresh()]

    def ask(self) -> Sequence[Flight]:
        return [flight for provider in self.inputs for flight in provider.ask()]

    def settle(self) -> Reading:
        swaps = self._swaps
        reading, wrong = self._build_once(self._settled_inputs())
        if reading is None:
            assert wrong is not None
            raise wrong
        self.fresh_until = min(provider.fresh_until for provider in self.inputs)
        if self._swaps != swaps:  # an input was swapped meanwhile, so the next read settles again
            self.fresh_until = -NEVER
        return reading

    def _settled_inputs(self) -> tuple[Reading, ...]:
        """Return one reading of each input.

        Kubernetes replaces several files at once. If several inputs are files, all inputs are therefore read again
        until none has changed, at most three times.
        """
        readings = tuple(provider.settle() for provider in self.inputs)
        several = sum(isinstance(provider, FileProvider) for provider in self.inputs) > 1
        for _ in range(_TRIES if several else 0):
            before, readings = readings, tuple(provider.settle() for provider in self.inputs)
            if not any(map(_differs, before, readings)):
                break
        return readings

    def _build_once(self, readings: tuple[Reading, ...]) -> tuple[Reading | None, SecretError | None]:
        """Return `(reading, None)`; or `(None, error)` if the value cannot be built.

        If `readings` are the same as in the last call, return the last result.

        Args:
            readings: one reading of each input. If empty, return `(None, None)`.
        """
        if len(readings) != len(self._from) or any(map(_differs, readings, self._from)):
            self.reading, self._wrong = (
                result_or_error(lambda: self._build_reading(readings)) if readings else (None, None)
            )
            self._from = readings
        return self.reading, self._wrong

    def _build_error(self) -> SecretError | None:
        """Build the value from the readings in memory. Return the error, such as a missing key.

        Return None if the value can be built, or if an input has no reading.
        """
        readings = tuple(provider.reading for provider in self.inputs)
        return self._build_once(readings)[1] if None not in readings else None  # type: ignore[arg-type]

    def _build_reading(self, readings: Sequence[Reading]) -> Reading:
        first = readings[0]
        version = first.version if len(readings) == 1 else None
        value = comparable = self._build(readings)
        if any(reading.comparable is not reading.value for reading in readings):
            comparable = self._build(
                [Reading(one.comparable, one.origin, one.version, inputs=(one,)) for one in readings]
            )
        return Reading(value, self._with_key(first.origin), version, inputs=readings, comparable=comparable)

    def _with_key(self, origin: Origin) -> Origin:
        if not self._key or origin.layer not in ("vault", "backend"):
            return origin
        mark = "." if "#" in origin.source else "#"  # a key below a key
        return Origin(origin.layer, f"{origin.source}{mark}{self._key}", version=origin.version)

    @property
    def state(self) -> State:
        state: State = self.inputs[0].state
        for provider in self.inputs[1:]:
            state = max(state, provider.state, key=_RANK.__getitem__)
        return "missing" if state in ("fresh", "stale") and self._build_error() is not None else state

    @property
    def age(self) -> float | None:
        if len(self.inputs) == 1:
            return self.inputs[0].age
        ages = [age for provider in self.inputs if (age := provider.age) is not None]
        return max(ages) if ages else None

    @property
    def error(self) -> Exception | None:
        found = next((error for provider in self.inputs if (error := provider.error) is not None), None)
        return found if found is not None else self._build_error()

    @property
    def origin(self) -> Origin:
        if self.reading is not None:
            return self.reading.origin
        if self._unread is None:
            self._unread = self._with_key(self.inputs[0].origin)
        return self._unread

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return self._listeners.add(swap)

    def _input_swapped(self, provider: Provider, old: Reading | None, new: Reading | None) -> None:
        self._swaps += 1
        self.fresh_until = -NEVER
        if old is not None and old is new:
            notify_end(self)
            return
        was, now = self._readings(provider, old), self._readings(provider, new)
        # the new value is in place before subscribers are called, also for readers of `reading` alone
        after = self._build_once(now)[0]
        if not self._listeners:
            return
        # the old value is built again, because it may never have been read
        before = result_or_error(lambda: self._build_reading(was))[0] if was else None
        for listener in self._listeners:
            listener(before, after)

    def _readings(self, provider: Provider, reading: Reading | None) -> tuple[Reading, ...]:
        """Return one reading per input: `reading` for the input `provider`, the current reading for any other input.

        If any input has no reading (None), return ().
        """
        readings = tuple(reading if one is provider else one.reading for one in self.inputs)
        return () if None in readings else readings  # type: ignore[return-value]


def _differs(one: Reading, other: Reading) -> bool:
    return one is not other
