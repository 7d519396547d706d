"""The functions that act on secrets: fetch them in advance, fetch them again, and stop their background work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._api import loaded_settings
from toriconfig._core.clean_call import clean_call, expect

if TYPE_CHECKING:
    from toriconfig._live.change import Change


@clean_call
def prefetch(settings: Any, *, bar: bool = False) -> None:
    """Fetch all secrets of the settings concurrently, with one request per backend path, and wait for the results.

    Args:
        settings: a lazy object or a model.
        bar: True: draw a progress bar if standard error is a terminal and tqdm (extra `bar`) is installed.

    Raises:
        ExceptionGroup: one `SecretError` for each secret without a value.
    """
    from toriconfig._secrets.prefetch import prefetch_all

    prefetch_all(loaded_settings(settings).snapshot.secrets, bar=bar)


@clean_call
async def aprefetch(settings: Any, *, bar: bool = False) -> None:
    """Fetch all secrets of the settings concurrently: the asynchronous form of `prefetch`, used with `await`.

    Args:
        settings: a lazy object or a model.
        bar: as for `prefetch`.

    Raises:
        ExceptionGroup: one `SecretError` for each secret without a value.
    """
    from toriconfig._secrets.prefetch import aprefetch_all

    await aprefetch_all(loaded_settings(settings).snapshot.secrets, bar=bar)


@clean_call
def refresh(settings: Any, path: str = "") -> list[Change]:
    """Fetch the secrets at or below a key again now, concurrently, with one request per backend path.

    Files that hold secrets are read again, and leased credentials are replaced by new ones. Other settings are not
    read (see `reload`). Overlapping calls share their requests. A call takes at most the `timeout` of the `Vault`.
    Callbacks of `on_change` receive each change, even if the call raises.

    Args:
        settings: a lazy object or a model.
        path: dotted path of a key or section; "" for everything.

    Returns:
        The changes.

    Raises:
        ExceptionGroup: one `SecretError` for each secret that could not be fetched. An earlier value of that secret
            may still be in use. A note of the exception names the secrets that changed.
        KeyError: the schema does not have the key.
    """
    from toriconfig._live.refresh import refresh_below

    expect(path, str, "refresh() needs a dotted path as text")
    return refresh_below(loaded_settings(settings), path)


@clean_call
async def arefresh(settings: Any, path: str = "") -> list[Change]:
    """Fetch secrets again now: the asynchronous form of `refresh`, used with `await`.

    Args:
        settings: a lazy object or a model.
        path: dotted path of a key or section; "" for everything.

    Returns:
        The changes.

    Raises:
        ExceptionGroup: one `SecretError` for each secret that could not be fetched, see `refresh`.
        KeyError: the schema does not have the key.
    """
    from toriconfig._live.refresh import arefresh_below

    expect(path, str, "arefresh() needs a dotted path as text")
    return await arefresh_below(loaded_settings(settings), path)


@clean_call
def shutdown(timeout: float = 2.0) -> None:
    """Stop background work, and revoke the tokens that the library obtained by logging in. A second call does nothing.

    Args:
        timeout: maximum duration of the call in seconds, at least 0.
    """
    import sys

    expect(timeout, (int, float), "shutdown() needs a number of seconds")
    engine = sys.modules.get("toriconfig._vault")
    if engine is not None:
        engine.shutdown(timeout)
    backends = sys.modules.get("toriconfig._secrets.backend_session")
    if backends is not None:
        backends.shutdown()
