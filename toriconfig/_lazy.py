"""The lazy object, which loads its settings at the first read of a field.

Every program that uses settings imports this module at its start, so the module imports only builtins.

After the load, the `__dict__` of a lazy object holds the fields of the model, so that reading a field is fast.
While an `override` is active in any thread or task, the `__dict__` is empty, and each read looks for the overrides
of its own thread or task.
"""

import _thread
import _weakref
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextvars import ContextVar
    from typing import Any, NoReturn, Protocol

    from pydantic import BaseModel

    from toriconfig._load.snapshot import Loaded, Recipe

    class View(Protocol):
        """Settings that one thread or task sees while an override is active."""

        @property
        def loaded(self) -> Loaded: ...

        def effective(self, lazy: "Lazy") -> Loaded: ...


class State:
    """State of a lazy object. It is a separate object, because the `__dict__` of a lazy object holds only fields.

    A finalizer must take neither `lock` nor `gate`.

    Attributes:
        target: the schema, or "module:Class".
        options: the other arguments of `lazy`.
        loaded: the loaded settings, replaced as a whole by a reload; None before the first load.
        loaded_at: start time of the last successful load, in seconds since 1970; 0 before the first load.
        reloads: number of successful reloads.
        failed_reloads: number of failed reloads.
        error: the `ConfigError` of the last failed load or reload; None after a success.
        view: contextvar with the overrides of a thread or task; None before the first override.
        ended: True after an `override` block was entered in one context (thread or task) and exited in an unrelated
            context.
        overrides: ids of the overrides that may still be visible.
        listeners: the listeners that `on_change` registered; the tuple is replaced as a whole.
        subscriptions: functions that end the subscriptions of `listeners` to secrets.
        lock: lock held while the `__dict__` is filled or emptied. Its holder only accesses memory.
        gate: lock held by the thread that loads, while others wait. Its holder calls no listener and logs nothing.
        loader: the thread that is loading, or None.
        after_load: function called with the lazy object after the first load, without the gate; set by `on_change`.
    """

    __slots__ = (
        *(
            "after_load",
            "ended",
            "error",
            "failed_reloads",
            "gate",
            "listeners",
            "loaded",
            "loaded_at",
            "loader",
            "lock",
            "options",
            "overrides",
            "reloads",
            "subscriptions",
            "target",
            "view",
        ),
    )

    def __init__(self, target: "type[BaseModel] | str", options: "Mapping[str, Any]") -> None:
        self.target = target
        self.options = options
        self.loaded: Loaded | None = None
        self.loaded_at = 0.0
        self.reloads = self.failed_reloads = 0
        self.error: Exception | None = None
        self.view: ContextVar[Any] | None = None  # of View | None
        self.ended = False
        self.overrides: set[int] = set()
        self.listeners: tuple[Any, ...] = ()
        self.subscriptions: tuple[Callable[[], None], ...] = ()
        self.lock = _thread.RLock()
        self.gate = _thread.RLock()
        self.loader: int | None = None
        self.after_load: Callable[[Lazy], None] | None = None


class Lazy:
    """Object that is used like settings, and loads them at the first read of a field."""

    __slots__ = ("__dict__", "__weakref__", "_state")
    _state: State

    def __init__(self, target: "type[BaseModel] | str", options: "Mapping[str, Any]") -> None:
        object.__setattr__(self, "_state", State(target, options))
        _everyone.add(_weakref.ref(self, _everyone.discard))

    def __getattr__(self, name: str) -> "Any":
        if name[:1] == "_":
            if name == "__pydantic_serializer__":  # pydantic, also in FastAPI, serializes unknown objects with it
                from toriconfig._inspect.display import serializer

                return serializer(_model_of)
            raise AttributeError(f"settings have no attribute {name!r}")
        state = self._state
        if state.overrides:
            return getattr(current(self).model, name)
        value = getattr((state.loaded or first_load(self)).model, name)
        if not self.__dict__ and state.lock.acquire(False):
            try:  # the last override could not wait for the lock when it ended
                fill(self)
            finally:
                state.lock.release()
        return value

    def __setattr__(self, name: str, value: object) -> "NoReturn":
        raise TypeError(
            f"settings cannot be changed: `override(settings, {name}=...)` or `replace(settings, {name}=...)`"
        )

    def __delattr__(self, name: str) -> "NoReturn":
        raise TypeError("settings cannot be changed")

    def __dir__(self) -> "list[str]":
        return sorted(name for name in dir(schema_of(self)) if name[:1] != "_") + sorted(schema_of(self).model_fields)

    def __repr__(self) -> str:
        state = self._state
        if state.loaded is not None and state.loader is None:
            from toriconfig._inspect.display import text_of

            return f"<lazy {text_of(current(self).model)}>"
        target = state.target if isinstance(state.target, str) else state.target.__qualname__
        return f"<lazy {target.rpartition(':')[2]}, not loaded>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks; before the first load, only the name: a display must not cause a load."""
        if self._state.loaded is None:
            from html import escape

            return f"<code>{escape(repr(self))}</code>"
        from toriconfig._inspect.display import html_of

        return html_of(current(self))

    def _repr_pretty_(self, printer: "Any", cycle: bool) -> None:
        """Print the `repr` in IPython. IPython's own printer would read attributes and cause a load."""
        printer.text(repr(self))

    def __iter__(self) -> "Iterator[tuple[str, Any]]":
        """Yield the name and value of each field, as a pydantic model does, for `dict(settings)`."""
        return iter(current(self).model)

    def __eq__(self, other: object) -> bool:
        """Return True if `other` has the same values. `other` may be a lazy object or a model."""
        if self is other:
            return True
        return bool(current(self).model == (current(other).model if isinstance(other, Lazy) else other))

    __hash__ = object.__hash__

    def __copy__(self) -> "Lazy":
        return self

    def __deepcopy__(self, memo: object) -> "Any":
        from toriconfig._load.attempt import derive

        return derive(current(self), {}).model

    def __reduce__(self) -> "Any":
        from toriconfig._load.pickle import recipe_of

        return (Lazy, recipe_of(self._state.target, self._state.options))


