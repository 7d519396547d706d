"""Loading into a stand-in, first and again: build new, then swap, then tell."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from toriconfig._lazy import Lazy, publish, recipe_for
from toriconfig._load import load_now
from toriconfig._path import Path, show
from toriconfig._secret import supply_of
from toriconfig._snapshot import Loaded, remember
from toriconfig._supply import Reading, Supply, Swap
from toriconfig.errors import ConfigError

if TYPE_CHECKING:
    from toriconfig._live.change import Change


def load_into(lazy: Lazy) -> None:
    """The first load. The stand-in's lock is held.

    Raises:
        ConfigError: the stand-in stays unloaded, and the next read tries again.
        KeyError: somebody listens for a key that the schema does not have.
    """
    state = lazy._state
    try:
        loaded = load_now(recipe_for(lazy))
    except ConfigError as error:
        state.error = error
        raise
    state.error = None
    for listener in state.listeners:
        listener.settle(loaded.snapshot.shape)
    publish(lazy, loaded)
    watch_secrets(lazy)


def reload_into(lazy: Lazy) -> list[Change]:
    """Read everything again, swap, and tell the listeners; a failed reload keeps what is there.

    Raises:
        ConfigError: nothing was changed.
    """
    from toriconfig._live.change import changes_between

    state = lazy._state
    with state.lock:
        old = state.loaded
        if old is None:
            load_into(lazy)
            return []
        try:
            new = _compared(old, load_now(recipe_for(lazy)))
        except ConfigError as error:
            state.error = error
            raise
        state.error = None
        publish(lazy, new)
        watch_secrets(lazy)
        changes = changes_between(old, new)
    tell(lazy, changes)
    return changes


def _compared(old: Loaded, new: Loaded) -> Loaded:
    """The new load, with a warning for each input that is gone.

    Raises:
        ConfigError: an input was emptied.
    """
    from toriconfig._live.vanished import tell_gone, vanished

    found = vanished(old.snapshot, new.snapshot)
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        raise ConfigError(errors, schema=new.snapshot.recipe.schema.__name__)
    for problem in found:
        tell_gone(problem)
    if not found:
        return new
    told = Loaded(new.model, new.snapshot.replaced(findings=(*new.snapshot.findings, *found)))
    remember(told)
    return told


def tell(lazy: Lazy, changes: list[Change]) -> None:
    """Call each listener with each change below its path; one that raises is logged and stops nobody."""
    for listener in lazy._state.listeners:
        for change in changes:
            if listener.hears(change.key):
                listener.call(change)


def watch_secrets(lazy: Lazy) -> None:
    """Have rotations of the current secrets reach the listeners; only when there are listeners."""
    state = lazy._state
    with state.lock:
        for cancel in state.subscriptions:
            cancel()
        loaded = state.loaded
        if loaded is None or not state.listeners:
            state.subscriptions = ()
            return
        from toriconfig._explain import names_of
        from toriconfig._supplies.watch import watch

        ref = weakref.ref(lazy)
        subscriptions: list[Callable[[], None]] = []
        for keys, secret in loaded.snapshot.secrets.items():
            supply = supply_of(secret)
            path = names_of(keys, loaded.snapshot.shape)
            if any(one.hears(path) for one in state.listeners):
                subscriptions.append(supply.subscribe(_relay(ref, path, supply)))
                subscriptions += watch(supply)
        state.subscriptions = tuple(subscriptions)


def _relay(ref: weakref.ref[Lazy], path: Path, supply: Supply) -> Swap:
    """What makes changes of a secret out of the swaps of its supply."""
    watched = weakref.ref(supply)  # strongly, each would keep the other alive
    absent = supply.state == "missing"

    def swapped(old: Reading | None, new: Reading | None) -> None:
        nonlocal absent
        lazy, alive, was_absent = ref(), watched(), absent
        absent = new is None and (old is not None or (alive is not None and alive.state == "missing"))
        if lazy is None:
            return
        from toriconfig._live.change import Change

        if old is None:
            if new is None or not was_absent:
                return  # the first reading is no change
            change = Change(show(path), "added", None, new.origin)
        elif new is None:
            change = Change(show(path), "removed", old.origin, None)
        elif old.value != new.value:
            change = Change(show(path), "rotated", old.origin, new.origin)
        else:
            return  # another key of its path was written, or another layer says the same
        for listener in lazy._state.listeners:
            if listener.hears(change.key):
                listener.call_soon(change)

    return swapped
