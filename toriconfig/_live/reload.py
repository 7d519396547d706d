"""Reload of a lazy object."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from toriconfig._core.collector import paused
from toriconfig._core.path import Path
from toriconfig._lazy import Lazy, recipe_for, swap_in
from toriconfig._load.attempt import load_now
from toriconfig._load.snapshot import Loaded, remember
from toriconfig._runtime import warn_once
from toriconfig._secrets.provider import Provider, Reading, Swap
from toriconfig._secrets.secret import provider_of
from toriconfig.errors import ConfigError

if TYPE_CHECKING:
    from toriconfig._live.change import Change
    from toriconfig._live.listener import Listener


def reload_into(lazy: Lazy, *, soon: bool = False) -> list[Change]:
    """Load again, replace the settings, call the listeners, and return the changes.

    If the settings were not loaded yet, load them, and return [].

    Args:
        lazy: the lazy object.
        soon: True: call the listeners on other threads.

    Raises:
        ConfigError: the new settings are invalid, or a file was emptied; the old settings stay in place.
    """
    from toriconfig._live.change import changes_between

    state = lazy._state
    recipe = recipe_for(lazy)
    with paused(), warn_once.held(), state.gate:
        old = state.loaded
        try:
            new = swap_in(lazy, lambda: _compared(old, load_now(recipe)))
        except BaseException:
            state.failed_reloads += 1
            raise
        state.reloads += 1
    watch_secrets(lazy)
    changes = changes_between(old, new) if old is not None else []
    tell(lazy, changes, soon=soon)
    return changes


def _compared(old: Loaded | None, new: Loaded) -> Loaded:
    """Return `new`, with a warning for each input that was deleted since `old`; `new` unchanged if `old` is None.

    Raises:
        ConfigError: an input was emptied since the old load.
    """
    if old is None:
        return new
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


def tell(lazy: Lazy, changes: list[Change], *, soon: bool = False) -> None:
    """Call each listener with each change that it watches. If `soon` is True, call the listeners on other threads."""
    for listener in lazy._state.listeners:
        for change in changes:
            if listener.hears(change.key):
                (listener.call_soon if soon else listener.call)(change)


def watch_secrets(lazy: Lazy) -> None:
    """Subscribe the listeners of `lazy` to changes of its current secrets."""
    state = lazy._state
    while True:
        loaded, listeners = state.loaded, state.listeners
        fresh = _subscribed(lazy, loaded, listeners) if loaded is not None and listeners else ()
        with state.lock:
            current = state.loaded is loaded and state.listeners is listeners
            # subscribe to the new ones before the old ones are removed, so that no rotation is missed between the two
            gone = fresh
            if current:
                gone, state.subscriptions = state.subscriptions, fresh
        for cancel in gone:
            cancel()
        if current:
            return


def _subscribed(lazy: Lazy, loaded: Loaded, listeners: tuple[Listener, ...]) -> tuple[Callable[[], None], ...]:
    from toriconfig._load.lookup import names_of
    from toriconfig._secrets.file_watch import watch

    ref = weakref.ref(lazy)
    subscriptions: list[Callable[[], None]] = []
    for keys, secret in loaded.snapshot.secrets.items():
        provider = provider_of(secret)
        path = names_of(keys, loaded.snapshot.shape)
        if any(one.hears(path) for one in listeners):
            subscriptions.append(provider.subscribe(_relay(ref, path, provider)))
            subscriptions += watch(provider)
    return tuple(subscriptions)


def _relay(ref: weakref.ref[Lazy], path: Path, provider: Provider) -> Swap:
    """Return a callback that reports each change of the secret at `path` to the listeners of the lazy object.

    The caller passes the callback to `provider.subscribe`.
    """
    watched = weakref.ref(provider)  # with strong references, each would keep the other alive
    absent = provider.state == "missing"

    def swapped(old: Reading | None, new: Reading | None) -> None:
        nonlocal absent
        if old is not None and old is new:
            return  # it has ended, and the next access reads it again
        lazy, alive, was_absent = ref(), watched(), absent
        absent = new is None and (old is not None or (alive is not None and alive.state == "missing"))
        if lazy is None:
            return
        from toriconfig._live.change import change_of_secret

        change = change_of_secret(path, old, new, was_absent=was_absent)
        if change is None:
            return
        for listener in lazy._state.listeners:
            if listener.hears(change.key):
                listener.call_soon(change)

    return swapped
