"""Options that several commands share, and what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toriconfig.cli.formats import FORMATS, Look, writer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._snapshot import Recipe
    from toriconfig.errors import Problem

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_SETTINGS = "toriconfig.schema:ToriSettings"


def settings_option(function: F) -> F:
    """`--settings module:Class`: which schema is meant."""
    return click.option(
        "--settings",
        "target",
        metavar="MODULE:CLASS",
        help="The settings class; default: [tool.toriconfig] settings in pyproject.toml, else ToriSettings.",
    )(function)


def load_options(function: F) -> F:
    """Options that steer a load: profile and folder."""
    function = click.option("--profile", help="The profile, instead of the variable's.")(function)
    return click.option(
        "--config-dir", type=click.Path(file_okay=False), help="Where the settings files are; default: here."
    )(function)


def output_options(function: F) -> F:
    """`--output-format` and `--color`."""
    function = click.option(
        "--output-format",
        "-o",
        "form",
        type=click.Choice(list(FORMATS)),
        default="text",
        envvar="TORICONFIG_OUTPUT_FORMAT",
        show_default=True,
        help="How findings are written.",
    )(function)
    return click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours."
    )(function)


def schema_class(target: str | None) -> type[BaseModel]:
    """The settings class that is meant.

    Raises:
        click.UsageError: it cannot be imported or is no model; the message says which and why.
    """
    from toriconfig._target import import_target

    name = target or _from_pyproject() or DEFAULT_SETTINGS
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return import_target(name)
    except TypeError as error:
        raise click.UsageError(str(error)) from None
    except ImportError as error:
        raise click.UsageError(f"the settings class {name} cannot be imported: {error}") from None


def recipe(target: str | None, profile: str | None, config_dir: str | None) -> Recipe:
    """What a load with these options is."""
    from toriconfig._snapshot import Recipe

    given = {"profile": profile, "config_dir": config_dir}
    return Recipe(schema_class(target), {name: value for name, value in given.items() if value is not None})


def write_problems(problems: Sequence[Problem], form: str, color: str, schema: str) -> None:
    """Write findings to standard output."""
    width = _width()
    writer(form)(problems, sys.stdout, Look(schema=schema, color=wants_color(color), width=width))
    sys.stdout.flush()


def wants_color(choice: str) -> bool:
    """Whether colours are wanted: the option, then NO_COLOR, FORCE_COLOR, then whether a terminal listens."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _width() -> int:
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return 120
    import shutil

    return max(20, min(120, shutil.get_terminal_size((100, 24)).columns))


def _from_pyproject() -> str | None:
    import tomllib

    for folder in (Path.cwd(), *Path.cwd().parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            try:
                table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("toriconfig", {})
            except (OSError, ValueError) as error:
                raise click.UsageError(f"{file} cannot be read: {error}") from None
            name = table.get("settings")
            if name is not None and not isinstance(name, str):
                raise click.UsageError(f'{file}: [tool.toriconfig] settings is a text such as "app.config:Settings"')
            return name
    return None
