"""Options that several commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toriconfig._core.problem import MOST_SHOWN
from toriconfig.cli._class_of import TRACEBACK, settings_named
from toriconfig.cli._read import LARGEST_PROJECT, file_text
from toriconfig.cli.formats import FORMATS, Look, writer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._core.problem import Problem
    from toriconfig._load.snapshot import Recipe

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_SETTINGS = "toriconfig.schema:ToriSettings"


def settings_option(function: F) -> F:
    """Add the option `--settings`, and `--traceback`, which shows why a module cannot be imported."""
    function = click.option(
        "--traceback",
        is_flag=True,
        expose_value=False,
        callback=lambda context, _, wanted: context.meta.__setitem__(TRACEBACK, wanted),
        help="Show the traceback when the settings class cannot be imported.",
    )(function)
    return click.option(
        "--settings",
        "target",
        metavar="MODULE:NAME",
        help="Settings class, lazy object, or module with one of them; default: [tool.toriconfig] settings in pyproject.toml, else ToriSettings.",
    )(function)


def load_options(function: F) -> F:
    """Add the options `--profile`, `--no-local` and `--config-dir` to a command.

    The command passes the values of the options to the function `recipe`.
    """
    function = click.option("--profile", help="The profile; default: from the environment variable.")(function)
    function = click.option("--no-local", is_flag=True, help="Do not read NAME.local.yaml.")(function)
    return click.option(
        "--config-dir",
        type=click.Path(file_okay=False),
        help="Folder of the settings files; default: the working directory.",
    )(function)


def env_file_option(function: F) -> F:
    """Add the option `--env-file` to a command. The command passes the value to the function `recipe`."""
    return click.option(
        "--env-file",
        type=click.Path(dir_okay=False),
        help="The `.env` file, instead of the one that the class declares.",
    )(function)


def output_options(function: F) -> F:
    """Add the options `--output-format`, `--max-findings` and `--color`."""
    function = click.option(
        "--max-findings",
        "most",
        type=click.IntRange(min=0),
        default=MOST_SHOWN,
        show_default=True,
        help="Maximum number of findings to write, errors first; the rest is counted. 0: all.",
    )(function)
    function = click.option(
        "--output-format",
        "-o",
        "form",
        type=click.Choice(list(FORMATS)),
        default="text",
        envvar="TORICONFIG_OUTPUT_FORMAT",
        show_default=True,
        help="Format of findings.",
    )(function)
    return click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Use of colours."
    )(function)


def recipe(
    target: str | None,
    profile: str | None = None,
    config_dir: str | None = None,
    env_file: str | None = None,
    most: int = MOST_SHOWN,
    *,
    no_local: bool = False,
) -> Recipe:
    """Return the `Recipe` (the arguments of a load) for options that several commands share.

    If `profile`, `config_dir` or `env_file` is None, the option of the settings class applies.

    Args:
        target: the value of `--settings`; None: the class that pyproject.toml names, else ToriSettings.
        profile: the value of `--profile`.
        config_dir: the value of `--config-dir`.
        env_file: the value of `--env-file`.
        most: maximum number of problems to show.
        no_local: True: `--no-local` was given.

    Raises:
        click.UsageError: there is no such settings class, or an option of the class is invalid.
    """
    from toriconfig._load.snapshot import Recipe
    from toriconfig._schema.options import Options

    named = settings_named(target or _from_pyproject() or DEFAULT_SETTINGS)
    schema = named.schema
    options = {"profile": profile, "config_dir": config_dir, "env_file": env_file}
    own = named.options
    given: dict[str, Any] = {**own, **{name: value for name, value in options.items() if value is not None}}
    if no_local:
        given["local"] = False
    overrides, environ = given.pop("overrides", None), given.pop("environ", None)
    offline = bool(given.pop("offline", False))
    try:
        Options.of(schema.model_config, given)
    except TypeError as error:
        raise click.UsageError(f"model_config of {schema.__name__}: {error}") from None
    return Recipe(schema, given, overrides, environ, offline, arguments=False, most=most)


def schema_class(target: str | None) -> type[BaseModel]:
    """Return the settings class that `target` or pyproject.toml names; by default ToriSettings.

    Raises:
        click.UsageError: the class cannot be imported, or no load accepts it; the message gives the reason.
    """
    return settings_named(target or _from_pyproject() or DEFAULT_SETTINGS).schema


def is_named(target: str | None) -> bool:
    """Return True if `target` (the value of `--settings`, or None) or pyproject.toml names a settings class."""
    return bool(target or _from_pyproject())


def write_problems(problems: Sequence[Problem], form: str, color: str, schema: str, most: int = MOST_SHOWN) -> None:
    """Write problems to standard output.

    Args:
        problems: all problems.
        form: a key of `FORMATS`.
        color: `auto`, `always` or `never`.
        schema: name of the settings class, for the summary.
        most: maximum number to write; 0: all.
    """
    width = _width()
    writer(form)(problems, sys.stdout, Look(schema=schema, color=wants_color(color), width=width, most=most))
    sys.stdout.flush()


def wants_color(choice: str) -> bool:
    """Return True if the output has colours.

    For `auto`: if NO_COLOR is set, the output has no colours. Otherwise, the output has colours if FORCE_COLOR or
    CLICOLOR_FORCE is set, or on a terminal whose TERM is not `dumb`.

    Args:
        choice: `always`, `never` or `auto`.
    """
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

    for folder in project_folders(Path.cwd()):
        file = folder / "pyproject.toml"
        if file.is_file():
            try:
                tools = tomllib.loads(file_text(str(file), LARGEST_PROJECT).replace("\r\n", "\n")).get("tool", {})
            except ValueError as error:
                raise click.UsageError(f"{file} cannot be read: {error}") from None
            except RecursionError:
                raise click.UsageError(f"{file} cannot be read: it is nested too deeply") from None
            if not isinstance(tools, dict):
                return None
            _refuse_misspelt(file, tools)
            name = tools.get("toriconfig", {}).get("settings")
            if name is not None and not isinstance(name, str):
                raise click.UsageError(f'{file}: [tool.toriconfig] settings must be text such as "app.config:Settings"')
            return name
    return None


_ALIKE = 0.8
"""Minimum similarity at which a table name counts as a misspelt `toriconfig`."""


def _refuse_misspelt(file: Path, tools: Mapping[str, Any]) -> None:
    """Raise an error if pyproject.toml has a misspelt `[tool.toriconfig]` or `settings`, which would be ignored."""
    from toriconfig._core.suggest import near, near_all

    if "toriconfig" not in tools:
        for name, table in tools.items():
            if isinstance(table, dict) and "settings" in table and near_all(name, ["toriconfig"], cutoff=_ALIKE):
                raise click.UsageError(f"{file}: [tool.{name}]; did you mean [tool.toriconfig]?")
        return
    table = tools["toriconfig"]
    if not isinstance(table, dict):
        raise click.UsageError(f'{file}: [tool.toriconfig] must be a table: write `settings = "module:Class"` below it')
    wrong = next((name for name in table if near(name, ["settings"])), None) if "settings" not in table else None
    if wrong is not None:
        raise click.UsageError(f"{file}: [tool.toriconfig] has `{wrong}`; did you mean `settings`?")


_ROOTS = (".git", ".hg", ".svn", ".jj")
"""Names that version control systems create in the root of a repository."""


def project_folders(here: Path) -> list[Path]:
    """Return the folders whose pyproject.toml is used, nearest first.

    They are `here` and its parents up to the root of the repository; outside a repository only `here`.
    """
    folders = [here, *here.parents]
    depth = next((at for at, folder in enumerate(folders) if any(map(os.path.lexists, _marks(folder)))), 0)
    return folders[: depth + 1]


def _marks(folder: Path) -> list[Path]:
    return [folder / name for name in _ROOTS]
