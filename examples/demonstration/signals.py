"""One signal ends the program in order: it is noted, and asked for wherever the program could stop."""

from __future__ import annotations

import signal
from types import FrameType


class Interrupted(Exception):
    """Somebody asked the program to end.

    Attributes:
        status: the exit status that says so.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


class Signals:
    """Notes SIGINT, SIGTERM and SIGHUP from here on.

    An exception raised in the middle of whatever was going on could lose a process that was just started.
    """

    def __init__(self) -> None:
        self._number = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        self._number = self._number or number

    @property
    def came(self) -> bool:
        """True if one came."""
        return self._number != 0

    def check(self) -> None:
        """Go on, unless one came.

        Raises:
            Interrupted: one came.
        """
        if self._number:
            raise Interrupted(self._number)
