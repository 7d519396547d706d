"""The secrets that logs must not show, and the masking of a text.

Registering is cheap and imports nothing; the work is left to the first line that is logged after it.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toriconfig.pipeline._find import Finder

MASK = "**********"
"""What stands in a text for a secret: constant, so that it tells no length."""

KEEP = 3600.0
"""Seconds that a forgotten secret stays masked: clients and their errors quote it for a while."""

SHORTEST = 5
"""Characters. To mask every `abc` in every log would hide the log, and tell the secret besides."""

_COMMON = frozenset(
    """admin changeme default false guest localhost password postgres public secret toriconfig vault
    127.0.0.1""".split()  # noqa: SIM905 - words, as words
)


class Redactor:
    """A registry of secrets. Its `repr` shows none and it is not pickled.

    Args:
        clock: monotonic seconds; ages the forgotten.
        fast: use the `fast-logs` extra when it is installed.
    """

    __slots__ = ("_busy", "_clock", "_counts", "_fast", "_finder", "_leaving", "_lock", "_news", "_next_end", "_warned")

    def __init__(self, clock: Callable[[], float] = time.monotonic, fast: bool = True) -> None:
        self._clock = clock
        self._fast = fast
        self._next_end = 0.0
        self._counts: dict[str | bytes, int] = {}
        self._leaving: dict[str | bytes, float] = {}
        self._news: dict[str | bytes, None] = {}
        self._finder: Finder | None = None
        self._warned = self._busy = False
        self._lock = RLock()

    def register(self, value: str | bytes) -> None:
        """Have `mask` hide the value and the ways in which it is commonly spelled.

        Shorter than SHORTEST or a common word (`localhost`, `true`): not masked, with one warning a process.
        Registered n times, it must be forgotten n times.
        """
        if len(value) < SHORTEST or (len(value) < 12 and _is_common(value)):
            if value:
                self._warn()
            return
        with self._lock:
            count = self._counts.get(value, 0)
            self._counts[value] = count + 1
            if not count and self._leaving.pop(value, None) is None:
                self._news[value] = None

    def forget(self, value: str | bytes, keep: float = KEEP) -> None:
        """The value is no secret any longer (rotated): stop masking it, `keep` seconds from now."""
        with self._lock:
            count = self._counts.get(value, 0)
            if count > 1:
                self._counts[value] = count - 1
            elif count:
                del self._counts[value]
                self._leaving[value] = self._clock() + keep
                self._next_end = min(self._leaving.values())

    def mask(self, text: str) -> str:
        """The text with every registered secret replaced by MASK; overlapping ones by one MASK."""
        late = None
        if self._news or (self._leaving and self._clock() >= self._next_end):
            late = self._catch_up()
        finder = self._finder
        if finder is None and late is None:
            return text
        spans = finder.spans(text) if finder is not None else []
        if late is not None:
            spans += late.spans(text)
        return _replaced(text, spans) if spans else text

    def reset_lock(self) -> None:
        """For a forked child: another thread may have held the lock, in the middle of its work."""
        self._lock = RLock()
        if self._busy:
            self._busy, self._finder = False, None
            self._news = dict.fromkeys((*self._counts, *self._leaving))

    def _catch_up(self) -> Finder | None:
        """Have the finder know all that was registered.

        Returns: what finds the rest, where a finalizer or a signal handler logs in the middle of this very work.
        """
        from toriconfig.pipeline._find import Finder, fast_automaton
        from toriconfig.pipeline._spellings import spellings

        build = fast_automaton() if self._fast and self._finder is None else None  # imports: not under the lock
        with self._lock:
            if self._busy:
                late = Finder()
                for value in list(self._news):
                    late.add(spellings(value))
                return late
            self._busy = True
            try:
                self._settle(self._finder or Finder(build), spellings)
            finally:
                self._busy = False
        return None

    def _settle(self, finder: Finder, spellings: Callable[[str | bytes], Iterable[str]]) -> None:
        self._finder = finder
        now = self._clock()
        for value in [value for value, until in self._leaving.items() if until <= now]:
            del self._leaving[value]
            if value in self._news:
                del self._news[value]
            else:
                finder.remove(spellings(value))
        self._next_end = min(self._leaving.values(), default=0.0)
        # A value stays among the news until it is found: a line that is masked meanwhile waits for it.
        for value in list(self._news):
            finder.add(spellings(value))
            self._news.pop(value, None)
        finder.settle()

    def _warn(self) -> None:
        if self._warned:
            return
        self._warned = True
        from toriconfig.pipeline._logging import library_logger

        def warn() -> None:
            library_logger("toriconfig.pipeline").warning(
                "a secret is too short or too common a word to be masked in logs; choose a longer one (said once)"
            )

        pending = sys.modules.get("toriconfig._warnings")  # of the settings: they may be loading
        if pending is not None:
            pending.soon(warn)
        else:
            warn()

    def __repr__(self) -> str:
        return f"Redactor({len(self._counts)} secrets)"

    def __reduce__(self) -> str:
        raise TypeError("a Redactor is not pickled: it holds secrets")


def _is_common(value: str | bytes) -> bool:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return text.casefold() in _COMMON or not text.strip("*")


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    """Every span is of the original text: replacing one after the other would leave the tails of overlapping ones."""
    spans.sort()
    parts = []
    written = 0
    start, end = spans[0]
    for first, last in spans[1:]:
        if first < end:
            end = max(end, last)
            continue
        parts += [text[written:start], MASK]
        written = end
        start, end = first, last
    parts += [text[written:start], MASK, text[end:]]
    return "".join(parts)


# A reload of this module must not forget what is to be masked.
_redactor: Redactor = globals().get("_redactor") or Redactor()
register = _redactor.register
forget = _redactor.forget
mask = _redactor.mask

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_redactor.reset_lock)
