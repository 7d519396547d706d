"""Overrides: values of one context during a `with` block.

A contextvar holds the overridden settings. Tasks, `to_thread` and callbacks that start inside the block copy the
context, and use the overridden settings even after the block has ended. Two cases are special:

* A generator shares the context of its caller. While the generator is suspended inside the block, its caller uses
  the overridden settings too. A fixture (`with override(...): yield`) relies on this.
* A block may be left in another context, in which the override is not set. The override then has no effect in any
  context any more, not even in tasks that started inside the block.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, NamedTuple

from toriconfig._core.clean_call import clean_call
from toriconfig._core.problem import Problem
from toriconfig._lazy import Lazy, State, current, fill, recipe_for
from toriconfig._load.attempt import derive, try_unknown
from toriconfig._load.snapshot import Loaded
from toriconfig._schema.options import Options
from toriconfig.errors import ConfigError


class Entry:
    """One override. The object is deleted with the last `contextvars` context that uses the override.

    Attributes:
        values: the values of the override, by dotted path or as nested mappings.
        ended: True if the override is switched off for every context. This is done if the `with` block ends in
            another context, such as that of another task, because the override cannot be removed from its own.
    """

    __slots__ = ("__weakref__", "_lazy", "ended", "values")

    def __init__(self, lazy: Lazy, values: Mapping[str, Any]) -> None:
        self.values = values
        self.ended = False
        self._lazy = lazy
        lazy._state.overrides.add(id(self))

    def __del__(self) -> None:
        # A finalizer takes no lock, not even without waiting: the next reader fills the stand-in.
        self._lazy._state.overrides.discard(id(self))


class View(NamedTuple):
    """Overridden settings that a thread or task sees while an override is active. A reload does not change a view.

    Attributes:
        entries: the active overrides, outermost first.
        base: the settings without overrides, at the start of the outermost block.
        loaded: the settings with all overrides.
    """

    entries: tuple[Entry, ...]
    base: Loaded
    loaded: Loaded

    def effective(self, lazy: Lazy) -> Loaded:
        """Return the settings with the overrides of this view that have not ended.

        If all overrides have ended, return the settings of `lazy` without overrides.
        """
        for entry in self.entries:
            if entry.ended:
                rest = _without(self, entry)
                _var(lazy._state).set(rest)
                return current(lazy) if rest is None else rest.effective(lazy)
        return self.loaded


class Override:
    """Context manager that `override` returns. The object may be entered again inside its own block."""

    def __init__(self, lazy: Lazy, values: Mapping[str, Any]) -> None:
        self._lazy = lazy
        self._values = values
        self._entries: list[Entry] = []

    @clean_call
    def __enter__(self) -> Any:
        lazy, state = self._lazy, self._lazy._state
        seen = current(lazy)
        loaded = derive(seen, self._values)
        entry = Entry(lazy, self._values)
        with state.lock:
            var = _var(state)
            fill(lazy)
        outer = var.get()
        var.set(View((*outer.entries, entry), outer.base, loaded) if outer else View((entry,), seen, loaded))
        self._entries.append(entry)
        return loaded.model

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state = self._lazy._state
        self._leave(self._entries.pop())
        # the garbage collector may close a generator: then the next reader fills the stand-in, see `Entry.__del__`
        if not state.overrides and kind is not GeneratorExit:
            with state.lock:
                fill(self._lazy)

    def _leave(self, entry: Entry) -> None:
        var = _var(self._lazy._state)
        view = var.get()
        if view is None or entry not in view.entries:
            entry.ended = self._lazy._state.ended = True
            return
        var.set(_without(view, entry))


def unknown_in(lazy: Lazy, values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return a problem for each key of `values` that the schema lacks; () if the schema is not imported yet."""
    state = lazy._state
    if state.loaded is not None:
        recipe, options = state.loaded.snapshot.recipe, state.loaded.snapshot.options
    elif isinstance(state.target, str):
        return ()
    else:
        recipe = recipe_for(lazy)
        options = Options.of(recipe.schema.model_config, recipe.options)
    return try_unknown(recipe, options, values)


def _without(view: View, gone: Entry) -> View | None:
    """Return the view without the override `gone`; None if no override is left.

    A remaining override that is invalid without `gone` has no effect.
    """
    rest = tuple(entry for entry in view.entries if entry is not gone)
    if not rest:
        return None
    loaded = view.base
    for entry in rest:
        loaded = _derived(loaded, entry) or loaded
    return View(rest, view.base, loaded)


def _derived(base: Loaded, entry: Entry) -> Loaded | None:
    try:
        return derive(base, entry.values)
    except ConfigError:  # valid only together with the override that has just ended
        return None


def _var(state: State) -> ContextVar[View | None]:
    if state.view is None:
        state.view = ContextVar("toriconfig.override", default=None)
    return state.view
