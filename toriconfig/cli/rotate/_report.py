"""Results of rotations, as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from toriconfig._core.printable import clean
from toriconfig.cli._exit import Exit
from toriconfig.cli._say import say_json

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
    """Return the exit code for an error."""
    from toriconfig.errors import VaultSealed, VaultUnreachable
    from toriconfig.rotation._errors import KindUnknown

    if isinstance(error, KindUnknown):
        return Exit.USAGE
    unreached = isinstance(error, (VaultSealed, VaultUnreachable)) or getattr(error, "unreachable", False)
    return Exit.UNREACHED if unreached else Exit.FINDINGS


def outcome_text(outcome: Outcome, act: str) -> str:
    """Return a completed action as one line of text."""
    return clean(_outcome_text(outcome, act))


def _outcome_text(outcome: Outcome, act: str) -> str:
    reference, result = outcome.reference, outcome.result
    if result == "undone":
        return f"undone, the former value is valid: {reference}"
    if act == "rollback" and result == "nothing":
        already = (
            f": version {outcome.restored} was already restored; `--to VERSION` restores another"
            if outcome.restored
            else ""
        )
        return f"nothing to roll back at {reference}{already}"
    if result == "nothing":
        return f"nothing to resume at {reference}"
    if outcome.restored and outcome.restored == outcome.version:
        return f"the stored value of {reference}, version {outcome.version}, is accepted again"
    if outcome.restored:
        return f"restored the value of version {outcome.restored} at {reference}, as version {outcome.version}"
    if act == "resume":
        return f"resumed and rotated {reference}"
    versions = f", version {outcome.former} to {outcome.version}" if outcome.version else ""
    return f"rotated {reference} ({outcome.kind}{versions})"


def plan_text(plan: Plan) -> str:
    """Return a dry run as lines of text."""
    lines = [f"{plan.reference} ({plan.kind}) would:", *(f"  {action}" for action in plan.actions)]
    return "\n".join(map(clean, lines))


def status_text(status: Status) -> str:
    """Return a status as lines of text."""
    if not status.step:
        return f"{status.reference}: no rotation on record"
    where = f"{status.step} at {status.at} by {status.who}{_alive(status)}, begun {status.since}"
    why = f"; {status.reason}" if status.reason else ""
    back = f", back to version {status.restored}" if status.restored else ""
    lines = [f"{status.reference}: {'half-way, ' if status.open else ''}{where} ({status.kind}{back}){why}"]
    if status.works:
        lines.append(f"  now:   {status.works}")
    if status.grace_until:
        tense = "stays" if status.open else "was to stay"
        lines.append(f"  grace: the former value {tense} until {status.grace_until}")
    names = ("type:  ", "or:    ")
    lines += [f"  {name}{typed}" for name, typed in zip(names, status.commands, strict=False)]
    return "\n".join(map(clean, lines))


def _alive(status: Status) -> str:
    if not status.open:
        return ""
    known = {
        True: "still running",
        False: "gone",
        None: "perhaps gone" if status.abandoned else "perhaps still running",
    }
    return f", {known[status.alive]}"


def line_text(line: Line) -> str:
    """Return one result of `rotate_due` as one line of text."""
    from toriconfig.rotation._outcome import spoken

    age = "" if line.age is None else f", {spoken(line.age)} old"
    return clean(f"{line.result:9} {line.reference}{age if line.error is None else f': {line.error}'}")
