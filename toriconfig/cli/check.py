"""`toriconfig check`: report all problems, and repair those that can be repaired safely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._inputs import files_in, trees_of
from toriconfig.cli._named import named_by, require_class
from toriconfig.cli._options import (
    env_file_option,
    is_named,
    load_options,
    output_options,
    recipe,
    settings_option,
    write_problems,
)
from toriconfig.cli._say import note, say

if TYPE_CHECKING:
    from toriconfig._load.snapshot import Recipe


_MANY = 20
"""Number of files from which a progress bar is drawn."""


@click.command()
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@settings_option
@load_options
@env_file_option
@click.option("--online", is_flag=True, help="Also read every secret from Vault and other backends.")
@click.option("--all-profiles", is_flag=True, help="Check the merged settings of each profile that has a file.")
@click.option("--only-named", is_flag=True, help="Skip FILES that the class does not read.")
@click.option("--stdin-filename", default="<stdin>", help="Name of standard input (`-`) in findings.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--fix", is_flag=True, help="Repair misspelt keys with exactly one correction, and renamed keys.")
@click.option(
    "--force", is_flag=True, help="With --fix: also repair files that are write-protected, linked, or of other users."
)
@click.option("--diff", is_flag=True, help="Show the repairs of --fix without making them; exit 1 if there are any.")
@output_options
def check(
    files: tuple[str, ...],
    target: str | None,
    online: bool,
    all_profiles: bool,
    only_named: bool,
    stdin_filename: str,
    strict: bool,
    fix: bool,
    force: bool,
    diff: bool,
    form: str,
    color: str,
    **how: Any,
) -> int:
    """Check the settings, or single files.

    Without FILES: check the merged settings, including environment variables and missing keys. With files, directories
    or `-`: check each file alone, without the environment. Keys that another layer may set are then optional.
    """
    from toriconfig._inspect.check import check_alone, check_profiles, check_whole, no_file_hint
    from toriconfig._schema.options import Options
    from toriconfig.pipeline._drawn import drawn

    if files and (online or all_profiles):
        what = "--online" if online else "--all-profiles"
        raise click.UsageError(f"single files are checked alone and offline: omit {what} or the files")
    if all_profiles and how["profile"]:
        raise click.UsageError("--all-profiles checks every profile: omit --profile")
    early = recipe(target, **how) if is_named(target) else None  # the module of the class may register formats
    found = files_in(files)
    require_class(target, [stdin_filename if file == "-" else file for file in found], how["config_dir"])
    asked = early or recipe(target, **how)
    if only_named:
        found = named_by(asked, found)
    if fix or diff:
        repaired = _repair(asked, found if files else _files_of(asked), only_show=diff, force=force)
        if diff:
            return Exit.FINDINGS if repaired else Exit.FINE
    if files:
        options = Options.of(asked.schema.model_config, asked.options)
        with drawn(len(found), "checking", wanted=form == "text" and len(found) >= _MANY) as ended:
            trees = trees_of(found, stdin_filename, options, ended)
            problems = check_alone(asked.schema, trees, asked.most)
    else:
        problems = (check_profiles if all_profiles else check_whole)(asked, online=online)
    write_problems(problems, form, color, asked.schema.__name__, asked.most)
    if not problems:
        what = f"{len(found)} file{'s' * (len(found) != 1)}" if files else asked.schema.__name__
        note(f"no problems in {what}")
    hint = "" if files else no_file_hint(asked)
    if hint:
        note(f"hint: {hint} (run in the folder of the files, or use --config-dir)")
    return code_of(problems, strict=strict)


def _repair(asked: Recipe, names: list[str], *, only_show: bool, force: bool) -> int:
    """Repair the files. Return the number of keys that are repaired.

    Args:
        asked: the recipe, which has the settings class.
        names: names of the files.
        only_show: True: show the repairs, and write no file.
        force: see `_fix.write`.
    """
    from toriconfig.cli import _fix
    from toriconfig.cli._replace_file import Refused

    if "-" in names:
        raise click.UsageError("standard input cannot be repaired: name a file")
    repaired = [fixed for name in names if (fixed := _fix.fix(asked.schema, name)) is not None]
    for fixed in repaired:
        if only_show:
            say("\n".join(_fix.difference(asked.schema, fixed)))
            continue
        try:
            _fix.write(fixed, force=force)
        except Refused as error:
            raise click.UsageError(f"{fixed.name} {error}") from None
        except OSError as error:
            raise click.UsageError(f"{fixed.name} cannot be written: {error.strerror}") from None
        note(f"{fixed.name}: {fixed.keys} key{'s' * (fixed.keys != 1)} repaired")
    return sum(fixed.keys for fixed in repaired)


def _files_of(asked: Recipe) -> list[str]:
    """Return the names of the existing settings files that a load of the recipe reads."""
    import os

    from toriconfig._load.read import files_of
    from toriconfig._load.steering import options_of
    from toriconfig._schema.shape import root_shape

    shape = root_shape(asked.schema, asked.options.get("renamed"))
    options = options_of(asked, os.environ, shape, [])
    return [name for name, _ in files_of(options) if os.path.isfile(name)]
