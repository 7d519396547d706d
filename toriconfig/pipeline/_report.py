"""The class of a progress report. Its `str` is a line for logs."""

from __future__ import annotations

from dataclasses import dataclass

from toriconfig._core.clean_call import clean_init
from toriconfig._core.printable import clean


@clean_init
@dataclass(frozen=True, slots=True)
class Report:
    """Progress of a piece of work at one moment.

    Attributes:
        percent: 0 to 100, never rounded up; 100 only if `done` is True. None: unknown, because `total` is None.
        count: number of items done, possibly more than `total`.
        total: number of expected items; None: unknown.
        elapsed: seconds since the start.
        rate: recent number of items per second; 0 while unknown.
        eta: estimated seconds until the end; None: unknown.
        done: True in the last report of work that ended normally.
        stopped: True in the last report of work that an exception ended.
        description: name of the work, or "".
    """

    percent: float | None
    count: int
    total: int | None
    elapsed: float
    rate: float = 0.0
    eta: float | None = None
    done: bool = False
    stopped: bool = False
    description: str = ""

    def __str__(self) -> str:
        parts = [self._amount()]
        if self.rate:
            parts.append(f"{self.rate:.1f}/s" if self.rate < 100 else f"{self.rate:.0f}/s")
        if self.done or self.stopped:
            parts.append(f"{_duration(self.elapsed)} in all")
        elif self.eta is not None:
            parts.append(f"{_duration(self.eta)} left")
        lead = clean(f"{self.description}: ") if self.description else ""
        return f"{lead}{'stopped at ' if self.stopped else ''}{', '.join(parts)}"

    def _amount(self) -> str:
        if self.total is None:
            return f"100 % ({self.count})" if self.done else str(self.count)
        # From the integers: `"%.2f" % 99.999` is 100.00.
        hundredths = 10_000 if self.done else 10_000 * self.count // self.total if self.total else 0
        whole, rest = divmod(hundredths, 100)
        return f"{whole}{f'.{rest:02d}'.rstrip('0') if rest else ''} % ({self.count} of {self.total})"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
