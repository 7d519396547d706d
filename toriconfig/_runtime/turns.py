"""One thread at a time for what takes long: who comes meanwhile waits within its own budget, and holds no lock."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.single_flight import Flight


class Turns:
    """Work that is done by one thread at a time, for each key.

    The work may ask Vault. So a lock would make others wait beyond their deadlines, and would be held for ever in a
    forked child.
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, Flight] = {}

    @contextmanager
    def turn(self, key: Hashable, deadline: Deadline) -> Iterator[bool]:
        """Wait for the turn; gives False when the budget does not last until then.

        Args:
            key: text, or a tuple of texts: whoever comes with an equal one waits.
            deadline: the budget. A turn whose budget has ended is over: its thread was given up.
        """
        mine = Flight(deadline, _nobody)
        if not self._taken(key, mine):
            yield False
            return
        try:
            yield True
        finally:
            if mine.claim():  # else its budget has ended, and somebody else has the turn
                self._held.pop(key, None)
            mine.finish()

    def forget(self) -> None:
        """In a forked child: those whose turn it was are not there."""
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


def _nobody(_: Flight) -> None:
    return None
