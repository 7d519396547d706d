"""Timers with a weak reference to their owner, so that a timer does not keep its owner alive."""

from __future__ import annotations

from typing import Any, Protocol
from weakref import ref


class Timed(Protocol):
    """Protocol of an object with timers."""

    def due(self, timer: Any, /) -> None:
        """Do the action of `timer`. Called at the time of the timer."""
        ...


class WeakTimer:
    """Timer that holds a weak reference to its owner.

    Args:
        owner: the object whose method `due` is called, if the object still exists.
        what: the argument of `due`.
    """

    __slots__ = ("_owner", "_what")

    def __init__(self, owner: Timed, what: Any) -> None:
        self._owner = ref(owner)
        self._what = what

    def __call__(self) -> None:
        owner = self._owner()
        if owner is not None:
            owner.due(self._what)
