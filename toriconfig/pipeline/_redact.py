"""Registry of secrets that logs must not show, and the masking of text.

Registration is cheap and imports nothing. The encodings of a secret are computed when the next line is logged.
"""

from __future__ import annotations

import os
import sys
import time

from toriconfig.pipeline._permits import Permits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toriconfig.pipeline._find import Finder

MASK = "**********"
"""Mask of a secret in a text; constant, so that it does not reveal the length."""

KEEP = 3600.0
"""Seconds that a forgotten secret stays masked, because clients and their errors may still quote it."""

SHORTEST = 5
"""Minimum length in characters. Masking every `abc` would make logs unreadable, and would reveal the secret."""

_NEVER = float("inf")

_COMMON = frozenset(
    """admin changeme default false guest localhost password postgres public secret toriconfig vault
    127.0.0.1""".split()  # noqa: SIM905 - words, as words
)


class Redactor:
    """Registry of secrets. Its `repr` shows no secret, and pickling it raises an error.

    Never use a lock here: masking runs inside a locked logging handler. If masking waited for a thread that logs, both
    threads would wait forever.

    Args:
        clock: function that returns monotonic seconds.
        fast: True: use the `fast-logs` extra if it is installed.
    """

    __slots__ = ("_clock", "_fast", "_finder", "_known", "_leaving", "_news", "_next_end", "_turn", "_uses", "_warned")

    def __init__(self, clock: Callable[[], float] = time.monotonic, fast: bool = True) -> None:
        self._clock = clock
        self._fast = fast
        self._next_end = _NEVER
        self._uses: dict[str | bytes, list[None]] = {}
        self._leaving: dict[str | bytes, float] = {}
        self._warned = False
        self.start_afresh()

    def clear(self) -> None:
        """Forget all secrets immediately. Only tests call this method."""
        self._uses, self._leaving = {}, {}
        self.start_afresh()

    def start_afresh(self) -> None:
        """Discard the finder, so that the next masking builds a new one.

        A forked child needs a new finder, because a thread of the parent may have been changing the old one.
        """
        self._turn = Permits()
        self._finder: Finder | None = None
        self._known: set[str | bytes] = set()
        self._news: dict[str | bytes, None] = dict.fromkeys(list(self._uses))

    def register(self, value: str | bytes) -> None:
        """Mask the value, and its common encodings, from now on.

        A value shorter than SHORTEST, or a common word (`localhost`, `true`), is not masked; one warning per process is
        logged. A value that was registered n times is masked until `forget` was called n times.
        """
        if len(value) < SHORTEST or (len(value) < 12 and _is_common(value)):
            if value:
                self._warn()
            return
        while True:
            uses = self._uses.setdefault(value, [])
            uses.append(None)
            if self._uses.get(value) is uses:  # else another thread was dropping it
                break
        self._leaving.pop(value, None)
        if value not in self._known:
            self._news[value] = None

    def forget(self, value: str | bytes, keep: float = KEEP) -> None:
        """End one registration of a value that is no longer secret, such as a rotated password.

        When no registration remains, the value stays masked for `keep` more seconds. If the value is not
        registered, do nothing.
        """
        uses = self._uses.get(value)
        if not uses:
            return
        try:
            uses.pop()
        except IndexError:  # a finalizer or another thread has ended the last use just then
            return
        if not uses:
            end = self._leaving[value] = self._clock() + keep
            self._next_end = min(self._next_end, end)

    def mask(self, text: str) -> str:
        """Return the text with MASK for every registered secret. Overlapping secrets are replaced by a single MASK."""
        late = None
        if self._news or (self._leaving and self._clock() >= self._next_end):
            late = self._catch_up()
        finder = self._finder
        spans = finder.spans(text) if finder is not None else []
        if late is not None:
            spans += late.spans(text)
        return _replaced(text, spans) if spans else text

    def _catch_up(self) -> Finder | None:
        """Update the finder with all registered values, and return None.

        If an earlier call (in another thread, or interrupted by a finalizer) has not finished its update, return a
        separate finder for the values that are not yet added.
        """
        from toriconfig.pipeline._find import Finder, fast_automaton
        from toriconfig.pipeline._secret_encodings import spellings

        if not self._turn.take():
            late = Finder()
            for value in list(self._news):
                late.add(spellings(value))
            return late
        try:
            finder = self._finder
            if finder is None:
                finder = self._finder = Finder(fast_automaton() if self._fast else None)
            now = self._clock()
            for value in [value for value, until in list(self._leaving.items()) if until <= now]:
                self._drop(value, finder, spellings)
            self._next_end = min(list(self._leaving.values()), default=_NEVER)
            # A value stays in `_news` until the finder has it; until then each masked line searches for it separately.
            for value in list(self._news):
                if value not in self._known:
                    finder.add(spellings(value))
                    self._known.add(value)
                self._news.pop(value, None)
            finder.settle()
        finally:
            self._turn.give_back()
        return None

    def _drop(self, value: str | bytes, finder: Finder, spellings: Callable[[str | bytes], Iterable[str]]) -> None:
        self._leaving.pop(value, None)
        if self._uses.get(value):  # registered again meanwhile
            return
        uses = self._uses.pop(value, [])
        self._news.pop(value, None)
        if value in self._known:
            self._known.discard(value)
            finder.remove(spellings(value))
        if uses or self._uses.get(value):  # registered at the same instant: register it again
            self._uses.setdefault(value, []).append(None)
            self._news[value] = None

    def _warn(self) -> None:
        if self._warned:
            return
        self._warned = True
        from toriconfig.pipeline._library_logger import library_logger

        def warn() -> None:
            library_logger("toriconfig.pipeline").warning(
                "a secret is too short or too common a word to be masked in logs; choose a longer one (logged once)"
            )

        pending = sys.modules.get("toriconfig._runtime.warn_once")  # part of the settings, which may be loading
        if pending is not None:
            pending.soon(warn)
        else:
            warn()

    def __repr__(self) -> str:
        return f"Redactor({sum(map(bool, list(self._uses.values())))} secrets)"

    def __reduce__(self) -> str:
        raise TypeError("a Redactor is not pickled: it holds secrets")


def _is_common(value: str | bytes) -> bool:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return text.casefold() in _COMMON or not text.strip("*")


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with MASK for each span. Overlapping spans are merged first, so that no part of them remains."""
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


# A reload of this module must keep the registered values.
_redactor: Redactor = globals().get("_redactor") or Redactor()
register = _redactor.register
forget = _redactor.forget
mask = _redactor.mask

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_redactor.start_afresh)
