"""Counts of one place: how often it was asked, how often that failed, and how often its value became another one."""

from __future__ import annotations


class Counts:
    """Counts since the process first used the place. Each provider changes its own, under the lock of its transitions.

    Attributes:
        reads: answers with a value. A `get()` that is answered from memory is no read.
        failures: requests without a usable answer.
        rotations: answers with another value than the one before.
    """

    __slots__ = ("failures", "reads", "rotations")

    def __init__(self) -> None:
        self.reads = self.failures = self.rotations = 0
