"""Protocol of a kind of rotation, and the objects that a kind works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from toriconfig._core.clean_call import clean_init
from toriconfig._core.markers import Ref
from toriconfig._vault.engines.versions import Versions
from toriconfig._vault.engines.write import mount_of
from toriconfig._vault.http.response import Answer
from toriconfig.errors import VaultDenied, VaultNotFound

if TYPE_CHECKING:
    from toriconfig._vault.session import Session

Values = dict[str, Any]
"""Keys of the secret with their values. A frame that holds some raises nothing that could carry it away."""


@clean_init
class Work:
    """The secret under rotation, and the way to ask Vault about it.

    Attributes:
        session: the connection to Vault.
        ref: the secret.
        timeout: seconds that one wait for anything else than Vault may take.
        returning: whether an earlier value is being brought back, so that the current one may be bad.
        retires: whether the former value is taken out of use at the end.
        main: the versions of the secret, where it is a stored one.
        before: what the kind noted in `plan` for its later steps; one kind may serve several rotations at once.
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
        """Ask Vault, as `Session.request`; the id of the request goes with the next event.

        Raises:
            VaultError: there was no answer, or, with `check`, an error.
        """
        answer = self.session.request(method, path, body, query=query, headers=headers, check=check)
        if answer.request_id:
            self._requests.append(answer.request_id)
        return answer

    def read(self, reference: str) -> Values:
        """Read another reference, such as an administrator's credentials; leases are renewed.

        What stands in KV v2 is read at once, and not from the memory of who only reads: this process may just have
        rotated it.

        Raises:
            SecretError: it cannot be had.
        """
        kept = self._newest(Ref(reference))
        if kept is not None:
            return kept
        cell = self.session.at(Ref(reference))
        for flight in cell.pending():
            flight.wait()
        value: Values = dict(cell.settle().value)
        return value

    def _newest(self, ref: Ref) -> Values | None:
        if ref.place.version is not None:
            return None
        try:
            mount, versioned = mount_of(self.session, ref.path)
        except (VaultNotFound, VaultDenied):  # it is in another engine; or a read says what is wrong
            return None
        newest = Versions(self, mount, ref.path.removeprefix(mount)).read() if versioned else None
        return newest.data if newest is not None and newest.state == "there" else None

    def fence(self) -> None:
        """Go on only if this rotation is still ours; to be called with the lock held that serialises changes.

        Raises:
            RotationLost: somebody took it over.
        """
        self._fence()

    def fenced_by(self, fence: Callable[[], None]) -> None:
        """From now on `fence` asks this."""
        self._fence = fence

    def requests(self) -> tuple[str, ...]:
        """The ids of the requests since the last call."""
        found, self._requests = tuple(self._requests), []
        return found

    def __repr__(self) -> str:
        return f"Work({self.ref})"


class Kind(Protocol):
    """One way to rotate. Each method may be called again after a crash, and must then do no harm.

    `pending` are the new values, `current` all keys of the secret as they were at the start. What goes wrong is raised
    as `RotationError` without any value in it; of other exceptions only the type is told.

    A kind may also have `setup()`, `ends_former(pending, current)`, `works(work, values)` and `takes_turns`, which
    `toriconfig.rotation._abilities` describes, and `keys`, those that it always changes; for the command line `options`,
    a tuple of `Option`, and `summary`, its line of `--help`. A database that does not answer is a `DatabaseUnreachable`: the step is
    repeated for `timeout` seconds.

    Attributes:
        name: of the kind, as the record and the command line spell it.
        stored: whether the secret is stored at its reference, with a record beside it; else Vault's engine keeps it,
            and `apply` alone rotates it.
    """

    @property
    def name(self) -> str: ...

    @property
    def stored(self) -> bool: ...

    def needs(self, work: Work) -> Mapping[str, str]:
        """Capabilities by policy path that it needs beside those of the record; of several, separated by a space."""
        ...

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return the planned actions, a line each; change nothing.

        Raises:
            RotationRefused: it cannot.
        """
        ...

    def generate(self, work: Work, current: Values) -> Values:
        """The new values of the keys that change; changes nothing."""
        ...

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Make the new values valid, wherever they are used; first find out whether they already are."""
        ...

    def verify(self, work: Work, pending: Values) -> None:
        """Find out whether the new values are valid."""
        ...

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """Make the current values valid again after `apply`, or a part of it."""
        ...

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Take the previous values of the keys that changed out of use; `version` was the newest that held them."""
        ...

    def rotated_at(self, work: Work) -> float | None:
        """Return the time of the last rotation, in seconds since 1970; called only for kinds that store nothing."""
        ...


def same(one: Values, other: Values, keys: tuple[str, ...]) -> bool:
    """True if both hold the same at these keys."""
    return all(one.get(key) == other.get(key) for key in keys)


def _nothing() -> None: ...
