"""Providers made of other providers: one key of a path, a text with secrets in it, a value with a fallback."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from toriconfig._core.origin import Origin
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.provider import Flight, Provider, Reading, State, Subscribers, Swap
from toriconfig.errors import MissingCredentialError, SecretError, SecretNotFound, SecretUnreachable

_NEVER = float("-inf")
_TRIES = 3
_UNREAD: Any = object()
_RANK: dict[State, int] = {"fresh": 0, "stale": 1, "unread": 2, "missing": 3}

Build = Callable[[Sequence[Reading]], Any]
"""Makes the value from one reading of each input.

Raises:
    SecretError: it cannot be made, a key is missing.
"""


class Derived:
    """A provider whose value is built from one reading of each of its inputs, so it is never torn.

    Args:
        inputs: what it is built from; their readings are taken together.
        build: makes the value.
        reference: what people write for it.
        key: of the input that is taken, where that is all; its origins name it.
        plan: what `build` makes of the inputs, as a value: with equal plans and inputs two are the same.
    """

    def __init__(
        self, inputs: Sequence[Provider], build: Build, reference: str, key: str = "", plan: object = None
    ) -> None:
        self.reading: Reading | None = None
        self.fresh_until = _NEVER
        self.now = inputs[0].now if inputs else _zero
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
            _subscribe_weakly(self, provider)

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
        if self._swaps != swaps:  # an input was swapped meanwhile: the next read looks again
            self.fresh_until = _NEVER
        return reading

    def _settled_inputs(self) -> tuple[Reading, ...]:
        """One reading of each input; of files that are replaced at once, as in a Kubernetes mount, those of one moment."""
        readings = tuple(provider.settle() for provider in self.inputs)
        several = sum(isinstance(provider, FileProvider) for provider in self.inputs) > 1
        for _ in range(_TRIES if several else 0):
            before, readings = readings, tuple(provider.settle() for provider in self.inputs)
            if not any(map(_differs, before, readings)):
                break
        return readings

    def _build_once(self, readings: tuple[Reading, ...]) -> tuple[Reading | None, SecretError | None]:
        """Return the value made from the inputs, or the error; compute both once for the same readings.

        Args:
            readings: one of each input; () when one has none, and then nothing is made.
        """
        if len(readings) != len(self._from) or any(map(_differs, readings, self._from)):
            self.reading, self._wrong = (
                _result_or_error(lambda: self._build_reading(readings)) if readings else (None, None)
            )
            self._from = readings
        return self.reading, self._wrong

    def _build_error(self) -> SecretError | None:
        """Return the error for values in memory that make no value, such as a path without the key; else None."""
        readings = tuple(provider.reading for provider in self.inputs)
        return self._build_once(readings)[1] if None not in readings else None  # type: ignore[arg-type]

    def _build_reading(self, readings: Sequence[Reading]) -> Reading:
        first = readings[0]
        version = first.version if len(readings) == 1 else None
        value = comparable = self._build(readings)
        if any(reading.comparable is not reading.value for reading in readings):
            comparable = self._build(
                [Reading(reading.comparable, reading.origin, reading.version) for reading in readings]
            )
        return Reading(value, self._with_key(first.origin), version, inputs=readings, comparable=comparable)

    def _with_key(self, origin: Origin) -> Origin:
        if not self._key or origin.layer not in ("vault", "backend"):
            return origin
        mark = "." if "#" in origin.source else "#"  # a key of a key
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
        self.fresh_until = _NEVER
        if old is not None and old is new:
            _notify_end(self)
            return
        was, now = self._readings(provider, old), self._readings(provider, new)
        # what it is stands in place before anybody is told, and for who only looks at what is in memory
        after = self._build_once(now)[0]
        if not self._listeners:
            return
        # what it was is made again, as nobody may have read it
        before = _result_or_error(lambda: self._build_reading(was))[0] if was else None
        for listener in self._listeners:
            listener(before, after)

    def _readings(self, provider: Provider, reading: Reading | None) -> tuple[Reading, ...]:
        """Return the readings of the inputs, with `reading` for `provider`; () when one of them has no reading."""
        readings = tuple(reading if one is provider else one.reading for one in self.inputs)
        return () if None in readings else readings  # type: ignore[return-value]


class Fallback:
    """A backend first; where it is unreachable or holds nothing, the value of a lower layer.

    Args:
        first: what is asked.
        second: what is used when `first` is unreachable, holds nothing or has no login; never when it denies or is sealed.
        on_switch: called with the error when `second` begins to stand in, and with None when `first` is asked with success,
            for the first time or after that.
    """

    def __init__(self, first: Provider, second: Provider, on_switch: Callable[[SecretError | None], None]) -> None:
        self.reading: Reading | None = None
        self.fresh_until = _NEVER
        self.now = first.now
        self.reference = first.reference
        self.inputs = (first, second)
        self._first = first
        self._second = second
        self._on_switch = on_switch
        self._uses_second: bool | None = None
        self._reported: Any = _UNREAD
        self._listeners = Subscribers()
        for provider in self.inputs:
            _subscribe_weakly(self, provider)

    @property
    def uses_second(self) -> bool:
        """True if the second is used now."""
        return self._uses_second is True

    def pending(self) -> Sequence[Flight]:
        flights, behind = self._first.pending(), self._second.pending()  # both: another path of Vault may stand in
        # who stands in is there: nobody waits for the next try
        return behind if self._uses_second else (*flights, *behind)

    def refresh(self) -> Sequence[Flight]:
        return (*self._first.refresh(), *self._second.refresh())

    def ask(self) -> Sequence[Flight]:
        return (*self._first.ask(), *self._second.ask())

    def settle(self) -> Reading:
        reading = self._choice()
        if self._reported is _UNREAD:
            self._reported = reading
        return reading

    def _choice(self) -> Reading:
        """Return the reading of the first provider, or of the second in its place."""
        reading, error = _result_or_error(self._first.settle)
        if reading is not None:
            if self._uses_second is not False:
                self._uses_second = False
                self._on_switch(None)
            self.reading = reading
            self.fresh_until = self._first.fresh_until
            return reading
        assert error is not None
        self.reading = None
        if not isinstance(error, (SecretUnreachable, SecretNotFound, MissingCredentialError)):
            self._uses_second = None
            raise error
        if not self._uses_second:
            self._uses_second = True
            self._on_switch(error)
        self.reading = self._second.settle()
        self.fresh_until = _NEVER
        return self.reading

    @property
    def state(self) -> State:
        return self._second.state if self._uses_second else self._first.state

    @property
    def age(self) -> float | None:
        return self._first.age

    @property
    def error(self) -> Exception | None:
        return self._first.error

    @property
    def origin(self) -> Origin:
        return self._second.origin if self._uses_second else self._first.origin

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return self._listeners.add(swap)

    def _input_swapped(self, provider: Provider, old: Reading | None, new: Reading | None) -> None:
        if provider is self._second and not self._uses_second:
            return
        self.fresh_until = _NEVER
        if old is not None and old is new:
            _notify_end(self)
            return
        after = _result_or_error(self._choice)[0]
        # not `old`, which is what an input said: the other one may have stood in for it
        before, self._reported = old if self._reported is _UNREAD else self._reported, after
        for listener in self._listeners:
            listener(before, after)


class Missing:
    """Nothing supplies this secret; every read says so, and how to set it."""

    def __init__(self, reference: str, message: str, remedy: str, origin: Origin, state: State = "missing") -> None:
        self.reading: Reading | None = None
        self.fresh_until = _NEVER
        self.now: Callable[[], float] = _zero
        self.reference = reference
        self.error: Exception | None = None
        self.origin = origin
        self.age: float | None = None
        self.state: State = state
        self._message = message
        self._remedy = remedy

    def pending(self) -> Sequence[Flight]:
        return ()

    def refresh(self) -> Sequence[Flight]:
        return ()

    ask = refresh

    def settle(self) -> Reading:
        raise MissingCredentialError(self._message, reference=self.reference, help=self._remedy)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return _nothing


def _subscribe_weakly(derived: Derived | Fallback, provider: Provider) -> None:
    """The input must not keep alive what a reload has replaced.

    A garbage collection ends the subscription at any moment, so `cancel` of every provider takes no lock.
    """
    ref = weakref.ref(derived, lambda _: cancel())

    def swapped(old: Reading | None, new: Reading | None) -> None:
        alive = ref()
        if alive is not None:
            alive._input_swapped(provider, old, new)

    cancel = provider.subscribe(swapped)


def _notify_end(derived: Derived | Fallback) -> None:
    """Pass on that an input has ended before its time: of memory alone, as it is told in a forked child's first moment."""
    reading = derived.reading
    if reading is not None:
        for listener in derived._listeners:
            listener(reading, reading)


def _result_or_error(make: Callable[[], Reading]) -> tuple[Reading | None, SecretError | None]:
    try:
        return make(), None
    except SecretError as error:
        return None, error.with_traceback(None)


def _differs(one: Reading, other: Reading) -> bool:
    return one is not other


def _zero() -> float:
    return 0.0


def _nothing() -> None:
    return None
