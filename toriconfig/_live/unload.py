"""Reset of lazy objects to the state before their first read. For tests."""

from __future__ import annotations

import sys

from toriconfig._lazy import Lazy, _everyone


def everyone() -> list[Lazy]:
    """Return all lazy objects of this process."""
    return [lazy for ref in list(_everyone) if (lazy := ref()) is not None]


def unload(lazy: Lazy) -> None:
    """Forget the load, its error and its counts. The next read loads again. Callbacks of `on_change` stay."""
    state = lazy._state
    with state.gate, state.lock:
        state.loaded = state.error = None
        state.loaded_at = 0.0
        state.reloads = state.failed_reloads = 0
        subscriptions, state.subscriptions = state.subscriptions, ()
        object.__setattr__(lazy, "__dict__", {})
    for cancel in subscriptions:
        cancel()


def forget_values() -> None:
    """Delete all cached values of Vault, so that the next load fetches each one again."""
    engine = sys.modules.get("toriconfig._vault")
    if engine is not None:
        engine.forget()
