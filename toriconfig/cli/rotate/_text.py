"""Results of rotations, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.printable import clean

if TYPE_CHECKING:
    from toriconfig.rotation import Line, Outcome, Plan, Status


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
