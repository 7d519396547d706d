"""Calls of custom sources and readers. An exception, or a result that is not a tree, becomes a problem."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from inspect import iscoroutine
from typing import Any

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Layer, Node, Source, Tree
from toriconfig._core.trust import TRUSTED_LAYERS

_REMEDY = (
    "correct it, or what it reads; for a message of its own, `load` returns "
    "`toriconfig.sources.tree({}, name, problems=[Problem(...)])`"
)
_RETURNS = "`load` returns `toriconfig.sources.tree(values, name)`"


def guarded(sources: Sequence[Source]) -> list[Source]:
    """Return the sources in their order, each in a `Guarded`, so that each always returns a tree."""
    names = [type(source).__name__ for source in sources]
    several = {name for name in names if names.count(name) > 1}
    return [
        Guarded(source, f"{name} (sources[{at}])" if name in several else name)
        for at, (name, source) in enumerate(zip(names, sources, strict=True))
    ]


class Guarded:
    """A custom source whose exceptions become problems.

    A tree that claims a layer in `TRUSTED_LAYERS`, such as `code` or `env`, is replaced by a problem too.

    Args:
        source: the source.
        name: its name in problems.
    """

    def __init__(self, source: Source, name: str) -> None:
        self._source = source
        self._name = name

    def load(self) -> Tree:
        """Return the tree of the source; an empty tree with a problem if the source raises or returns no valid tree."""
        who, origin = f"the source {self._name}", Origin("source", self._name)
        found = called(self._load, who, origin, _REMEDY, _RETURNS)
        kind = found.root.layer.kind
        return (
            found
            if kind not in TRUSTED_LAYERS
            else _failed(f"{who} returned a tree of the kind {kind}", _RETURNS, origin)
        )

    def _load(self) -> Any:
        return self._source.load()

    def __repr__(self) -> str:
        return f"Guarded({self._name})"


def called(read: Callable[[], Any], who: str, origin: Origin, remedy: str, returns: str) -> Tree:
    """Return the tree that a function returns. If it raises, or returns no tree, return an empty tree with a problem.

    For an exception, the problem shows the type and the line. The text of the exception may contain a value, and is not
    shown.

    Args:
        read: the function.
        who: the subject of the message.
        origin: origin of the problem.
        remedy: the remedy if the function raises.
        returns: the remedy if the function does not return a tree.
    """
    try:
        found = read()
    except Exception as error:  # noqa: BLE001 - user code
        return _failed(f"{who} raised {_kind(error)}{_place(error)}", remedy, origin)
    if isinstance(found, Tree) and type(found.root.value) is dict:
        return found
    if iscoroutine(found):
        found.close()  # otherwise Python warns that the coroutine was not awaited
    what = "a tree without a mapping" if isinstance(found, Tree) else f"a {type(found).__name__}"
    return _failed(f"{who} returned {what}", returns, origin)


def _failed(message: str, remedy: str, origin: Origin) -> Tree:
    problem = Problem(Code.UNREADABLE_SOURCE, "", origin, help=remedy, message=message)
    layer = Layer(origin.layer, origin.source, lambda _: origin)
    return Tree(Node({}, layer), problems=(problem,), complete=False)


def _kind(error: Exception) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _place(error: Exception) -> str:
    """Return the last position of the traceback in the file of the called function, such as ` at consul.py:31`.

    Return "" if the traceback does not reach the called function.
    """
    trace = error.__traceback__
    for _ in range(2):  # `called`, and the function of this package that it calls
        trace = trace.tb_next if trace is not None else None
    if trace is None:
        return ""
    own, place = trace.tb_frame.f_code.co_filename, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == own:
            place = f" at {os.path.basename(own)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
