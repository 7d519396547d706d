"""Table of all declared secrets: age, due time, state and last rotator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.printable import clean
from toriconfig.cli._exit import Exit
from toriconfig.cli._say import note, say
from toriconfig.cli.rotate import _report
from toriconfig.cli.rotate._due import declared
from toriconfig.cli.rotate._kinds import NotConfigured, kind_name, make_rotation, refuse_other_kinds

if TYPE_CHECKING:
    from toriconfig.rotation import Rotation

_SHORTEST = 60.0
"""Minimum seconds of an age that is shown. A shorter age is shown as 0."""
_HEAD = ("REFERENCE", "KIND", "AGE", "DUE", "STATE", "BY")


def table(options: dict[str, Any]) -> int:
    """Write the table of all secrets that the settings declare.

    Returns:
        The highest exit code of all secrets. 1: a rotation is unfinished, readers are locked out, or a secret with
        a maximum age has an error. 3: Vault could not be reached for a secret with a maximum age. 0: none of these.
    """
    found = declared((), "table", options)
    refuse_other_kinds(set(), "status", options)
    with ThreadPoolExecutor(options["workers"], "toriconfig-status") as pool:
        context = click.get_current_context()
        rows = list(pool.map(lambda one: _row(context, one[0], one[1], options), found))
    if options["form"] == "json":
        _report.write_json([item for item, _ in rows])
    else:
        _write([item for item, _ in rows])
    return max([Exit.FINE, *(code for _, code in rows)])


def _row(
    context: click.Context, reference: str, limit: float | None, options: dict[str, Any]
) -> tuple[_report.Item, int]:
    from toriconfig.errors import SecretError

    with context.scope(cleanup=False):
        try:
            rotation = make_rotation(reference, kind_name(reference, options), limit, "status", options)
        except NotConfigured:
            raise
        except click.UsageError as error:
            item = _report.of_usage_error(reference, "status", error.message)
            return {**item, **_times(None, None, limit)}, Exit.FINDINGS if limit is not None else Exit.FINE
        try:
            return _asked(rotation, limit)
        except SecretError as error:
            item = _report.of_error(reference, "status", error)
            return {**item, **_times(None, None, limit)}, _report.code_of(error) if limit is not None else Exit.FINE


def _asked(rotation: Rotation, limit: float | None) -> tuple[_report.Item, int]:
    status = rotation.status()
    item = _report.of_status(status)
    # The row is of the declared secret, also if the unfinished rotation is of another key of its path.
    item["reference"] = str(rotation.ref)
    if status.locked_out:
        item["result"] = "locked out"
    times = _times(status.rotated_at, rotation.clock.time(), limit)
    return {**item, **times}, Exit.FINDINGS if status.open or status.locked_out else Exit.FINE


def _times(rotated_at: float | None, now: float | None, limit: float | None) -> dict[str, Any]:
    age = None if rotated_at is None or now is None else max(0.0, now - rotated_at)
    left = None if limit is None or age is None else limit - age
    return {"age": age, "max_age": limit, "due_in": left}


def _write(items: list[_report.Item]) -> None:
    rows = [_HEAD, *(tuple(map(clean, _cells(item))) for item in items)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for item in items:
        if item.get("commands") and item["result"] in ("half-way", "locked out"):
            note(f"{item['reference']}: {item['result']}: {' or '.join(item['commands'])}")
        elif item.get("error") and item["max_age"] is not None:
            remedy = f" ({item['error']['help']})" if item["error"]["help"] else ""
            note(f"{item['reference']}: {item['error']['message']}{remedy}")


def _cells(item: _report.Item) -> tuple[str, ...]:
    from toriconfig.rotation._outcome import spoken

    age, left = item["age"], item["due_in"]
    due = "-"
    if left is not None:
        due = f"in {spoken(left)}" if left > 0 else f"since {spoken(-left)}"
    elif item["max_age"] is not None:
        due = "unknown" if item.get("error") else "now"
    state = item["result"] if not (item.get("error") and item["max_age"] is None) else "not rotated here"
    by = f"{item['who']} at {item['at']}" if item.get("who") else "-"
    return (
        item["reference"],
        item.get("kind") or "-",
        "-" if age is None else spoken(age if age >= _SHORTEST else 0.0),
        due,
        state,
        by,
    )
