"""Backends for secrets that are not in Vault: the base class for custom backends, and one module per built-in backend.

A backend fetches the value of one path. The library adds caching, background refresh, shared requests, deadlines,
`on_change`, `health` and masking. References have the form `${scheme:path#key}` or `${scheme:path}`::

    class Memory(Backend):
        scheme = "memory"

        def fetch(self, path: str, timeout: float) -> Fetched:
            return Fetched({"db": {"password": "s3cr3t"}}[path])

    class App(BaseModel):
        password: Secret[str]

    app = load(App, overrides={"password": "${memory:db#password}"}, backends=[Memory()])
    app.password.get()  # 's3cr3t'
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from toriconfig._core.clean_call import clean_init
from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.markers import BACKENDS, RESERVED, shipped
from toriconfig._core.problem import Code

__all__ = ["Backend", "Fetched", "Step"]


@clean_init
class Fetched:
    """Result of one fetch.

    Args:
        value: text, bytes, a number, or a mapping of keys to values. A mapping is copied. `#key` reads one key of a
            mapping, or of text or bytes that are a JSON object.
        version: number or name of the version, for messages; None: the backend has no versions.
        ttl: seconds for which the value is valid; 0: each read fetches; None: the value does not expire. A new
            value is fetched before the end. The old value is never used after the end.

    Raises:
        ValueError: `version` is neither an integer nor text, or `ttl` is negative or not a number.
    """

    __slots__ = ("ttl", "value", "version")

    def __init__(self, value: Any, version: int | str | None = None, ttl: float | None = None) -> None:
        unchecked: tuple[object, object] = (version, ttl)
        if not isinstance(unchecked[0], (int, str, type(None))):
            raise ValueError("Fetched.version is a whole number, text or None")
        if unchecked[1] is not None and not (isinstance(unchecked[1], (int, float)) and unchecked[1] >= 0):
            raise ValueError("Fetched.ttl is a number of seconds from 0, or None")
        self.value = value
        self.version = version
        self.ttl = ttl

    def __repr__(self) -> str:
        return f"Fetched(version={self.version}, ttl={self.ttl})"


class Step(NamedTuple):
    """Finding of `toriconfig doctor` about a backend.

    Attributes:
        mark: "ok", "warning", "error", or "unreached" (a request got no answer).
        subject: what was checked, such as `region` or `credentials`.
        message: the result; never a secret.
        help: the remedy, or "".
        code: code of the finding, a key of `toriconfig.errors.CODES`; ignored if `mark` is "ok".
    """

    mark: Literal["ok", "warning", "error", "unreached"]
    subject: str
    message: str
    help: str = ""
    code: str = Code.BACKEND_UNREACHABLE


class Backend(ABC):
    """Base class of a backend. All loads and threads share one object, so the methods must be thread-safe.

    Attributes:
        scheme: the text before `:` in references: a lower-case letter, then any of lower-case letters, digits, `+`,
            `-` and `.`.
        timeout: maximum number of seconds that a reader waits for one fetch.
        refresh_interval: seconds between two fetches of a path that is in use.
        stale_for: seconds that a fetched value stays in use while the backend fails.
        workers: maximum number of concurrent fetches.
        clock: source of time. A test can use a `toriconfig.testing.FakeClock`: its method `advance` also starts the
            background work that is due.
    """

    scheme: ClassVar[str]
    timeout: float = 5.0
    refresh_interval: float = 60.0
    stale_for: float = 3600.0
    workers: int = 8
    clock: Clock = SYSTEM

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'scheme', '')!r})"

    @abstractmethod
    def fetch(self, path: str, timeout: float) -> Fetched:
        """Fetch the value of a path. The library calls this method on several threads at the same time.

        Args:
            path: the reference without the scheme and without `#key`.
            timeout: seconds until the reader gives up. A later result is discarded.

        Raises:
            LookupError: the backend does not hold the path. The value of a lower layer is used.
            PermissionError: the backend denies access.
            OSError: the backend cannot be reached (ConnectionError, TimeoutError). The value of a lower layer is
                used.
            SecretError: another failure. The message and `help` are shown, so they must not hold a secret.
            Exception: another failure, of which only the type is shown.
        """

    def unconfigured(self) -> tuple[str, str] | None:
        """Return the reason and the remedy if this process cannot use the backend; otherwise None (the default).

        Each load calls this method, so the method must do no network I/O. If there is a reason, nothing is fetched,
        and the values of lower layers are used. The load logs a WARNING for each secret without such a value.

        Returns:
            Two short texts, such as ("boto3 is not installed", "pip install 'toriconfig[aws]'"), or None.
        """
        return None

    def check(self, path: str) -> None:  # noqa: B027  (optional)
        """Reject a path that can never exist. Called when a reference is parsed; must do no I/O.

        The default accepts all paths.

        Args:
            path: the reference without the scheme and without `#key`; never empty.

        Raises:
            ValueError: the path is invalid. The message is shown with the file and the line of the reference.
        """

    def examine(self) -> Iterable[Step]:
        """Check the access to the backend, for `toriconfig doctor`.

        The method may do I/O for at most `self.timeout` seconds. The default returns no step.

        Returns:
            The steps. If no step has the mark "error" or "unreached", the command then reads each reference.

        Raises:
            SecretError: the backend cannot be used.
        """
        return ()

    def policy(self, paths: Sequence[str], *, online: bool = False) -> str:
        """Return the smallest policy that lets a program read the paths, for `toriconfig policy`.

        Args:
            paths: the references without the scheme and without `#key`; each path once.
            online: True: the method may send requests to the backend, to make the policy exact.

        Returns:
            The text of the policy; "" (the default): the backend has no policies.

        Raises:
            SecretError: the backend cannot be used.
        """
        return ""


def backend_of(scheme: str, backends: Sequence[Backend]) -> Backend:
    """Return the backend of `scheme`: the one in `backends` if there is one, otherwise the built-in one."""
    own = next((one for one in backends if one.scheme == scheme), None)
    found: Backend = shipped(scheme) if own is None else own
    return found


def unconfigured(backend: Backend) -> tuple[str, str] | None:
    """Return the result of `backend.unconfigured()`.

    If this method raises an exception, return a reason and a remedy that name the method.
    """
    try:
        return backend.unconfigured()
    except Exception as error:  # noqa: BLE001  (a backend is user code)
        name = type(backend).__name__
        return f"{name}.unconfigured raised {type(error).__name__}", f"correct {name}.unconfigured"


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")


def wrong_backends(backends: Sequence[object]) -> str:
    """Return the message for an invalid value of the option `backends`; "" if the value is valid."""
    schemes: set[str] = set()
    for backend in backends:
        if not isinstance(backend, Backend):
            return f"option `backends` is a list of Backend objects, but contains a {type(backend).__name__}"
        named: Any = backend
        scheme, name = getattr(named, "scheme", None), type(backend).__name__
        if not isinstance(scheme, str) or not _SCHEME.match(scheme):
            return f"{name}.scheme is text such as 'aws': lower-case letters, digits, `+`, `-` and `.`"
        if scheme in RESERVED or BACKENDS.get(scheme) == "":
            return f"{name}.scheme is {scheme!r}, which means something else already"
        if scheme in schemes:
            return f"option `backends` has two backends for {scheme!r}"
        schemes.add(scheme)
        for field in ("timeout", "refresh_interval", "workers"):
            value: object = getattr(backend, field)
            if not isinstance(value, (int, float)) or value <= 0:
                return f"{name}.{field} is a number above 0"
        if not isinstance(named.stale_for, (int, float)) or named.stale_for < 0:
            return f"{name}.stale_for is a number from 0"
    return ""
