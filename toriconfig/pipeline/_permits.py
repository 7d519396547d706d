"""Counter of permits that never blocks, for code that must not take a lock."""

from __future__ import annotations


class Permits:
    """A number of permits. Each permit is held by one thread at a time.

    Each operation is one atomic call of C code, without a lock. Therefore, a signal handler or a finalizer may use
    the same permits as the code that it interrupts.

    Args:
        number: number of permits.

    >>> permits = Permits(1)
    >>> permits.take(), permits.take()
    (True, False)
    >>> permits.give_back()
    >>> permits.take()
    True
    """

    __slots__ = ("_left",)

    def __init__(self, number: int = 1) -> None:
        self._left = [None] * number

    def take(self) -> bool:
        """Take one permit and return True; return False at once if no permit is left."""
        try:
            self._left.pop()
        except IndexError:
            return False
        return True

    def give_back(self) -> None:
        """Give one permit back, so that another thread can take it."""
        self._left.append(None)

    @property
    def left(self) -> int:
        """Number of permits left now."""
        return len(self._left)
