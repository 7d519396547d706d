"""`toriconfig diff A B`: differences between two profiles, two files, or two versions of a secret."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.printable import clean
from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import output_options, recipe, settings_option, wants_color, write_problems
from toriconfig.cli._say import say, say_json
from toriconfig.sources import endings

if TYPE_CHECKING:
    from toriconfig._core.problem import Problem
    from toriconfig.cli._sides import Side


@click.command()
@click.argument("a")
@click.argument("b")
@settings_option
@click.option(
    "--config-dir",
    type=click.Path(file_okay=False),
    help="Folder of the settings files; default: the working directory.",
)
@output_options
def diff(a: str, b: str, target: str | None, config_dir: str | None, form: str, color: str, most: int) -> int:
    """Show the settings that differ between A and B.

    A and B are two files, two profiles (`default` for no profile), or two references to Vault, such as
    `vault:secret/app?version=3` and `vault:secret/app`. Files are compared unmerged; profiles are compared after
    merging all layers. For secrets only the fact of a difference is shown. `--output-format json` writes the
    differences as JSON. The exit code is 1 if there is a difference.
    """
    from toriconfig.cli._sides import of_file, of_profile, of_vault

    asked = recipe(target, config_dir=config_dir, most=most)
    kind = _kind(a)
    if kind != _kind(b):
        raise click.UsageError(f"{a} is a {kind}, and {b} is a {_kind(b)}: compare two of the same kind")
    sides: list[Side] = []
    for name in (a, b):
        side: Side | Sequence[Problem]
        if kind == "place in Vault":
            side = of_vault(name.removeprefix("vault:"))
        else:
            side = of_file(asked.schema, name) if kind == "file" else of_profile(asked, name)
        if not isinstance(side, dict):
            write_problems(side, form, color, asked.schema.__name__, most)
            return code_of(side)
        sides.append(side)
    left, right = sides
    paths = [path for path in dict.fromkeys([*left, *right]) if not _same(left, right, path)]
    if form == "json":
        say_json(_document(left, right, paths, a, b))
    elif paths:
        head = [clean(f"--- {a}"), clean(f"+++ {b}")]
        say("\n".join([*head, *_lines(left, right, paths, wants_color(color))]), styled=True)
    return Exit.FINDINGS if paths else Exit.FINE


def _kind(name: str) -> str:
    if name.startswith("vault:"):
        return "place in Vault"
    looks_like_file = any(char in name for char in "/\\") or Path(name).suffix in endings()
    return "file" if looks_like_file or os.path.exists(name) else "profile"


def _same(left: Side, right: Side, path: str) -> bool:
    return path in left and path in right and left[path].mark == right[path].mark


def _lines(left: Side, right: Side, paths: list[str], color: bool) -> list[str]:
    lines: list[str] = []
    for path in paths:
        for sign, side, pen in (("-", left, "red"), ("+", right, "green")):
            if path in side:
                line = clean(f"{sign} {path}: {side[path].text}  # {side[path].origin}")
                lines.append(click.style(line, fg=pen) if color else line)
    return lines


def _document(left: Side, right: Side, paths: list[str], a: str, b: str) -> dict[str, Any]:
    changes = [
        {
            "path": path,
            **{name: side[path].data if path in side else None for name, side in (("a", left), ("b", right))},
        }
        for path in paths
    ]
    return {"format_version": "1.0", "a": a, "b": b, "changes": changes}
