"""Mutual exclusion for work that may send requests. Each waiting thread has a deadline."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.single_flight import Flight


class Turns:
    """Mutual exclusion by key: for each key, at most one thread at a time does the work.

    A lock would not be enough: other threads could wait beyond their deadlines, and a forked child could wait forever.
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, Flight] = {}

    @contextmanager
    def turn(self, key: Hashable, deadline: Deadline) -> Iterator[bool]:
        """Wait until no other thread works with `key`. Yield True; yield False if the deadline comes first.

        Args:
            key: identifier of the work: text, or a tuple of texts.
            deadline: deadline of the wait and of the work. At the deadline, another thread may start, even if the
                work continues.
        """
        mine = Flight(deadline, _no_action)
        if not self._taken(key, mine):
            yield False
            return
        try:
            yield True
        finally:
            if mine.claim():  # else its deadline has passed, and another thread has the turn
                self._held.pop(key, None)
            mine.finish()

    def forget(self) -> None:
        """In a forked child: forget the working threads of the parent."""
        self._held.clear()

    def _taken(self, key: Hashable, mine: Flight) -> bool:
        while True:
            held = self._held.setdefault(key, mine)
            if held is mine:
                return True
            if held.deadline.remaining() <= 0 and held.claim():
                self._held[key] = mine
                return True
            if mine.deadline.remaining() <= 0:
                return False
            held.join(min(mine.deadline.remaining(), held.deadline.remaining()))


def _no_action(_: Flight) -> None:
    return None
