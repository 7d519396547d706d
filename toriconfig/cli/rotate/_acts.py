"""Actions on the secrets that the command line names, one secret after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._exit import Exit
from toriconfig.cli._say import note, note_lines, say
from toriconfig.cli.rotate import _report, _text
from toriconfig.cli.rotate._hooks import Hooks
from toriconfig.cli.rotate._kinds import make_rotations

if TYPE_CHECKING:
    from toriconfig.rotation import Rotation

Told = tuple[_report.Item, str, int]
"""Result for one secret: as JSON data, as text, and the exit code."""


def one_by_one(references: tuple[str, ...], act: str, options: dict[str, Any], hooks: Hooks) -> int:
    """Process each reference once, and write its result. Return the highest exit code.

    A failure does not stop the other references.
    """
    acts: dict[str, Callable[[Rotation], Told]] = {
        "rotate": lambda one: _done(one.run(force=options["force"]), act),
        "dry_run": lambda one: _planned(one, options["force"]),
        "status": told_status,
        "resume": lambda one: _done(one.resume(), act),
        "rollback": lambda one: _done(one.rollback(options["to"]), act),
    }
    as_json = options["form"] == "json"
    items: list[_report.Item] = []
    codes: list[int] = []
    rotations = make_rotations([(one, None) for one in dict.fromkeys(references)], act, options)
    try:
        for rotation in rotations:
            item, text, code = _told(acts[act], rotation, act, hooks)
            codes.append(code)
            hooks.send(item, rotation)
            if as_json:
                items.append(item)
            elif text:
                say(text)
    finally:
        if as_json:
            _report.write_json(items)
    return max(codes)


def _done(outcome: Any, act: str) -> Told:
    return _report.of_outcome(outcome, act), _text.outcome_text(outcome, act), Exit.FINE


def _planned(rotation: Rotation, force: bool) -> Told:
    plan = rotation.plan(force=force)
    return _report.of_plan(plan), _text.plan_text(plan), Exit.FINE


def told_status(rotation: Rotation) -> Told:
    """Return the status of one rotation as `(JSON item, text, exit code)`.

    The exit code is FINDINGS if the rotation is unfinished or readers are locked out; else FINE.
    """
    status = rotation.status()
    code = Exit.FINDINGS if status.open or status.locked_out else Exit.FINE
    return _report.of_status(status), _text.status_text(status), code


def _told(work: Callable[[Rotation], Told], rotation: Rotation, act: str, hooks: Hooks) -> Told:
    """Return the result of `work`: `(JSON item, text, exit code)`.

    If `work` raises a `SecretError`, return a result with the error. If `work` is interrupted, inform the user and the
    hooks, and raise the exception again.

    Raises:
        click.UsageError: the kind of the rotation is unknown.
    """
    from toriconfig.errors import SecretError
    from toriconfig.rotation._errors import KindUnknown

    try:
        return work(rotation)
    except KindUnknown as error:
        raise click.UsageError(str(error)) from None
    except SecretError as error:
        note(f"{rotation.ref}: {error}")
        return _report.of_error(str(rotation.ref), act, error), "", _report.code_of(error)
    except (KeyboardInterrupt, SystemExit):
        if act not in ("status", "dry_run"):
            tell_interrupted(rotation)
            item = {"reference": str(rotation.ref), "act": act, "result": "interrupted", "error": None}
            hooks.send(item, rotation, interrupted=True)
        raise


def tell_interrupted(rotation: Rotation) -> None:
    """Write the state of an interrupted rotation, and the commands that complete or undo this rotation.

    If the state cannot be read, write the command that shows the state.
    """
    from toriconfig.errors import SecretError

    typed = f"toriconfig rotate '{rotation.ref}'"
    note(f"{rotation.ref}: interrupted; `{typed} --resume` completes it, `{typed} --rollback` undoes it")
    try:
        status = rotation.status()
    except SecretError:
        note(f"{rotation.ref}: `{typed} --status` shows whether readers are locked out")
    else:
        note_lines(_text.status_text(status))
