"""Sources of somebody else's: what one raises, or returns instead of a tree, is a problem that names the source."""

from __future__ import annotations

import os
from collections.abc import Sequence
from inspect import iscoroutine
from typing import Any

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Layer, Node, Source, Tree

_REMEDY = (
    "correct it, or what it reads; for a message of its own, `load` returns "
    "`toriconfig.sources.tree({}, name, problems=[Problem(...)])`"
)


def guarded(sources: Sequence[Source]) -> list[Source]:
    """The sources, in their order, each of which returns a tree whatever happens."""
    names = [type(source).__name__ for source in sources]
    several = {name for name in names if names.count(name) > 1}
    return [
        Guarded(source, f"{name} (sources[{at}])" if name in several else name)
        for at, (name, source) in enumerate(zip(names, sources, strict=True))
    ]


class Guarded:
    """A source that never raises.

    Args:
        source: the source.
        name: how problems call it.
    """

    def __init__(self, source: Source, name: str) -> None:
        self._source = source
        self._name = name

    def load(self) -> Tree:
        """Read the source now; of an exception only the type and the place are shown: its text may hold a value."""
        try:
            found: Any = self._source.load()
        except Exception as error:  # noqa: BLE001 - anybody's code
            return self._failed(f"raised {_kind(error)}{_place(error)}", _REMEDY)
        if isinstance(found, Tree) and type(found.root.value) is dict:
            return found
        if iscoroutine(found):
            found.close()  # else Python warns that nobody awaited it
        what = "an empty tree" if isinstance(found, Tree) else f"a {type(found).__name__}"
        return self._failed(
            f"returned {what} from `load`", "return `toriconfig.sources.tree(values, name)` from `load`"
        )

    def _failed(self, what: str, remedy: str) -> Tree:
        origin = Origin("source", self._name)
        problem = Problem("TC505", "", origin, help=remedy, message=f"the source {self._name} {what}")
        return Tree(Node({}, Layer("source", self._name, lambda _: origin)), problems=(problem,), complete=False)

    def __repr__(self) -> str:
        return f"Guarded({self._name})"


def _kind(error: Exception) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _place(error: Exception) -> str:
    """The line of the source's own file that led to the error, such as ` at consul.py:31`."""
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    if trace is None:
        return ""
    own, place = trace.tb_frame.f_code.co_filename, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == own:
            place = f" at {os.path.basename(own)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
