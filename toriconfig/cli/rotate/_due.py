"""Actions of `toriconfig rotate` on several secrets: those named on the command line, or else those in the settings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.printable import clean
from toriconfig.cli._exit import Exit
from toriconfig.cli._options import recipe
from toriconfig.cli._say import note, say
from toriconfig.cli._usage import shown
from toriconfig.cli.rotate import _report, _text
from toriconfig.cli.rotate._acts import told_status
from toriconfig.cli.rotate._hooks import Hooks
from toriconfig.cli.rotate._kinds import NotConfigured, kind_name, make_rotation, other_store, refuse_other_kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from toriconfig.rotation import Line, Rotation
    from toriconfig.rotation._due import Act

_ACTS: dict[str, Act] = {"rotate": "rotate", "dry_run": "plan", "resume": "resume", "rollback": "rollback"}
_COUNTED = {
    "rotated": "rotated",
    "resumed": "resumed",
    "undone": "undone",
    "fresh": "not due",
    "lost": "left to others",
}
"""Results that the last line counts, with their words."""


def over_all(references: tuple[str, ...], act: str, options: dict[str, Any], hooks: Hooks) -> int:
    """Process the secrets that are due; for the acts `status`, `resume` and `rollback` every secret.

    The secrets are those of `references`; if `references` is empty, those that the settings declare.

    Returns:
        The exit code.
    """
    rotations: list[Rotation] = []
    untold: dict[str, str] = {}
    found = declared(tuple(dict.fromkeys(references)), act, options)
    names = {}
    for reference, _ in found:
        try:
            names[reference] = kind_name(reference, options)
        except click.UsageError as error:
            untold[reference] = error.message
    refuse_other_kinds(set(names.values()), act, options)
    for reference, age in found:
        if reference not in names:
            continue
        try:
            rotations.append(make_rotation(reference, names[reference], age, act, options))
            rotations[-1].chosen.for_all = not references
        except NotConfigured:
            raise
        except click.UsageError as error:
            untold[reference] = error.message
    if act == "status":
        return _statuses(rotations, references, untold, options)
    return _rotated(rotations, untold, act, options, hooks)


def _rotated(rotations: list[Rotation], untold: dict[str, str], act: str, options: dict[str, Any], hooks: Hooks) -> int:
    from toriconfig.pipeline._bar import can_draw
    from toriconfig.rotation import rotate_due

    as_json = options["form"] == "json"
    bar = not as_json and can_draw()
    waiting: list[str] = []  # so that the bar is removed first
    items: list[_report.Item] = []
    tell: Callable[[str], None] = waiting.append if bar else say

    by_reference = {str(one.ref): one for one in rotations}

    def on_line(line: Line) -> None:
        item = _report.of_line(line, act)
        hooks.send(item, by_reference.get(line.reference))
        if as_json:
            items.append(item)
        else:
            tell(_text.line_text(line))
            sys.stdout.flush()

    for reference, why in untold.items():
        hooks.send(_report.of_usage_error(reference, act, why), None)
    try:
        report = rotate_due(
            rotations,
            workers=options["workers"],
            act=_ACTS[act],
            force=options["force"],
            bar=bar,
            on_line=on_line,
        )
    finally:
        _write(items if as_json else None, [*waiting], untold, act)
    failed = [line for line in report.lines if line.result == "failed"]
    counts = [(len(report.of(result)), word) for result, word in _COUNTED.items()]
    parts = [f"{count} {word}" for count, word in counts if count or word in ("rotated", "not due")]
    total = len(report.lines) + len(untold)
    note(f"{', '.join(parts)}, {len(failed) + len(untold)} failed, {total} in all")
    codes = [_report.code_of(line.error) for line in failed if line.error is not None]
    return max([Exit.FINDINGS if code == Exit.USAGE else code for code in codes] + [_code(untold)])


def _statuses(
    rotations: list[Rotation], references: tuple[str, ...], untold: dict[str, str], options: dict[str, Any]
) -> int:
    from toriconfig.errors import SecretError, VaultNotFound
    from toriconfig.rotation import RotationRefused
    from toriconfig.rotation._due import merged

    items: list[_report.Item] = []
    codes: list[int] = []
    for rotation in merged(rotations):
        try:
            item, text, code = told_status(rotation)
        except SecretError as error:
            if isinstance(error, (RotationRefused, VaultNotFound)) and rotation.max_age is None and not references:
                continue  # it is in another engine, so it has no record
            item, code = _report.of_error(str(rotation.ref), "status", error), _report.code_of(error)
            text = clean(f"{rotation.ref}: {error}")
        codes.append(code)
        items.append(item)
        if options["form"] != "json":
            say(text)
    _write(items if options["form"] == "json" else None, [], untold, "status")
    return max([*codes, _code(untold)])


def _write(items: list[_report.Item] | None, lines: list[str], untold: dict[str, str], act: str) -> None:
    """Write `items` and `untold` as one JSON document. If `items` is None, write `lines` and `untold` as text.

    The keys of `untold` are references for which no rotation could be created; the values are the reasons.
    """
    if items is None:
        for text in [*lines, *(clean(f"failed    {shown(reference)}: {why}") for reference, why in untold.items())]:
            say(text)
        return
    _report.write_json([*items, *(_report.of_usage_error(one, act, why) for one, why in untold.items())])


def _code(untold: dict[str, str]) -> Exit:
    return Exit.FINDINGS if untold else Exit.FINE


def declared(references: tuple[str, ...], act: str, options: dict[str, Any]) -> list[tuple[str, float | None]]:
    """Return `(reference, max_age)` for each secret to process; `max_age` is None for a secret without a maximum age.

    Args:
        references: references from the command line; empty: use the references to Vault in the settings.
        act: the action. "rotate" and "dry_run" omit a reference of the settings if no `max_age` is declared for it.
        options: options of the command line. For references from the command line, `--max-age` is the `max_age` of
            each. For references of the settings, `--max-age` only replaces a declared `max_age`.

    Raises:
        click.UsageError: the settings cannot be loaded.
    """
    if references and options["max_age"] is not None:
        return [(reference, options["max_age"]) for reference in references]
    from toriconfig._load.attempt import try_load

    asked = recipe(options["target"], options["profile"], options["config_dir"], no_local=options["no_local"]).replaced(
        offline=True
    )
    attempt = try_load(asked)
    if attempt.loaded is None:
        raise click.UsageError("the settings cannot be loaded: see `toriconfig check`; or name REF and --max-age")
    snapshot = attempt.loaded.snapshot
    ages: dict[str, float | None] = {}
    for path, places in snapshot.declared.items():
        shape = snapshot.shape.at(path)
        age = shape.ref.max_age if shape is not None and shape.ref is not None else None
        for place in places:
            ages[place] = min((one for one in (age, ages.get(place)) if one is not None), default=None)
    if references:
        return [(reference, ages.get(reference)) for reference in references]
    skipped = _skip_elsewhere(ages)
    after_records = act in ("status", "resume", "rollback", "table")
    if after_records:
        if not ages and not skipped:
            note("the settings declare no reference to Vault")
        chosen = {
            place: age for place, age in ages.items() if act == "table" or age is not None or not _fleeting(place)
        }
    else:
        chosen = {place: age for place, age in ages.items() if age is not None}
        undated = [place for place in ages if place not in chosen]
        _tell_undated(undated, some=bool(chosen) or skipped, asked=options["max_age"])
    replaced = options["max_age"]
    return [(place, age if age is None or replaced is None else replaced) for place, age in chosen.items()]


def _skip_elsewhere(ages: dict[str, float | None]) -> bool:
    """Remove the references to backends other than Vault from `ages`.

    Write a note for each removed reference that has a maximum age.

    Args:
        ages: the declared maximum age in seconds for each reference; None: no maximum age is declared.

    Returns:
        True if a note was written.
    """
    told = False
    for place in list(ages):
        store = other_store(place)
        if store and ages.pop(place) is not None:
            note(f"{place} is rotated in {store}: skipped")
            told = True
    return told


def _tell_undated(places: list[str], *, some: bool, asked: float | None) -> None:
    """Write notes about declared secrets without a `max_age`, which are never due.

    Args:
        places: the references of these secrets.
        some: True if at least one declared secret has a `max_age`. If False, a note about this is written.
        asked: the value of `--max-age`. If not None, a note is written for each skipped reference.
    """
    if not some:
        note("no declared secret has a max_age: declare it, as Ref(..., max_age=...), or name REF")
    for place in places if asked is not None else ():
        if not _fleeting(place):
            note(f"skipped: {place} has no declared max_age: name it to rotate it")


def _fleeting(reference: str) -> bool:
    from toriconfig._core.markers import split
    from toriconfig._vault.engines.paths import issues_on_read

    place = split(reference)
    return bool(place.parameters) or place.version is not None or issues_on_read(place.path)
