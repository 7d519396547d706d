"""Creation of rotations from command-line options. An option that belongs only to kinds not in use is rejected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._options import recipe
from toriconfig.cli._say import note
from toriconfig.cli._usage import argument, refuse_value
from toriconfig.cli._value import given_value
from toriconfig.cli.rotate._kind_options import asked_of, class_of, given_to, owners, was_given

if TYPE_CHECKING:
    from toriconfig.rotation import Event, Kind, Rotation


_STORES = {"aws": "AWS Secrets Manager"}
"""Names of backends of this package, by scheme."""


class NotConfigured(click.UsageError):
    """No address of Vault is configured, so no rotation can be created."""


def make_rotations(references: list[tuple[str, float | None]], act: str, options: dict[str, Any]) -> list[Rotation]:
    """Return a rotation for each reference.

    Args:
        references: pairs of a reference and its maximum age in seconds; None: no maximum.
        act: the requested action.
        options: the options of the command line.

    Raises:
        click.UsageError: an option does not apply; the message names the option.
    """
    names = {reference: kind_name(reference, options) for reference, _ in references}
    refuse_other_kinds(set(names.values()), act, options)
    return [make_rotation(reference, names[reference], age, act, options) for reference, age in references]


def kind_name(reference: str, options: dict[str, Any]) -> str:
    """Return the name of the kind, from the command line or the form of the reference; "" if only the record has it.

    Raises:
        click.UsageError: the reference is invalid, or is not a reference to Vault.
    """
    from toriconfig._core.markers import split
    from toriconfig.rotation import kinds

    store = other_store(reference)
    if store:
        raise click.UsageError(f"{argument(reference)} is rotated in {store}, not by `toriconfig rotate`")
    try:
        place = split(reference)
    except ValueError as error:
        raise click.UsageError(f"{argument(reference)}: {error}") from None
    refuse_value(place.key)
    if "/" not in place.path:
        raise click.UsageError("PATH is not a path in Vault: write MOUNT/PATH, such as secret/app#key")
    required = [pair for pairs in owners().values() for pair in pairs if pair[1].required]
    makes = next((kind.name for kind, option in required if option.new_value), "")
    name = options["name"] or makes or kinds.guess(place.path, place.key)
    return str(name) or next((kind.name for kind, option in required if option.recorded), "")


def other_store(reference: str) -> str:
    """Return the name of the backend of a reference `scheme:path#key`; "" for a reference to Vault."""
    from toriconfig._core.markers import scheme_of

    scheme = scheme_of(reference)
    return "" if scheme == "vault" else _STORES.get(scheme, f"the backend `{scheme}`")


def refuse_other_kinds(names: set[str], act: str, options: dict[str, Any]) -> None:
    """Reject each option that does not apply to the kinds `names` or to the action `act`.

    Raises:
        click.UsageError: an option is rejected; the message names the option.
    """
    from toriconfig.rotation import kinds

    after_record = act in ("status", "resume", "rollback")
    for flag, pairs in owners().items():
        if after_record and all(option.new_value for _, option in pairs):
            raise click.UsageError(f"{flag} describes a new value, and --{act} creates none")
        recorded = [kind.name for kind, option in pairs if option.recorded]
        _refuse_other(flag, [kind.name for kind, _ in pairs], recorded, names, after_record and not options["name"])
    if was_given("force"):
        turns = [name for name in (*kinds.KINDS, *names) if name and getattr(class_of(name), "takes_turns", False)]
        _refuse_other("--force", [*dict.fromkeys(turns)], turns, names, after_record and not options["name"])
    if options["grace"] is not None and names and all(name and not _is_stored(name) for name in names):
        raise click.UsageError(f"--grace: Vault keeps no former value for kind {', '.join(sorted(names))}")


def _refuse_other(flag: str, owning: list[str], recorded: list[str], names: set[str], unknown: bool) -> None:
    """Reject `flag` if no kind in use has the flag.

    Args:
        flag: the flag.
        owning: names of the kinds that have the flag.
        recorded: the names in `owning` that the record of a rotation may contain.
        names: names of the kinds in use; "" stands for a kind that only the record names.
        unknown: True: only records name the kinds in use, so the flag is accepted.

    Raises:
        click.UsageError: the flag is rejected.
    """
    if unknown or names & {*owning} or ("" in names and recorded):
        return
    one = ", ".join(sorted(names - {""})) or "the recorded kind"
    raise click.UsageError(f"{flag} is an option of kind {' or '.join(owning)}, not of {one}")


def _is_stored(name: str) -> bool:
    return bool(getattr(class_of(name), "stored", True))


def make_rotation(reference: str, name: str, max_age: float | None, act: str, options: dict[str, Any]) -> Rotation:
    """Return a rotation of one reference.

    Args:
        reference: the reference.
        name: name of the kind; "": the kind of the last rotation, which is recorded in Vault.
        max_age: maximum age of the secret in seconds; None: no maximum.
        act: the requested action.
        options: the options of the command line.

    Raises:
        NotConfigured: no address of Vault is configured.
        click.UsageError: the reference or an option is invalid.
    """
    from toriconfig.rotation import Command, Rotation, RotationRefused
    from toriconfig.rotation._verifier import split_command

    making = act in ("rotate", "dry_run")
    try:
        kind = _kind(name, act, options) if making else class_of(options["name"])
        looks_again = _min_age(options) if making and (kind is None or getattr(kind, "takes_turns", False)) else None
        made_later = kind is None or isinstance(kind, type)
        rotation = Rotation(
            reference,
            kind,
            setup=given_to(kind if isinstance(kind, type) else None, options) if made_later else None,
            vault=options["vault"],
            verify=Command(split_command(options["verify"])) if options["verify"] is not None else None,
            verify_timeout=options["verify_timeout"],
            timeout=options["timeout"],
            grace=options["grace"],
            max_age=max_age,
            min_age=looks_again,
            abandoned_after=options["abandoned_after"],
            on_event=_tell if options["verbose"] else None,
        )
        rotation.chosen.guessed = not options["name"] and bool(name) and name == rotation.chosen.guess
        return rotation
    except RotationRefused:
        raise NotConfigured(
            "Vault is not configured: set VAULT_ADDR, or use `toriconfig vault dev -- COMMAND`"
        ) from None
    except ValueError as error:
        raise click.UsageError(f"{argument(reference)}: {error}") from None


def _kind(name: str, act: str, options: dict[str, Any]) -> Kind | type[Any] | None:
    """Return the kind of a rotation: an instance, a class, or None.

    An instance: the command line describes the kind completely. A class: the rest of the description is taken from the
    record. None: the kind is taken from the record.
    """
    from toriconfig.rotation._option import made, options_of

    found = class_of(name) if name else None
    if found is None:
        return None
    given = given_to(found, options)
    recorded = [option for option in options_of(found) if option.recorded]
    required = [option for option in recorded if option.required]
    if recorded and not (required and all(one.attribute in given for one in required)):
        return found
    asked = asked_of(found)
    if asked is not None and act == "rotate":
        given[asked.attribute] = _value(options["kind_stdin"])
    kind: Kind = made(found, {}, given, os.environ)
    return kind


def _value(from_stdin: bool) -> str:
    text = given_value(from_stdin, "new value")
    if not text:
        raise click.UsageError("the new value is empty; nothing was changed")
    return text


def _min_age(options: dict[str, Any]) -> float | None:
    """Return twice the `refresh_interval` of the settings, in seconds.

    Return None if the settings name no Vault, or if no `--settings` was given and no settings class can be found.

    Raises:
        click.UsageError: the class that `--settings` names cannot be used.
    """
    if "min_age" not in options:
        options["min_age"] = None
        from toriconfig._load.attempt import try_load

        try:
            how = {name: options[name] for name in ("profile", "config_dir", "no_local")}
            attempt = try_load(recipe(options["target"], **how))
        except click.UsageError:
            if options["target"] is not None:
                raise
            return None
        if attempt.session is not None:
            options["min_age"] = 2 * attempt.session.resolved.vault.refresh_interval
    found: float | None = options["min_age"]
    return found


def _tell(event: Event) -> None:
    note(f"{event}  [{' '.join(event.request_ids)}]")
