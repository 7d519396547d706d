"""Protocol of a kind of rotation, and the objects that a kind works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from toriconfig._core.clean_call import clean_methods
from toriconfig._core.markers import Ref
from toriconfig._vault.engines.mounts import mount_of
from toriconfig._vault.engines.versions import Versions
from toriconfig._vault.http.response import Answer
from toriconfig.errors import VaultDenied, VaultNotFound

if TYPE_CHECKING:
    from toriconfig._vault.session import Session

Values = dict[str, Any]
"""Keys of the secret with their values.

A frame that holds values must not raise, because a traceback would contain the frame."""


@clean_methods
class Work:
    """The secret under rotation, with the connection to Vault.

    Args:
        session: the connection to Vault.
        ref: the reference of the secret.
        timeout: seconds for one wait on any system other than Vault.

    Attributes:
        returning: True: the rotation restores an earlier value. The current value may then be invalid.
        retires: True: the rotation invalidates the former value at its end.
        main: access to the versions of a secret in KV v2. None: another engine of Vault, such as `database`, keeps the
            secret.
        before: data about the secret before the rotation. The kind's method `plan` sets this attribute for later steps.
            The kind must not hold the data, because one kind object may serve several rotations at once.
    """

    def __init__(self, session: Session, ref: Ref, timeout: float) -> None:
        self.ref = ref
        self.timeout = timeout
        self.returning = False
        self.retires = False
        self.main: Versions | None = None
        self.before: Any = None
        self.session = session
        self._requests: list[str] = []
        self._fence: Callable[[], None] = _nothing

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Answer:
        """Send one request to Vault. The next `Event` of the rotation contains the id of the request.

        Args:
            method: HTTP method.
            path: path below `/v1/`.
            body: data sent as JSON; None: no body.
            query: query parameters; None: none.
            headers: additional headers; None: none.
            check: True: raise an error for an error status. False: return the answer.

        Raises:
            VaultError: there was no answer, or an error status while `check` is True.
        """
        answer = self.session.client.request(method, path, body, query=query, headers=headers, check=check)
        if answer.request_id:
            self._requests.append(answer.request_id)
        return answer

    def read(self, reference: str) -> Values:
        """Return the values at another reference, such as the credentials of an administrator.

        The newest version of a KV v2 secret is never read from the cache, because this process may have just rotated
        the secret. If the values have a lease, the lease is renewed.

        Args:
            reference: the reference.

        Raises:
            SecretError: the secret has no usable value.
        """
        kept = self._newest(Ref(reference))
        if kept is not None:
            return kept
        path = self.session.provider(Ref(reference))
        for flight in path.pending():
            flight.wait()
        value: Values = dict(path.settle().value)
        return value

    def _newest(self, ref: Ref) -> Values | None:
        if ref.parsed.version is not None:
            return None
        try:
            mount, versioned = mount_of(self.session.client, ref.path)
        except (VaultNotFound, VaultDenied):  # it is in another engine, or a later read reports the error
            return None
        newest = Versions(self, mount, ref.path.removeprefix(mount)).read() if versioned else None
        return newest.data if newest is not None and newest.state == "there" else None

    def fence(self) -> None:
        """Check that no other rotator has taken over. Call this method inside the lock that protects the change.

        Raises:
            RotationLost: another rotator has taken over.
        """
        self._fence()

    def fenced_by(self, fence: Callable[[], None]) -> None:
        """Set the function that the method `fence` of this class calls.

        Args:
            fence: function that raises RotationLost if another rotator has taken over.
        """
        self._fence = fence

    def requests(self) -> tuple[str, ...]:
        """Return the ids of the requests since the last call of `requests`."""
        found, self._requests = tuple(self._requests), []
        return found

    def __repr__(self) -> str:
        return f"Work({self.ref})"


class Kind(Protocol):
    """Protocol of a kind of rotation.

    After a crash, a method may be called again. It must not repeat a change that is already made.

    For a failure, raise a `SecretError` such as `RotationError`, without a secret in its text. Of other exceptions,
    only the type and the line are reported. If a database does not answer, raise `DatabaseUnreachable`. The methods
    `apply`, `verify`, `undo` and `retire` are then called again until the time limit, the argument `timeout` of
    `Rotation`, is reached.

    A kind may have these optional members:

    - `setup()`: return the settings that the record keeps, without credentials.
    - `ends_former(pending, current)`: return True if `apply` invalidates the current values.
    - `works(work, values)`: return True if the system that uses the values accepts them.
    - `takes_turns`: True if two users or two passwords alternate. `min_age` must then pass between two rotations.
    - `keys`: the keys that the kind always changes.
    - `options`: a tuple of `Option`, for the command line.
    - `summary`: the line of the kind in `--help`.

    The methods share these arguments: `work` is the secret with the connection to Vault. `pending` contains the new
    values of the keys that change. `current` contains the values of all keys of the secret, as read at the start of the
    rotation.

    Attributes:
        name: name of the kind in records and on the command line.
        stored: True: the secret is stored in KV v2, with a record beside it. False: another engine of Vault keeps the
            secret, and `apply` alone rotates it.
    """

    @property
    def name(self) -> str: ...

    @property
    def stored(self) -> bool: ...

    def needs(self, work: Work) -> Mapping[str, str]:
        """Return the policy that the kind needs, in addition to the policy for the record and the secret.

        Args:
            work: the secret.

        Returns:
            Capabilities by policy path; several are separated by a space.
        """
        ...

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return the planned actions, one line each, without changing anything.

        Args:
            work: the secret.
            current: values of all keys of the secret, as read at the start of the rotation.

        Raises:
            RotationRefused: the rotation cannot start.
        """
        ...

    def generate(self, work: Work, current: Values) -> Values:
        """Return the new values of the keys that change, without changing anything.

        Args:
            work: the secret.
            current: values of all keys of the secret, as read at the start of the rotation.
        """
        ...

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Make the new values valid in the system that uses them. Do nothing if they are valid already.

        Args:
            work: the secret.
            pending: the new values.
            current: values of all keys of the secret, as read at the start of the rotation.

        Raises:
            RotationError: the new values were refused.
        """
        ...

    def verify(self, work: Work, pending: Values) -> None:
        """Check that the new values are valid.

        Args:
            work: the secret.
            pending: the new values.

        Raises:
            RotationError: the new values are not valid.
        """
        ...

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """Make the current values valid again after a complete or partial `apply`.

        Args:
            work: the secret.
            pending: the new values.
            current: values of all keys of the secret, as read at the start of the rotation.

        Raises:
            RotationError: the current values cannot be restored.
        """
        ...

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Invalidate the previous values of the keys that changed.

        Args:
            work: the secret.
            previous: the previous values.
            version: newest KV version that held them.
        """
        ...

    def rotated_at(self, work: Work) -> float | None:
        """Return the time of the last rotation. This method is called only if `stored` is False.

        Args:
            work: the secret.

        Returns:
            Seconds since 1970, or None when it is unknown.
        """
        ...


def same(one: Values, other: Values, keys: tuple[str, ...]) -> bool:
    """Return True if both mappings have the same values at the keys. A missing key equals None."""
    return all(one.get(key) == other.get(key) for key in keys)


def _nothing() -> None: ...
