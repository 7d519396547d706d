"""`toriconfig schema`: a JSON Schema of the settings files, or an example `.env` file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from toriconfig._core.printable import clean_json
from toriconfig._core.regular_file import read_regular
from toriconfig.cli._exit import Exit
from toriconfig.cli._options import schema_class, settings_option
from toriconfig.cli._read import LARGEST_INPUT
from toriconfig.cli._say import note, note_lines, say, say_exact


@click.command()
@settings_option
@click.option(
    "--output",
    "-O",
    type=click.Path(dir_okay=False),
    help="Output file; default: schemas/NAME.schema.json; `-`: stdout.",
)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if the file is out of date.")
@click.option("--env-example", is_flag=True, help="Write an example `.env` file with every variable instead.")
@click.option("--force", is_flag=True, help="Replace a file that another program wrote, or the target of a link.")
def schema(target: str | None, output: str | None, only_check: bool, env_example: bool, force: bool) -> int:
    """Write the JSON Schema of the settings class.

    The schema (2020-12) is for editors and other validators.
    """
    from toriconfig._inspect.json_schema import is_schema_of, schema_text
    from toriconfig.cli._env_example import env_example as example
    from toriconfig.cli._env_example import is_env_example
    from toriconfig.cli._replace_file import Refused, replace_file
    from toriconfig.errors import ConfigError

    cls = schema_class(target)
    try:
        text = example(cls) if env_example else schema_text(cls)
    except ConfigError as error:
        note_lines(str(error))
        return Exit.FINDINGS
    if not env_example:
        _name_unsaid(text, cls.__name__)
    default = ".env.example" if env_example else default_file(cls.__name__)
    if output == "-":
        say_exact(text if env_example else clean_json(text))
        return Exit.FINE
    file = Path(output or default)
    if only_check:
        if read_regular(str(file), LARGEST_INPUT, secret=False) == text.encode():
            return Exit.FINE
        again = [
            "toriconfig schema",
            *(["--env-example"] if env_example else []),
            *([f"--settings {target}"] if target else []),
            *([f"--output {output}"] if output else []),
        ]
        say(f"{file} is out of date for {cls.__name__}: run `{' '.join(again)}`")
        return Exit.FINDINGS
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        is_ours = is_env_example if env_example else lambda there: is_schema_of(there, cls.__name__)
        replace_file(str(file), text, force=force, is_ours=is_ours)
    except Refused as error:
        raise click.UsageError(f"{file} {error}") from None
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
    note(f"wrote {file}")
    return Exit.FINE


def _name_unsaid(text: str, cls: str) -> None:
    """Print a note with the fields whose type JSON cannot express, such as a `Callable`. Without such fields, do nothing.

    Args:
        text: the JSON Schema.
        cls: name of the settings class.
    """
    from toriconfig._core.path import show
    from toriconfig._inspect.json_types import unsaid

    found = dict.fromkeys(f"`{show(path)}` ({kind})" for path, kind in unsaid(json.loads(text)))
    if found:
        note(f"{cls}: JSON cannot represent the type of {', '.join(found)}; the schema accepts any value for it")


def default_file(cls: str) -> str:
    """Return the path of the schema of a class, relative to the working directory."""
    return f"schemas/{cls.lower().removesuffix('settings') or cls.lower()}.schema.json"
