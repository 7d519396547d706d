"""`toriconfig check`: what is wrong, all at once."""

from __future__ import annotations

from typing import Any

import click

from toriconfig.cli._exit import code_of
from toriconfig.cli._inputs import files_in, trees_of
from toriconfig.cli._options import (
    env_file_option,
    load_options,
    output_options,
    recipe,
    settings_option,
    write_problems,
)
from toriconfig.cli._say import note


@click.command()
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@settings_option
@load_options
@env_file_option
@click.option("--online", is_flag=True, help="Also read every secret from Vault.")
@click.option("--stdin-filename", default="<stdin>", help="What `-` is called in findings.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@output_options
def check(
    files: tuple[str, ...],
    target: str | None,
    online: bool,
    stdin_filename: str,
    strict: bool,
    form: str,
    color: str,
    **how: Any,
) -> int:
    """Check the settings, or single files.

    Without FILES: the merged whole, environment and missing keys included. With files, directories or `-`: each
    alone, without the environment, and nothing that another layer may say is missing.
    """
    from toriconfig._check import check_alone, check_whole

    asked = recipe(target, **how)
    if files and online:
        raise click.UsageError("single files are checked offline: leave --online or the files out")
    found = files_in(files)
    if files:
        problems = check_alone(asked.schema, trees_of(found, stdin_filename))
    else:
        problems = check_whole(asked, online=online)
    write_problems(problems, form, color, asked.schema.__name__)
    if not problems:
        what = f"{len(found)} file{'s' * (len(found) != 1)}" if files else asked.schema.__name__
        note(f"no problems in {what}")
    return code_of(problems, strict=strict)
