"""Provider that reads a backend, with the value of a lower layer as a fallback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from toriconfig._core.origin import Origin
from toriconfig._secrets.inputs import notify_end, result_or_error, subscribe_weakly
from toriconfig._secrets.provider import NEVER, Flight, Provider, Reading, State, Subscribers, Swap
from toriconfig.errors import MissingCredentialError, SecretError, SecretNotFound, SecretUnreachable

_UNREAD: Any = object()
_REPLACED = (SecretUnreachable, SecretNotFound, MissingCredentialError)


class Fallback:
    """Provider that reads a backend, with the value of a lower layer as a fallback.

    Args:
        first: provider of the backend's value.
        second: provider of the lower layer's value. It is used if `first` is unreachable, has no value, or has no
            credentials. Any other error of `first`, such as denied access, is raised.
        on_switch: function called at the first read and at each change between `first` and `second`. The argument is
            None if `first` is used now, otherwise the error of `first`.
    """

    def __init__(self, first: Provider, second: Provider, on_switch: Callable[[SecretError | None], None]) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
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
            subscribe_weakly(self, provider)

    @property
    def uses_second(self) -> bool:
        """True if the value of `second` is used now."""
        return self._uses_second is True

    def pending(self) -> Sequence[Flight]:
        flights, behind = self._first.pending(), self._second.pending()  # `second` may be another path of Vault
        # while `second` is used, no reader waits for `first`
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
        """Return the reading of `first`. If `first` is unreachable or has no value or credentials, use `second`.

        Raises:
            SecretError: `first` fails for another reason, such as denied access, or `second` has no value either.
        """
        reading, error = result_or_error(self._first.settle)
        if reading is not None:
            if self._uses_second is not False:
                self._uses_second = False
                self._on_switch(None)
            self.reading = reading
            self.fresh_until = self._first.fresh_until
            return reading
        assert error is not None
        self.reading = None
        if not isinstance(error, _REPLACED):
            self._uses_second = None
            raise error
        if not self._uses_second:
            self._uses_second = True
            self._on_switch(error)
        self.reading = self._second.settle()
        self.fresh_until = -NEVER
        return self.reading

    @property
    def _next(self) -> Provider:
        """The provider that a read would use now. This property sends no request."""
        uses_second = self._uses_second
        if uses_second is None:  # another secret may have requested the same path
            uses_second = self._first.state == "missing" and isinstance(self._first.error, _REPLACED)
        return self._second if uses_second else self._first

    @property
    def state(self) -> State:
        return self._next.state

    @property
    def age(self) -> float | None:
        return self._first.age

    @property
    def error(self) -> Exception | None:
        return self._first.error

    @property
    def origin(self) -> Origin:
        return self._next.origin

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return self._listeners.add(swap)

    def _input_swapped(self, provider: Provider, old: Reading | None, new: Reading | None) -> None:
        if provider is self._second and not self._uses_second:
            return
        self.fresh_until = -NEVER
        if old is not None and old is new:
            notify_end(self)
            return
        after = result_or_error(self._choice)[0]
        # not `old`, the earlier reading of one input, because the other input may have been used
        before, self._reported = old if self._reported is _UNREAD else self._reported, after
        for listener in self._listeners:
            listener(before, after)
