"""`toriconfig check`: what is wrong, all at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toriconfig.cli._exit import code_of
from toriconfig.cli._options import load_options, output_options, recipe, schema_class, settings_option, write_problems

if TYPE_CHECKING:
    from toriconfig._tree import Tree

ENDINGS = (".yaml", ".yml", ".json")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@settings_option
@load_options
@click.option("--online", is_flag=True, help="Also read every secret from Vault.")
@click.option("--stdin-filename", default="<stdin>", help="What `-` is called in findings.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@output_options
def check(
    files: tuple[str, ...],
    target: str | None,
    profile: str | None,
    config_dir: str | None,
    online: bool,
    stdin_filename: str,
    strict: bool,
    form: str,
    color: str,
) -> int:
    """Check the settings, or single files.

    Without FILES: the merged whole, environment and missing keys included. With files, directories or `-`: each
    alone, without the environment, and nothing that another layer may say is missing.
    """
    from toriconfig._check import check_alone, check_whole

    if files:
        schema = schema_class(target)
        problems = check_alone(schema, _trees(files, stdin_filename))
    else:
        asked = recipe(target, profile, config_dir)
        schema = asked.schema
        problems = check_whole(asked, online=online)
    write_problems(problems, form, color, schema.__name__)
    if strict and any(problem.severity == "warning" for problem in problems):
        return 1
    return code_of(problems)


def _trees(files: Iterable[str], stdin_name: str) -> Iterator[Tree]:
    from toriconfig.sources.yaml_file import read_file_documents, read_yaml

    for name in files:
        if name == "-":
            yield from read_yaml(sys.stdin.buffer.read(), stdin_name)
        elif Path(name).is_dir():
            for file in sorted(Path(name).rglob("*")):
                if file.suffix in ENDINGS and file.is_file() and not any(part.startswith(".") for part in file.parts):
                    yield from read_file_documents(str(file))
        else:
            yield from read_file_documents(name)
