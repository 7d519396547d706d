"""Paths of a rotation, and all checks that are possible before a change."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from toriconfig._core.clock import Clock
from toriconfig._core.markers import Ref
from toriconfig._vault.engines.mounts import mount_of
from toriconfig._vault.engines.version import Version
from toriconfig._vault.engines.versions import Versions, capabilities
from toriconfig.errors import VaultDenied, VaultNotFound
from toriconfig.rotation._errors import RotationRefused
from toriconfig.rotation._journal import SUFFIX, Journal, lost_to
from toriconfig.rotation._protocol import Kind, Work
from toriconfig.rotation._record import Record
from toriconfig.rotation._run_with_timeout import answered
from toriconfig.rotation._stored_record import last_completed, load_record
from toriconfig.rotation._timestamps import seconds_of

if TYPE_CHECKING:
    from toriconfig._vault.session import Session

_LONGEST_NOTE = 128


class Preflight:
    """Access to the secret and its record in KV v2, with the checks before a rotation.

    Raises:
        RotationRefused: the path is not in a KV v2 engine.
        VaultError: a request to Vault failed.
    """

    def __init__(self, session: Session, work: Work, clock: Clock) -> None:
        self.work = work
        self.ref = work.ref
        mount = _mount(session, work.ref)
        rest = work.ref.path.removeprefix(mount)
        self.main = work.main = Versions(work, mount, rest)
        self.journal = Journal(work.ref.path, Versions(work, mount, rest + SUFFIX), clock, work.timeout)

    def prepare(self, kind: Kind) -> tuple[Record | None, Version]:
        """Check that a rotation can start, and return a record (or None) and the newest version of the secret.

        The record is that of the last completed rotation, or the last record if no completed rotation is known.

        Args:
            kind: the kind of the rotation.

        Raises:
            RotationError: the rotation cannot start.
            VaultError: the secret cannot be read.
        """
        self.check_policies(kind)
        # The record first: if another rotation finishes between the two reads, the reservation fails.
        found = self.journal.read()
        if found is not None and found.open:
            raise lost_to(found, self.ref.path)
        current = self.main.read()
        check_there(current, self.ref)
        if load_record(current.data, current.number) is not None:
            raise RotationRefused(
                f"{self.ref.path} is the record of a rotation, which a new value would destroy",
                reference=str(self.ref),
                help=f"name the secret: {self.ref.path.removesuffix(SUFFIX)}",
            )
        return last_completed(found, self.ref), current

    def last_closed(self) -> Record | None:
        """Return the record of the last completed rotation.

        If no completed rotation is known, return the record of a rotation that failed or was rolled back. If there is
        no record, return None.

        Raises:
            RotationLost: a rotation is still running, or was interrupted.
        """
        found = self.journal.read()
        if found is not None and found.open:
            raise lost_to(found, self.ref.path)
        return last_completed(found, self.ref)

    def check_policies(self, kind: Kind) -> None:
        """Check that the policies allow a complete rotation of the kind.

        Raises:
            RotationRefused: a capability is missing.
        """
        needs = {
            self.main.data_path: "read update",
            self.main.metadata_path: "patch",
            self.journal.versions.data_path: "create read update",
            self.journal.versions.metadata_path: "create update",
        }
        check_needs(self.work, {**needs, **needs_of(kind, self.work)})

    def check_rest(self, kind: Kind, found: Record, *, back: bool) -> None:
        """Check that the policies allow the remaining steps of a rotation.

        Args:
            kind: the kind of the rotation.
            found: the record of the rotation.
            back: True: the rotation will be undone; False: it will be completed.

        Raises:
            RotationRefused: a capability is missing.
        """
        needs = {self.journal.versions.data_path: "read update"}
        stored = {self.main.data_path: "read update"}
        if found.step == "promoted" and not back:
            needs.update({self.main.data_path: "read", **needs_of(kind, self.work)} if self.work.retires else {})
        elif not found.open or found.step == "promoted":
            needs.update(stored)
            needs.update(needs_of(kind, self.work) if self.work.retires or found.exclusive is None else {})
        elif found.step == "undoing" or back:
            # Earlier releases did not record if undoing needs more than the user's own login.
            needs.update(needs_of(kind, self.work) if found.exclusive is None else {})
            needs.update(stored if found.step == "verified" else {})
        else:
            needs.update({**stored, **needs_of(kind, self.work)})
        check_needs(self.work, needs, must_know=False)

    def check_back(self, kind: Kind) -> None:
        """Check that the policies allow the restoration of an earlier version.

        Raises:
            RotationRefused: a capability is missing.
        """
        journal, stored = self.journal.versions.data_path, self.main.data_path
        needs = {journal: "create read update", stored: "read update"}
        check_needs(self.work, {**needs, **(needs_of(kind, self.work) if self.work.retires else {})}, must_know=False)

    def last_promoted(self, found: Record | None, current: Version) -> float | None:
        """Return the time of the last rotation or rollback, in seconds since 1970; None if no time is stored."""
        noted = seconds_of(current.notes.get(note_of(self.ref), ""))
        recorded = None
        if found is not None and found.step == "done" and (self.ref.key is None or self.ref.key in found.keys):
            recorded = seconds_of(found.promoted_at)
        return max((one for one in (noted, recorded) if one is not None), default=None)

    def rotated_at(self, found: Record | None = None, current: Version | None = None) -> float | None:
        """Return the time of the last rotation in seconds since 1970; None: unknown.

        If the secret was never rotated, return the time of its first version. If the policies forbid reading that time,
        return the time of the newest version.

        Args:
            found: the last record; None: only the metadata is used.
            current: the newest version; None: this method reads the newest version.

        Raises:
            VaultError: the secret cannot be read.
        """
        current = self.main.read() if current is None else current
        check_there(current, self.ref)
        promoted = self.last_promoted(found, current)
        if promoted is not None:
            return promoted
        try:
            return seconds_of(self.main.first_written())
        except VaultDenied:
            return seconds_of(current.created)


def note_of(ref: Ref) -> str:
    """Return the name of the entry in the custom metadata that holds the time of the last rotation.

    Each key of a path has its own entry. A hash replaces a key that Vault would reject in the name.
    """
    if ref.key is None:
        return "rotated_at"
    name = f"rotated_at.{ref.key}"
    fits = name.isprintable() and len(name.encode()) <= _LONGEST_NOTE
    return name if fits else f"rotated_at.{sha256(ref.key.encode()).hexdigest()}"


def check_there(current: Version, ref: Ref) -> None:
    """Check that there is a value to rotate.

    Raises:
        VaultNotFound: there is no value; the message gives the reason.
    """
    path = ref.path
    if current.state == "absent":
        raise VaultNotFound(f"Vault holds nothing at {path}", reference=str(ref), help="store a first value there")
    if current.state != "there":
        undelete = f"undelete it, `vault kv undelete -versions={current.number} {shlex.quote(path)}`, or "
        raise VaultNotFound(
            f"the newest version of {path}, {current.number}, is {current.state}",
            reference=str(ref),
            help=f"{undelete if current.state == 'deleted' else ''}put a value there",
        )
    if ref.key is not None and ref.key not in current.data:
        raise VaultNotFound(
            f"{path} has no key {ref.key}", reference=str(ref), help="check the spelling, or store a first value there"
        )


def check_own(found: Record, ref: Ref) -> None:
    """Raise an error if a record belongs to another key of the path. A `ref` without a key accepts each record.

    Raises:
        RotationRefused: the record belongs to another key.
    """
    if ref.key is not None and ref.key not in found.keys:
        raise RotationRefused(
            f"the rotation of {ref.path} is of {', '.join(found.keys)}, not of {ref.key}",
            reference=str(ref),
            help=f"name {ref.path}#{found.keys[0]}" if found.keys else "",
        )


def needs_of(kind: Kind, work: Work) -> Mapping[str, str]:
    """Return the capabilities that the kind needs, by path in Vault, such as `{"transit/keys/app/rotate": "update"}`.

    Raises:
        SecretError: the kind raised an error.
    """
    return answered(lambda: kind.needs(work), f"{kind.name}: needs")


def check_needs(work: Work, needs: Mapping[str, str], *, must_know: bool = True) -> None:
    """Check that the policies allow all needed capabilities.

    Args:
        work: the secret with the connection to Vault.
        needs: capabilities by policy path, such as `{"secret/data/app": "read update"}`.
        must_know: True: raise an error if the token may not read its own capabilities. False: skip the check in this
            case.

    Raises:
        RotationRefused: a capability is missing, or cannot be checked. The error names the policy to write.
    """
    try:
        can = capabilities(work, needs) if needs else {}
    except VaultDenied:
        if not must_know:
            return
        raise RotationRefused(
            "the token may not read its own capabilities, so its permissions cannot be checked in advance",
            reference=str(work.ref),
            help='give it the `default` policy, or path "sys/capabilities-self" { capabilities = ["update"] }',
        ) from None
    missing = {path: [one for one in wanted.split() if not {one, "root"} & can[path]] for path, wanted in needs.items()}
    missing = {path: wanted for path, wanted in missing.items() if wanted}
    if missing:
        said = "; ".join(f"{' and '.join(wanted)} on {path}" for path, wanted in missing.items())
        rules = " ".join(
            f'path "{path}" {{ capabilities = [{", ".join(f"{chr(34)}{one}{chr(34)}" for one in needs[path].split())}] }}'
            for path in missing
        )
        raise RotationRefused(
            f"no policy allows (403): {said}; nothing was changed", reference=str(work.ref), help=f"write: {rules}"
        )


def _mount(session: Session, ref: Ref) -> str:
    try:
        mount, versioned = mount_of(session.client, ref.path)
    except VaultDenied as error:  # of the token, or of the mount
        raise RotationRefused(error.message, reference=str(ref), help=error.help) from None
    if not versioned:
        raise RotationRefused(
            f"{ref.path} is in a KV engine of version 1, which has no check-and-set",
            reference=str(ref),
            help="move it to KV v2: concurrent rotators need check-and-set",
        )
    return mount
