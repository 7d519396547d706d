"""Unloading of settings before and after each test, and overrides that end with the test."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, TypeVar

from toriconfig._api import _lazy, override
from toriconfig._core.clean_call import clean_call
from toriconfig._live.unload import everyone, forget_values
from toriconfig._live.unload import unload as unload_one
from toriconfig._runtime.warn_once import reset as reset_warnings

T = TypeVar("T")


class SettingsOverride(Protocol):
    """Type of the fixture `settings_override`: a function like `override`. Each override ends with the test."""

    def __call__(self, settings: T, values: Mapping[str, Any] | None = None, /, **more: Any) -> T:
        """Replace values until the test ends, for the test's thread or task and the tasks that it starts.

        Args:
            settings: a lazy object.
            values: new values by dotted path, or nested mappings, which are merged into the present values; None: only
                `more`.
            more: new values as keyword arguments.

        Returns:
            The settings with the values replaced.

        Raises:
            ConfigError: the values are invalid.
            TypeError: `settings` is not a lazy object.
        """
        ...


class FreshSettings(Protocol):
    """Type of the fixture `fresh_settings`: a function without arguments. Each call unloads all lazy objects.

    The next read of a lazy object loads the settings again.
    """

    def __call__(self) -> None:
        """Unload all lazy objects."""
        ...


@clean_call
def unload(*settings: Any) -> None:
    """Reset lazy objects to their state before the first read. The next read loads the settings again.

    Callbacks of `on_change` stay registered. Models that were taken from the settings keep their values.

    Args:
        settings: lazy objects; without arguments: all lazy objects of this process.

    Raises:
        TypeError: an argument is not a lazy object.

    >>> from pydantic import BaseModel
    >>> from toriconfig import lazy
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> settings = lazy(App)
    >>> settings.port
    8080
    >>> unload(settings)
    >>> settings
    <lazy App, not loaded>
    """
    for one in [_lazy(one, "unload") for one in settings] or everyone():
        unload_one(one)
    forget_values()


@contextmanager
def fresh() -> Iterator[FreshSettings]:
    """Unload all lazy objects before and after the block.

    Afterwards each lazy object has the `on_change` callbacks that it had before. Callbacks of `watch` that were
    registered in the block are removed. Warnings that are logged once per process may be logged again.
    """
    unload()
    reset_warnings()
    listeners = {one: one._state.listeners for one in everyone()}
    watchers = _watchers()
    try:
        yield unload
    finally:
        for watcher in _watchers() - watchers:
            watcher.stop()
        for one, registered in listeners.items():
            one._state.listeners = registered
        unload()
        reset_warnings()


@contextmanager
def overriding() -> Iterator[SettingsOverride]:
    """Yield a function like `override`. The values that it replaces stay replaced until the end of the block."""
    with ExitStack() as stack:

        def enter(settings: T, values: Mapping[str, Any] | None = None, /, **more: Any) -> T:
            return stack.enter_context(override(settings, values, **more))

        yield enter


def _watchers() -> set[Any]:
    module = sys.modules.get("toriconfig._live.watcher")
    return set(module._watchers) if module is not None else set()
