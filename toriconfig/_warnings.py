"""Warn once: which warnings this process has given. Inherited by forked children, kept over loads and reloads."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

# No lock: a fork at the wrong instant would leave the child one that nobody opens. `dict.setdefault` is atomic for
# keys whose `__hash__` and `__eq__` are C code (text, numbers, tuples of them), and tells who was first.
_given: dict[Hashable, object] = {}


def once(key: Hashable) -> bool:
    """Whether this is the first call with `key` in this process, from whichever thread: then the caller warns.

    Args:
        key: text, or a tuple of texts and numbers: the schema, the path, the kind of warning.
    """
    mine = object()
    return _given.setdefault(key, mine) is mine


def heard() -> bool:
    """Whether anybody can hear a warning: where `logging` was never imported it was not set up either."""
    return "logging" in sys.modules


def over(key: Hashable) -> None:
    """What was warned of with `key` is over: when it comes again, it is warned of again."""
    _given.pop(key, None)


def reset() -> None:
    """Forget what was given, so that each warning is given once more. For tests."""
    _given.clear()