def _model_of(lazy: Lazy) -> "BaseModel":
    return current(lazy).model


def schema_of(lazy: Lazy) -> "type[BaseModel]":
    """Return the schema class. A class that is named as "module:Class" is imported now.

    Raises:
        TypeError: the target is not a pydantic model; the message describes it.
    """
    target = lazy._state.target
    if isinstance(target, str):
        from toriconfig._schema.import_string import import_target

        return import_target(target)
    return target


def current(lazy: Lazy) -> "Loaded":
    """Return the loaded settings that this thread or task sees. If they are not loaded yet, load them now."""
    state = lazy._state
    if state.overrides and state.view is not None:
        view: View | None = state.view.get()
        if view is not None:
            return view.loaded if not state.ended else view.effective(lazy)
    return state.loaded or first_load(lazy)


def first_load(lazy: Lazy) -> "Loaded":
    """Return the loaded settings. If they are not loaded yet, load them, or wait for the thread that is loading them.

    Raises:
        ConfigError: the settings are invalid. The next read tries again.
        KeyError: a listener names a key that the schema does not have.
        RuntimeError: this thread is already loading the settings.
    """
    state = lazy._state
    me = _thread.get_ident()
    if state.loader == me:
        raise RuntimeError(
            "settings were read while they were being loaded, from a validator or a default of their schema"
        )
    if state.loaded is None:
        from toriconfig._core.collector import paused

        with paused():
            from toriconfig._load.attempt import load_now
            from toriconfig._runtime import warn_once

            recipe = recipe_for(lazy)  # may import the schema, which may take long: before other threads wait
            with warn_once.held(), state.gate:
                first = state.loaded is None
                if first:
                    swap_in(lazy, lambda: load_now(recipe))
            if first and state.after_load is not None:
                state.after_load(lazy)
    loaded = state.loaded
    assert loaded is not None
    return loaded


def swap_in(lazy: Lazy, load: "Callable[[], Loaded]") -> "Loaded":
    """Call `load`, make the result the current settings, and return the result. The caller holds the lock `gate`.

    Raises:
        ConfigError: the settings are invalid; the earlier settings stay in place.
        KeyError: a listener names a key that the schema does not have; the earlier settings stay in place.
    """
    from time import time

    state, began = lazy._state, time()
    if state.loaded is None:
        state.loader = _thread.get_ident()
    try:
        loaded = load()
    except Exception as error:
        from toriconfig.errors import ConfigError

        if isinstance(error, ConfigError):
            state.error = error
        raise
    finally:
        state.loader = None
    state.error = None
    state.loaded_at = began
    while True:
        listeners = state.listeners
        for listener in listeners:
            listener.settle(loaded.snapshot.shape)
        with state.lock:
            if state.listeners is listeners:  # otherwise a listener was added during the loop
                publish(lazy, loaded)
                return loaded


def publish(lazy: Lazy, loaded: "Loaded") -> None:
    """Make the loaded settings visible to all readers. The caller holds `lock`."""
    lazy._state.loaded = loaded
    fill(lazy)


def fill(lazy: Lazy) -> None:
    """Put the fields into the `__dict__` of a lazy object; while an override is active, empty the `__dict__`.

    Do nothing if the settings are not loaded. The caller holds `lock`.
    """
    state = lazy._state
    if state.loaded is not None:
        fields = {} if state.overrides else dict(state.loaded.model.__dict__)
        object.__setattr__(lazy, "__dict__", fields)


def recipe_for(lazy: Lazy) -> "Recipe":
    """Return the recipe for the load of a lazy object."""
    from toriconfig._load.snapshot import Recipe

    options = dict(lazy._state.options)
    own = {name: options.pop(name) for name in ("overrides", "environ", "offline") if name in options}
    return Recipe(schema_of(lazy), options, **own)


_everyone: "set[_weakref.ref[Lazy]]" = set()


def _after_fork_in_child() -> None:
    """Replace the locks in a forked child process. A lock that another thread held at the fork is never released."""
    for ref in list(_everyone):
        lazy = ref()
        if lazy is not None:
            lazy._state.lock = _thread.RLock()
            lazy._state.gate = _thread.RLock()
            lazy._state.loader = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
