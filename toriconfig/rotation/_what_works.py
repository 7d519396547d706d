"""The version of a secret that works now, and suggested commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._vault.engines.version import Version
from toriconfig.rotation._abilities import works
from toriconfig.rotation._accepted import kind_of
from toriconfig.rotation._command_line import command
from toriconfig.rotation._preflight import Preflight
from toriconfig.rotation._record import Record
from toriconfig.rotation._run_with_timeout import attempt
from toriconfig.rotation._stopped import LOCKED_OUT

if TYPE_CHECKING:
    from toriconfig.rotation._rotation import Rotation


_CHANGED_OUTSIDE = (
    " (changed outside of this rotation: store the accepted value, or make the stored value accepted again)"
)


def what_works(rotation: Rotation, preflight: Preflight, found: Record, current: Version) -> tuple[bool | None, str]:
    """Check the newest version at the system that accepts or refuses the secret, such as a database.

    Return `(refused, text)`. `refused` is None if no check is possible. `text` describes the version and the result.

    Args:
        rotation: the requested rotation.
        preflight: the secret with the connection to Vault.
        found: the record of the open or last completed rotation, which names the kind for the check.
        current: the newest version, which readers get.
    """
    if current.state != "there":
        return None, f"nothing: version {current.number} of {rotation.ref.path} is {current.state}"
    stored = f"version {current.number}, stored since {current.created}"
    said: list[bool | None] = []
    # If the kind cannot be created or cannot check logins, the report names only the stored version.
    error = attempt(lambda: said.append(_accepts(rotation, preflight, found, current)), found.kind)
    if error is not None:
        return None, f"readers get {stored}; whether it is accepted could not be checked: {error.message}"
    if said[0] is None:
        return None, f"readers get {stored}"
    if said[0]:
        return False, f"{stored}, is accepted"
    return True, f"{LOCKED_OUT}: {stored}, is not accepted{'' if found.open else _CHANGED_OUTSIDE}"


def _accepts(rotation: Rotation, preflight: Preflight, found: Record, current: Version) -> bool | None:
    kind = kind_of(rotation, found)
    return None if kind is None else works(kind, preflight.work, {key: current.data.get(key) for key in found.keys})


def commands(path: str, found: Record, known: Record, locked_out: bool | None) -> tuple[str, ...]:
    """Return the suggested command lines, such as `toriconfig rotate secret/app --rollback`, the best one first.

    Args:
        path: path of the secret.
        found: the last record.
        known: the record for the rollback: that of the last completed rotation, or `found` if none is known.
        locked_out: True if readers of the stored value are refused; None: unknown.
    """
    back = command(path, known, "--rollback")
    if found.open:
        resume = command(path, found, "--resume --verify COMMAND" if found.unheard else "--resume")
        return (back, resume) if found.step == "undoing" else (resume, back)
    can_go_back = found.step == "done" and not found.restores and not found.undoes
    return (back,) if can_go_back or locked_out else ()
