"""Results of rotations as data for JSON, and the exit code of an error."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from toriconfig.cli._exit import Exit
from toriconfig.cli._say import say_json
from toriconfig.cli._usage import shown

if TYPE_CHECKING:
    from toriconfig.errors import SecretError
    from toriconfig.rotation import Line, Outcome, Plan, Status

Item = dict[str, Any]
"""Result for one secret, as an element of the JSON document."""


def write_json(items: list[Item]) -> None:
    """Write the JSON document with these items to standard output."""
    say_json({"format_version": "1.0", "rotations": items})


def of_outcome(outcome: Outcome, act: str) -> Item:
    """Return the JSON item of a completed action."""
    return {"reference": outcome.reference, "act": act, **asdict(outcome)}


def of_plan(plan: Plan) -> Item:
    """Return the JSON item of a dry run."""
    return {
        "reference": plan.reference,
        "act": "dry-run",
        "result": "would",
        "kind": plan.kind,
        "actions": [*plan.actions],
    }


def of_status(status: Status) -> Item:
    """Return the JSON item of a status."""
    result = "half-way" if status.open else status.step or "never"
    return {"reference": status.reference, "act": "status", "result": result, **asdict(status)}


def of_line(line: Line, act: str) -> Item:
    """Return the JSON item of one result of `rotate_due`."""
    error = None if line.error is None else error_item(line.error)
    return {
        "reference": line.reference,
        "act": act.replace("_", "-"),
        "result": line.result,
        "age": line.age,
        "error": error,
    }


def of_error(reference: str, act: str, error: SecretError) -> Item:
    """Return the JSON item of a failure."""
    from toriconfig.rotation import RotationLost, RotationRefused

    result = "failed"
    if isinstance(error, RotationLost):
        result = "lost"
    elif isinstance(error, RotationRefused):
        result = "refused"
    return {"reference": reference, "act": act.replace("_", "-"), "result": result, "error": error_item(error)}


def of_usage_error(reference: str, act: str, message: str) -> Item:
    """Return the JSON item of a rotation that could not be created."""
    error = {"type": "UsageError", "message": message, "help": ""}
    return {"reference": shown(reference), "act": act.replace("_", "-"), "result": "failed", "error": error}


def error_item(error: SecretError) -> Item:
    """Return an error as data for a JSON item."""
    return {
        "type": type(error).__name__,
        "message": error.message,
        "help": error.help,
        "step": getattr(error, "step", ""),
        "undone": getattr(error, "undone", False),
    }


def code_of(error: SecretError) -> Exit:
    """Return USAGE for an unknown kind, UNREACHED if Vault or a database was not reached, otherwise FINDINGS."""
    from toriconfig.errors import VaultSealed, VaultUnreachable
    from toriconfig.rotation._errors import KindUnknown

    if isinstance(error, KindUnknown):
        return Exit.USAGE
    unreached = isinstance(error, (VaultSealed, VaultUnreachable)) or getattr(error, "unreachable", False)
    return Exit.UNREACHED if unreached else Exit.FINDINGS
