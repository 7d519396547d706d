"""`toriconfig diff A B`: what differs between two profiles, two files, or two versions of a secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import output_options, recipe, settings_option, wants_color, write_problems

if TYPE_CHECKING:
    from toriconfig._snapshot import Recipe

Values = Mapping[str, tuple[str, str]]
"""By dotted path: a fingerprint to compare by, and the text to show."""


@click.command()
@click.argument("a")
@click.argument("b")
@settings_option
@click.option("--config-dir", type=click.Path(file_okay=False), help="Where the settings files are; default: here.")
@output_options
def diff(a: str, b: str, target: str | None, config_dir: str | None, form: str, color: str) -> int:
    """Show which settings differ between A and B; exit 1 when any does.

    A and B are files, or profiles (`default` for none), or Vault paths with a version: `vault:secret/app?version=3`.
    Secrets are masked: only whether they differ is told.
    """
    sides: list[Values] = []
    for name in (a, b):
        if name.startswith("vault:"):
            sides.append(_from_vault(name.removeprefix("vault:")))
            continue
        asked = _recipe(name, target, config_dir)
        outcome = _from_load(asked)
        if outcome is None:
            from toriconfig._load import try_load

            problems = try_load(asked).problems
            write_problems(problems, form, color, asked.schema.__name__)
            return code_of(problems)
        sides.append(outcome)
    lines = _lines(sides[0], sides[1], a, b, wants_color(color))
    for line in lines:
        click.echo(line)
    return Exit.FINDINGS if lines else Exit.FINE


def _recipe(name: str, target: str | None, config_dir: str | None) -> Recipe:
    asked = recipe(target, None, config_dir)._replace(offline=True)
    if Path(name).is_file():
        options = {key: value for key, value in asked.options.items() if key != "config_dir"}
        layers = ("code", "vault", "files", "defaults")
        return asked._replace(options={**options, "config_files": (os.path.abspath(name),), "layers": layers})
    if any(char in name for char in "/\\") or Path(name).suffix in (".yaml", ".yml", ".json"):
        raise click.UsageError(f"there is no file {name}")
    if name == "default":
        unset = {key: value for key, value in os.environ.items() if not key.endswith("PROFILE")}
        return asked._replace(environ=unset)
    return asked._replace(options={**asked.options, "profile": name})


def _from_load(asked: Recipe) -> Values | None:
    from toriconfig._effective import leaves
    from toriconfig._load import try_load
    from toriconfig._path import show
    from toriconfig._secret import MASK
    from toriconfig.cli._write import scalar

    attempt = try_load(asked)
    if attempt.loaded is None:
        return None
    values: dict[str, tuple[str, str]] = {}
    for leaf in leaves(attempt.loaded):
        text = scalar(leaf.value)
        secret = leaf.hidden or (leaf.secret and leaf.value is None)
        mark = _sealed_mark(attempt.loaded.model, leaf.path) if leaf.secret and leaf.value is None else text
        values[show(leaf.path)] = (mark, f"{MASK if secret else text}  # {leaf.origin}")
    return values


def _sealed_mark(model: object, path: tuple[str | int, ...]) -> str:
    """Something that two equal secrets share and that tells nothing."""
    from toriconfig._secret import Secret

    value = model
    for part in path:
        value = value[part] if isinstance(value, (dict, list)) else getattr(value, str(part))  # type: ignore[index]
    return _fingerprint(value.get(None)) if isinstance(value, Secret) else ""


def _from_vault(reference: str) -> Values:
    from toriconfig._reference import Ref
    from toriconfig._secret import MASK
    from toriconfig.cli.vault import with_session

    try:
        ref = Ref(reference)
    except ValueError as error:
        raise click.UsageError(f"vault:{reference}: {error}") from None
    data = with_session(lambda session: _read(session, ref))
    return {key: (_fingerprint(value), f"{MASK}  # vault {reference}") for key, value in data.items()}


def _read(session: object, ref: object) -> dict[str, object]:
    cell = session.cell(ref.path, ref.version)  # type: ignore[attr-defined]
    for flight in cell.pending():
        flight.wait()
    value = cell.settle().value
    return {key: part for key, part in value.items() if ref.key in (None, key)}  # type: ignore[attr-defined]


_KEY = os.urandom(32)


def _fingerprint(value: object) -> str:
    """Equal values have equal ones in this run, and only in this run."""
    import hashlib
    import hmac

    return hmac.new(_KEY, repr(value).encode(), hashlib.sha256).hexdigest()


def _lines(left: Values, right: Values, a: str, b: str, color: bool) -> list[str]:
    lines: list[str] = []
    for path in dict.fromkeys([*left, *right]):
        mine, theirs = left.get(path), right.get(path)
        if mine is not None and theirs is not None and mine[0] == theirs[0]:
            continue
        if mine is not None:
            lines.append(_styled(f"- {path}: {mine[1]}", "red", color))
        if theirs is not None:
            lines.append(_styled(f"+ {path}: {theirs[1]}", "green", color))
    return [f"--- {a}", f"+++ {b}", *lines] if lines else []


def _styled(text: str, color: str, wanted: bool) -> str:
    return click.style(text, fg=color) if wanted else text
