"""The functions that act on settings: free functions, so that no field of a schema can collide with one.

Each imports its rooms itself: a program that only loads does not pay for explaining, watching and overriding.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from toriconfig._core.clean_call import clean_call, expect
from toriconfig._lazy import Lazy, current, schema_of

if TYPE_CHECKING:
    from typing import Unpack

    from pydantic import BaseModel

    from toriconfig._inspect.explain import Explanation
    from toriconfig._live.change import Change
    from toriconfig._live.health import Health
    from toriconfig._live.listener import Listener
    from toriconfig._load.snapshot import Loaded
    from toriconfig._schema.option_types import LazyOptions, LoadOptions

T = TypeVar("T")
M = TypeVar("M", bound="BaseModel")

Updates = Mapping[str, Any]
Callback = Callable[["Change"], None] | Callable[["Change"], Coroutine[Any, Any, None]]


@clean_call
def load(
    cls: type[M],
    *,
    overrides: Updates | None = None,
    environ: Mapping[str, str] | None = None,
    vault: Any = None,
    offline: bool = False,
    **options: Unpack[LoadOptions],
) -> M:
    """Load settings now.

    Args:
        cls: any pydantic model; neutral unless its `model_config`, or `options`, ask for files, environment or Vault.
        overrides: values of the highest layer, nested or by dotted path; strings may hold references.
        environ: the environment to read; None: that of the process, which sections that are a `BaseSettings` always read.
        vault: a `Vault`, or None for the variables of the Vault tools.
        offline: leave Vault and other backends alone, as if they were not configured, and do not warn of missing credentials.
        options: as in the README's table; they stand above those of the class.

    Raises:
        ConfigError: with everything that is wrong.
        TypeError: an option that does not exist, or a schema with a `Secret` that no layer could tell from plain values.
    """
    from toriconfig._core.collector import paused

    _check_given(overrides, environ, vault)
    with paused():
        from toriconfig._load.attempt import load_now
        from toriconfig._load.snapshot import Recipe
        from toriconfig._schema.options import unknown_option

        given: dict[str, Any] = {**options} if vault is None else {**options, "vault": vault}
        wrong = unknown_option(given)
        if wrong:
            raise TypeError(wrong)
        return cast(M, load_now(Recipe(cls, given, overrides, environ, offline)).model)


@overload
def lazy(target: type[M], **options: Unpack[LazyOptions]) -> M: ...
@overload
def lazy(target: str, **options: Unpack[LazyOptions]) -> Any: ...
@clean_call
def lazy(target: type[BaseModel] | str, **options: Any) -> Any:
    """A stand-in for settings that are loaded on the first read of a field, once.

    Args:
        target: a pydantic model, or "package.module:Class", whose import is put off too.
        options: those of `load`.

    Raises:
        TypeError: an option that does not exist, or a value that it cannot have.
    """
    from toriconfig._schema.import_string import check_target
    from toriconfig._schema.options import wrong_options

    if isinstance(target, str):
        check_target(target)
        wrong = wrong_options({}, options)  # the class itself is imported by the first read
    elif hasattr(target, "model_fields"):
        wrong = wrong_options(target.model_config, options)
    else:
        given: object = target
        what = f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"
        wrong = f"lazy() takes a pydantic model, or 'package.module:Class', not {what}"
    if wrong:
        raise TypeError(wrong)
    _check_given(options.get("overrides"), options.get("environ"), options.get("vault"))
    return Lazy(target, options)


@clean_call
def reload(settings: Any) -> list[Change]:
    """Read the layers again, validate, and swap; returns what changed, after the callbacks were told.

    Read are the files, the environment, and the defaults; of Vault only what `vault_layer="eager"` puts into plain fields.
    What secrets hold is not asked for: a secret of the same place goes on with what is in memory, see `refresh`, and one
    whose place, or whose Vault, is another one now is among the changes, and is fetched when it is read next.

    Raises:
        ConfigError: the old settings stay in place.
        TypeError: `settings` is not a lazy object.
    """
    from toriconfig._live.reload import reload_into

    return reload_into(_lazy(settings, "reload"))


def snapshot(settings: T) -> T:
    """The current real model, pinned: reads from it never mix two loads."""
    return cast(T, current(settings).model) if isinstance(settings, Lazy) else settings


@clean_call
def replace(settings: T, updates: Updates | None = None, /, **more: Any) -> T:
    """Isolated, re-validated settings with `updates` above them; without updates a deep copy.

    Args:
        settings: a lazy object or a model.
        updates: values by dotted path, or nested mappings, which are merged; keyword arguments likewise.

    Raises:
        ConfigError: with everything that is wrong with the updates.
    """
    from toriconfig._load.attempt import try_derive

    base = _loaded(settings)
    attempt = try_derive(base, _updates(updates, more, "replace"))
    return cast(T, attempt.outcome(base.snapshot.recipe.schema.__name__).model)


@clean_call
def override(settings: T, values: Updates | None = None, /, **more: Any) -> AbstractContextManager[T]:
    """A context manager: inside it, this thread or task sees the values, and nobody else does.

    Args:
        settings: a lazy object.
        values: values by dotted path, or nested mappings, which are merged; keyword arguments likewise.

    Raises:
        ConfigError: at once for a key that the schema does not have (where the schema is imported by now); on entering
            with everything else that is wrong with the values.
        TypeError: `settings` is not a lazy object.
    """
    from toriconfig._live.override import Override, unknown_in
    from toriconfig.errors import ConfigError

    target, given = _lazy(settings, "override"), _updates(values, more, "override")
    wrong = unknown_in(target, given)
    if wrong:
        raise ConfigError(wrong, schema=schema_of(target).__name__)
    return cast("AbstractContextManager[T]", Override(target, given))


@clean_call
def explain(settings: Any, path: str) -> Explanation:
    """Return the origin of the value at a dotted path, and the values that it overrides; secrets are masked.

    Raises:
        KeyError: the schema has no such key.
    """
    from toriconfig._inspect.explain import explain_in

    expect(path, str, "explain() needs a dotted path as text")
    return explain_in(_loaded(settings), path)


class Subscription:
    """Handle to cancel a registered callback, returned by `on_change`."""

    def __init__(self, settings: Lazy, listener: Listener) -> None:
        self._settings = settings
        self._listener = listener

    def cancel(self) -> None:
        """Call back no more; harmless when repeated."""
        from toriconfig._live.reload import watch_secrets

        state = self._settings._state
        self._listener.cancelled = True
        with state.lock:
            state.listeners = tuple(one for one in state.listeners if one is not self._listener)
        watch_secrets(self._settings)


@clean_call
def on_change(settings: Any, path: str, callback: Callback) -> Subscription:
    """Have `callback` called with a `Change` after each swap below `path`, by a reload or a rotation.

    A change of what holds the key, such as a list or a section that was None, counts too. The new value is in place when
    it is called. It runs on a thread of the library (for a reload, on the thread that
    reloads), one change after the other; a callback that raises is logged, and one that is slow keeps only its own
    next changes waiting.

    Args:
        settings: a lazy object.
        path: dotted path of a key or section; "" for everything.
        callback: a function, or a coroutine function, which is run to its end within 30 s.

    Raises:
        KeyError: the schema has no such key, and cannot have it; where the schema is named as "module:Class" and not
            imported yet, the first load raises it.
        TypeError: `settings` is not a lazy object, or `callback` cannot be called.
    """
    from toriconfig._core import path as paths
    from toriconfig._live.listener import Listener
    from toriconfig._live.reload import watch_secrets
    from toriconfig._schema.shape import root_shape

    lazy_settings = _lazy(settings, "on_change")
    expect(path, str, "on_change() needs a dotted path as text")
    if not callable(callback):
        raise TypeError(f"on_change() needs a function to call, not a {type(callback).__name__}")
    listener = Listener(paths.parse(path) if path else (), callback)
    state = lazy_settings._state
    state.after_load = watch_secrets
    if state.loaded is not None or not isinstance(state.target, str):
        listener.settle(root_shape(schema_of(lazy_settings)))
    with state.lock:
        loaded = state.loaded
        if listener.settled or loaded is None:
            state.listeners = (*state.listeners, listener)
    if not listener.settled and loaded is not None:  # by another thread, just now
        return on_change(settings, path, callback)
    watch_secrets(lazy_settings)
    return Subscription(lazy_settings, listener)


@clean_call
def health(settings: Any) -> Health:
    """The state of each layer and secret, from memory alone: it loads nothing, asks nobody and waits for nothing."""
    from toriconfig._live.health import health_of

    if isinstance(settings, Lazy):
        return health_of(settings._state.loaded, settings._state.error)
    return health_of(_loaded(settings), None)


@clean_call
def prefetch(settings: Any) -> None:
    """Fetch all declared secrets side by side, one request a path; returns when all are there.

    Raises:
        ExceptionGroup: of a `SecretError` for each secret that cannot be had.
    """
    from toriconfig._secrets.prefetch import prefetch_all

    prefetch_all(_loaded(settings).snapshot.secrets)


@clean_call
async def aprefetch(settings: Any) -> None:
    """`prefetch` for coroutines.

    Raises:
        ExceptionGroup: of a `SecretError` for each secret that cannot be had.
    """
    from toriconfig._secrets.prefetch import aprefetch_all

    await aprefetch_all(_loaded(settings).snapshot.secrets)


@clean_call
def refresh(settings: Any, path: str = "") -> list[Change]:
    """Ask now for the secrets below a path, one request a place, side by side; returns what changed.

    Vault is asked for every secret again, and files that hold secrets are looked at; leased credentials are replaced by
    new ones. Nothing else is read, see `reload`. Calls that overlap share their requests. It takes as long as the
    `timeout` of the Vault at most. `on_change` is told of each change too, also of those of a call that raises.

    Args:
        settings: a lazy object or a model.
        path: dotted path of a key or section; "" for everything.

    Raises:
        ExceptionGroup: of a `SecretError` for each secret that could not be asked for, though an earlier value of it
            may still be used; a note names what changed all the same.
        KeyError: the schema has no such key.
    """
    from toriconfig._live.refresh import refresh_below

    expect(path, str, "refresh() needs a dotted path as text")
    return refresh_below(_loaded(settings), path)


@clean_call
async def arefresh(settings: Any, path: str = "") -> list[Change]:
    """`refresh` for coroutines.

    Raises:
        ExceptionGroup: as `refresh`.
        KeyError: the schema has no such key.
    """
    from toriconfig._live.refresh import arefresh_below

    expect(path, str, "arefresh() needs a dotted path as text")
    return await arefresh_below(_loaded(settings), path)


@clean_call
def shutdown(timeout: float = 2.0) -> None:
    """Stop background work and revoke the tokens that the library obtained by logging in; harmless when repeated.

    Args:
        timeout: seconds it may take.
    """
    import sys

    expect(timeout, (int, float), "shutdown() needs a number of seconds")
    engine = sys.modules.get("toriconfig._vault")
    if engine is not None:
        engine.shutdown(timeout)
    backends = sys.modules.get("toriconfig._secrets.backend_session")
    if backends is not None:
        backends.shutdown()


def _flush() -> None:
    """Log what nobody could have before, see `warn_once`."""
    import sys

    warnings = sys.modules.get("toriconfig._runtime.warn_once")
    if warnings is not None:
        warnings.flush()


def _check_given(overrides: object, environ: object, vault: object) -> None:
    """Refuse what a load cannot be given, before anything is read and before any frame holds it."""
    expect(overrides, (Mapping, type(None)), "option `overrides` is a mapping or None")
    if environ is not None:
        expect(environ, Mapping, "option `environ` is a mapping of text to text, or None")
        for name, value in cast("Mapping[object, object]", environ).items():
            expect(name, str, "option `environ` maps text to text, and a name in it is no text")
            expect(value, str, f"option `environ` maps text to text, and `{name}` is no text")
    if vault is not None:
        from toriconfig.vault import Vault

        expect(vault, Vault, "option `vault` is a Vault or None")


def _updates(updates: object, more: Mapping[str, Any], name: str) -> dict[str, Any]:
    expect(updates, (Mapping, type(None)), f"{name}() takes a mapping of dotted paths to values, or keywords")
    return {**cast("Mapping[str, Any]", updates or {}), **more}


def _lazy(settings: Any, name: str) -> Lazy:
    _flush()
    if isinstance(settings, Lazy):
        return settings
    raise TypeError(f"{name}() needs a lazy settings object, from `lazy(...)`, not a {type(settings).__name__}")


def _loaded(settings: Any) -> Loaded:
    _flush()
    if isinstance(settings, Lazy):
        return current(settings)
    from pydantic import BaseModel

    from toriconfig._load.snapshot import Loaded, snapshot_of

    if not isinstance(settings, BaseModel):
        raise TypeError(f"expected settings: a lazy object or a pydantic model, not a {type(settings).__name__}")
    known = snapshot_of(settings)
    if known is None:
        from toriconfig._load.from_model import adopt

        known = adopt(settings)
    return Loaded(settings, known)
