"""Rotations made from the options of the command line; options of another kind are refused."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._options import recipe
from toriconfig.cli._say import note
from toriconfig.cli._usage import refuse_value, shown
from toriconfig.cli._value import given_value
from toriconfig.cli.rotate._command import was_given

if TYPE_CHECKING:
    from toriconfig.rotation import Event, Kind, Rotation

_OF = {
    "length": "generated",
    "alphabet": "generated",
    "from_stdin": "given",
    "conninfo": "database-user",
    "admin": "database-user",
    "single": "database-user",
    "force": "database-user",
    "algorithm": "key-pair",
}
"""The kind that each option is about."""

_FLAGS = {"from_stdin": "--stdin"}
_NEW = ("length", "alphabet", "from_stdin", "algorithm")
"""Options that say what a new value is."""

_IN_RECORD = ("", "database-user")
"""Kinds of which the record may know more than the command line; "": the record says which."""


def make_rotations(references: list[tuple[str, float | None]], act: str, options: dict[str, Any]) -> list[Rotation]:
    """A rotation of each reference.

    Args:
        references: with the age at which each is due.
        act: what is to be done.
        options: of the command line.

    Raises:
        click.UsageError: one of them cannot be meant; it names which.
    """
    names = {reference: kind_name(reference, options) for reference, _ in references}
    refuse_other_kinds(set(names.values()), act, options)
    return [make_rotation(reference, names[reference], age, act, options) for reference, age in references]


def kind_name(reference: str, options: dict[str, Any]) -> str:
    """The kind that the command line, or the form of the reference, means; "": only the record knows."""
    from toriconfig._core.markers import split
    from toriconfig.rotation import kinds

    try:
        place = split(reference)
    except ValueError as error:
        raise click.UsageError(f"{shown(reference)}: {error}") from None
    refuse_value(place.key)
    if "/" not in place.path:
        raise click.UsageError("PATH is no place in Vault: write MOUNT/PATH, such as secret/app#key")
    name = options["name"] or ("given" if options["from_stdin"] else kinds.guess(place.path, place.key))
    if name and name not in kinds.KINDS:
        raise click.UsageError(f"{_no_kind(name)}: name one with --kind: {', '.join(kinds.KINDS)}")
    return str(name) or ("database-user" if options["conninfo"] else "")


def _no_kind(name: str) -> str:
    from toriconfig._core.suggest import near
    from toriconfig.rotation import kinds

    candidate = near(name, kinds.KINDS)
    return f"no kind {name!r}, meant as {candidate!r}" if candidate else "there is no such kind"


def refuse_other_kinds(names: set[str], act: str, options: dict[str, Any]) -> None:
    """Refuse options that are about none of these kinds, or about a value that is not made.

    Raises:
        click.UsageError: one was given; the message says which kind it is about.
    """
    from toriconfig.rotation import kinds

    for option, kind in _OF.items():
        if not was_given(option):
            continue
        flag = _FLAGS.get(option, f"--{option}")
        if act in ("status", "resume", "rollback") and option in _NEW:
            raise click.UsageError(f"{flag} says what a new value is, and --{act} makes none")
        if act in ("status", "resume", "rollback") and not options["name"]:
            continue  # the record says which kind it is
        if kind not in names and not (kind == "database-user" and "" in names):
            one = ", ".join(sorted(names - {""})) or "the kind that the record says"
            raise click.UsageError(f"{flag} is an option of kind {kind}, not of {one}")
    if options["grace"] is not None and names and all(name and not kinds.KINDS[name].stored for name in names):
        raise click.UsageError(f"--grace: of kind {', '.join(sorted(names))} Vault keeps no former value")


def make_rotation(reference: str, name: str, max_age: float | None, act: str, options: dict[str, Any]) -> Rotation:
    """A rotation of one reference.

    Raises:
        click.UsageError: something about it is invalid.
    """
    from toriconfig.rotation import Command, Rotation, RotationRefused

    making = act in ("rotate", "dry_run")
    try:
        kind = _kind(name, act, options) if making else options["name"]
        recorded = kind is None or isinstance(kind, str)
        return Rotation(
            reference,
            kind or None,
            setup=_setup(options) if recorded else None,
            verify=Command(shlex.split(options["verify"])) if options["verify"] is not None else None,
            verify_timeout=options["verify_timeout"],
            timeout=options["timeout"],
            grace=options["grace"],
            max_age=max_age,
            min_age=_min_age(options) if making and name in _IN_RECORD and not options["single"] else None,
            abandoned_after=options["abandoned_after"],
            on_event=_tell if options["verbose"] else None,
        )
    except RotationRefused:
        raise click.UsageError(
            "Vault is not configured: set VAULT_ADDR, or use `toriconfig vault dev -- COMMAND`"
        ) from None
    except ValueError as error:
        raise click.UsageError(f"{shown(reference)}: {error}") from None


def _kind(name: str, act: str, options: dict[str, Any]) -> Kind | str | None:
    from toriconfig.rotation import kinds

    if name == "generated":
        return kinds.Generated(options["length"], options["alphabet"] or kinds.ALPHABET)
    if name == "given":
        return kinds.Given(_value(options["from_stdin"]) if act == "rotate" else None)
    if name == "key-pair":
        return kinds.KeyPair(options["algorithm"])
    if name == "database-user" and options["conninfo"]:
        return kinds.DatabaseUser(options["conninfo"], options["admin"], single=options["single"])
    if name in _IN_RECORD:
        return name or None
    kind: Kind = kinds.KINDS[name]()
    return kind


def _setup(options: dict[str, Any]) -> dict[str, Any]:
    """What the command line says of the kind, over what the record says."""
    given = {name: options[name] for name in ("conninfo", "admin") if options[name] is not None}
    return {**given, "single": True} if options["single"] else given


def _value(from_stdin: bool) -> str:
    text = given_value(from_stdin, "new value")
    if not text:
        raise click.UsageError("the new value is empty; nothing was changed")
    return text


def _min_age(options: dict[str, Any]) -> float | None:
    """Twice the seconds after which programs with these settings look again; None: the settings cannot be loaded."""
    if "min_age" not in options:
        options["min_age"] = None
        from toriconfig._load.attempt import try_load

        try:
            how = {name: options[name] for name in ("profile", "config_dir", "no_local")}
            attempt = try_load(recipe(options["target"], **how))
        except click.UsageError:
            return None
        if attempt.session is not None:
            options["min_age"] = 2 * attempt.session.resolved.vault.refresh_interval
    found: float | None = options["min_age"]
    return found


def _tell(event: Event) -> None:
    note(f"{event}  [{' '.join(event.request_ids)}]")
