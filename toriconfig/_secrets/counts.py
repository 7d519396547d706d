"""Counts of reads, failures and changed values of one provider."""

from __future__ import annotations


class Counts:
    """Counts of one provider since its first use in this process.

    Attributes:
        reads: number of answers with a value. A `get()` from memory is not counted.
        failures: number of requests without a usable answer.
        rotations: number of answers whose value differs from the value before.
    """

    __slots__ = ("failures", "reads", "rotations")

    def __init__(self) -> None:
        self.reads = self.failures = self.rotations = 0
