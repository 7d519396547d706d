"""The public functions that act on settings.

They are not methods, because the name of a method could be a field of a schema. Each function imports the modules that
it needs. A program that only loads settings does not import the others.
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
    """Load and validate settings now.

    Args:
        cls: a pydantic model. The `model_config` of the model and `options` name the files, variables and backends
            to read. Without names, nothing is read.
        overrides: values of the highest layer, as nested mappings or by dotted path. Text may hold references.
        environ: the environment variables to read; None: the variables of the process. A field whose class is a
            `BaseSettings` always reads the variables of the process.
        vault: a `Vault`; None: the environment variables of the Vault tools, such as `VAULT_ADDR`.
        offline: True: send no request to Vault or another backend, and log no warning about missing credentials.
        options: options of the load; the section "Options" of the reference documentation lists all of them. These
            options have precedence over the `model_config`.

    Returns:
        An instance of `cls`.

    Raises:
        ConfigError: the settings are invalid; the error lists every problem.
        TypeError: an option is unknown, or a `Secret` in the schema cannot be distinguished from a plain value.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> load(App, overrides={"port": "9090"}).port
    9090
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
    """Return a lazy object, which loads settings once, at the first read of a field.

    Args:
        target: a pydantic model, or "package.module:Class", which is also imported at the first read.
        options: the arguments and options of `load`.

    Returns:
        A lazy object with the attributes of the model.

    Raises:
        TypeError: `target` has a wrong type or form, or an option is unknown or has an invalid value.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> settings = lazy(App)
    >>> settings.port
    8080
    """
    from toriconfig._schema.options import wrong_options

    if isinstance(target, str):
        from toriconfig._schema.import_string import check_target

        check_target(target)
        wrong = wrong_options({}, options)  # the class is imported at the first read
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
    """Read the layers again, validate them, and replace the settings.

    Secrets are not fetched (see `refresh`). A secret with the same reference keeps its value in memory. A secret
    with another reference, or another Vault, is reported as a change, and fetched at its next read. Other fields
    are read from Vault only with `vault_layer="eager"`.

    Args:
        settings: a lazy object.

    Returns:
        The changes. All callbacks of `on_change` have been called with them.

    Raises:
        ConfigError: the new settings are invalid; the old settings stay in place.
        TypeError: `settings` is not a lazy object.
    """
    from toriconfig._live.reload import reload_into

    return reload_into(_lazy(settings, "reload"))


def snapshot(settings: T) -> T:
    """Return the current model. A later reload does not change it, so all its values come from one load.

    Args:
        settings: a lazy object, which is loaded if necessary; or a model, which is returned unchanged.
    """
    return cast(T, current(settings).model) if isinstance(settings, Lazy) else settings


@clean_call
def replace(settings: T, updates: Updates | None = None, /, **more: Any) -> T:
    """Return an independent, validated copy of the settings with `updates` applied.

    Args:
        settings: a lazy object or a model. The object itself does not change.
        updates: values by dotted path, or nested mappings, which are merged; None: only `more`.
        more: updates as keyword arguments. Without any update, the result is a deep copy.

    Raises:
        ConfigError: the updates are invalid; the error lists every problem.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> replace(App(), {"port": 9090}).port
    9090
    """
    from toriconfig._load.attempt import try_derive

    base = loaded_settings(settings)
    attempt = try_derive(base, _updates(updates, more, "replace"))
    return cast(T, attempt.outcome(base.snapshot.recipe.schema.__name__).model)


@clean_call
def override(settings: T, values: Updates | None = None, /, **more: Any) -> AbstractContextManager[T]:
    """Return a context manager that replaces values inside its block, for the current thread or task only.

    Args:
        settings: a lazy object.
        values: values by dotted path, or nested mappings, which are merged; None: only `more`.
        more: values as keyword arguments.

    Raises:
        ConfigError: `values` or `more` has an unknown key or an invalid value. The call raises the error for an
            unknown key, and entering the block raises the error for an invalid value. If `settings` was created
            with "module:Class" and is not loaded yet, entering the block raises both.
        TypeError: `settings` is not a lazy object.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> settings = lazy(App)
    >>> with override(settings, port=9090):
    ...     settings.port
    9090
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
    """Return the origin of a value, and the values that it overrides. Secrets are masked.

    Args:
        settings: a lazy object or a model.
        path: dotted path of the key.

    Raises:
        KeyError: the schema does not have the key.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> explain(load(App), "port").value
    '8080'
    """
    from toriconfig._inspect.explain import explain_in

    expect(path, str, "explain() needs a dotted path as text")
    return explain_in(loaded_settings(settings), path)


class Subscription:
    """Handle of a registered callback, returned by `on_change`."""

    def __init__(self, settings: Lazy, listener: Listener) -> None:
        self._settings = settings
        self._listener = listener

    def cancel(self) -> None:
        """End the subscription: the callback is not called again. A second call of `cancel` does nothing."""
        from toriconfig._live.reload import watch_secrets

        state = self._settings._state
        self._listener.cancelled = True
        with state.lock:
            state.listeners = tuple(one for one in state.listeners if one is not self._listener)
        watch_secrets(self._settings)


@clean_call
def on_change(settings: Any, path: str, callback: Callback) -> Subscription:
    """Register a callback for changes at or below a path, made by a reload or by a new value of a secret.

    A change of a whole list or section that contains the path also calls the callback. The callback runs after the
    new value is in place. If the callback raises, the exception is logged.

    `reload` runs the callback on the calling thread. Every other change runs the callback on a thread of the
    library. There, the calls of one callback run one after another, and a slow callback does not delay other
    callbacks.

    Args:
        settings: a lazy object.
        path: dotted path of a key or section; "" for everything.
        callback: a function, or a coroutine function, called with a `Change`. A coroutine is cancelled after 30
            seconds.

    Returns:
        A `Subscription`; its `cancel()` removes the callback.

    Raises:
        KeyError: the schema does not have the key. If `settings` was created with "module:Class" and is not loaded
            yet, the first load raises this error instead.
        TypeError: `settings` is not a lazy object, or `callback` is not callable.
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
    if not listener.settled and loaded is not None:  # another thread has just loaded the settings
        return on_change(settings, path, callback)
    watch_secrets(lazy_settings)
    return Subscription(lazy_settings, listener)


@clean_call
def health(settings: Any) -> Health:
    """Return the state of each layer and secret, from memory: without a load, a request or a wait.

    Args:
        settings: a lazy object or a model.
    """
    from toriconfig._live.health import health_of

    if isinstance(settings, Lazy):
        return health_of(settings._state.loaded, settings._state.error)
    return health_of(loaded_settings(settings), None)


def _flush() -> None:
    """Log the warnings that `warn_once` could not log earlier."""
    import sys

    warnings = sys.modules.get("toriconfig._runtime.warn_once")
    if warnings is not None:
        warnings.flush()


def _check_given(overrides: object, environ: object, vault: object) -> None:
    """Check the types of arguments before they are used.

    Raises:
        TypeError: an argument has a wrong type; the message does not show the argument.
    """
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


def loaded_settings(settings: Any) -> Loaded:
    """Return the `Loaded` (model and snapshot) of a model, or of a lazy object, which is loaded if necessary.

    Raises:
        TypeError: `settings` is neither a lazy object nor a model.
    """
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
