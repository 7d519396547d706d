"""All files that `init` writes, such as the module of the settings class, the settings files and the JSON schema."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import click

from toriconfig.cli.init import _lines
from toriconfig.cli.init._draft import Draft, Names
from toriconfig.cli.init._source import bound

if TYPE_CHECKING:
    from pydantic import BaseModel


class Shared(NamedTuple):
    """A file that other tools use too. If the file exists, the user is asked to add the lines.

    Attributes:
        text: text of a new file.
        lines: lines to add to an existing file; "": the file has them.
    """

    text: str
    lines: str


class Project(NamedTuple):
    """The files that `init` creates, by path relative to the working directory.

    Attributes:
        files: files of the project itself, such as the module of the settings class.
        shared: files that also configure other tools, such as pyproject.toml.
    """

    files: dict[str, str]
    shared: dict[str, Shared]


def project_of(draft: Draft, names: Names, pyproject: str) -> Project:
    """Return all files of a project.

    Args:
        draft: the draft.
        names: names of the project.
        pyproject: path of the existing pyproject.toml, or of the new one.

    Raises:
        click.UsageError: the class of the draft cannot be used; the message gives the reason.
    """
    from toriconfig._inspect.json_schema import schema_text
    from toriconfig.cli._env_example import env_example
    from toriconfig.cli.schema import default_file

    with class_of(draft, names) as cls:
        schema, example = schema_text(cls), env_example(cls)
    file = default_file(draft.cls)
    files = {names.file: draft.module}
    for name, text in draft.settings.items():
        files[name] = f"# yaml-language-server: $schema={file}\n{text}"
    workflow = _lines.WORKFLOW.format(files=" ".join(draft.settings))
    files |= {".env.example": example, file: schema, ".github/workflows/config.yml": workflow}
    table = _lines.pyproject_table(f"{names.module}:{draft.cls}")
    hooks = _lines.PRE_COMMIT_HOOKS
    shared = {
        pyproject: Shared(table, _missing(pyproject, table)),
        ".pre-commit-config.yaml": Shared(f"repos:\n{hooks}", _missing(".pre-commit-config.yaml", hooks)),
    }
    if git := _lines.ignored(names.name, draft.dotenv):
        shared[".gitignore"] = Shared(git, _missing_lines(".gitignore", git))
    return Project(files, shared)


@contextmanager
def class_of(draft: Draft, names: Names) -> Iterator[type[BaseModel]]:
    """Execute the module of a draft, before the module is written, and yield its settings class.

    Raises:
        click.UsageError: the module raises an exception, or a load does not accept the class.
    """
    from toriconfig._schema.secret_check import refuse_hidden
    from toriconfig._schema.shape import root_shape

    made = ModuleType(names.module)
    made.__file__ = names.file
    former = sys.modules.get(names.module)
    sys.modules[names.module] = made  # pydantic looks for the names of annotations there
    try:
        exec(compile(draft.module, names.file, "exec"), made.__dict__)  # noqa: S102 - the text that is written
        cls: type[BaseModel] = getattr(made, draft.cls)
        refuse_hidden(root_shape(cls))
        yield cls
    except click.UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        place = _place(error, draft.module, names.file)
        remedy = f"; change {place} in the class that is copied, and run the command again" if place else ""
        message = f"{names.file} would not work, and nothing was written: {_reason(error)}{remedy}"
        raise click.UsageError(message) from None
    finally:
        if former is None:
            del sys.modules[names.module]
        else:
            sys.modules[names.module] = former


def _reason(error: Exception) -> str:
    """Return a description of an error, without values of settings."""
    from pydantic import ValidationError

    from toriconfig.cli._class_of import told

    if not isinstance(error, ValidationError):
        return told(error)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    keys = (f"`{'.'.join(map(str, one['loc'])) or error.title}` ({one['type']})" for one in found)
    return f"a default of {error.title} is invalid at {', '.join(keys)}"


def _place(error: Exception, text: str, file: str) -> str:
    """Return the name of the field, constant or function whose definition raised the error; "" if there is none.

    Args:
        error: the error.
        text: text of the module.
        file: name of the module in the traceback.
    """
    from traceback import extract_tb

    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == file]
    statements, names = ast.parse(text).body, list[str]()
    for line in lines:  # the frame of the module, then that of a class
        found = next((one for one in statements if one.lineno <= (line or 0) <= (one.end_lineno or 0)), None)
        names += list(bound(found))[:1] if found is not None else []
        statements = found.body if isinstance(found, ast.ClassDef) else []
    return f"`{'.'.join(names)}`" if names else ""


def _missing(path: str, lines: str) -> str:
    """Return `lines`, or "" if the file contains each of them."""
    text = _text(path)
    return "" if all(line in text for line in lines.splitlines()) else lines


def _missing_lines(path: str, lines: str) -> str:
    present = _text(path).splitlines()
    return "".join(f"{line}\n" for line in lines.splitlines() if line not in present)


def _text(path: str) -> str:
    from toriconfig._core.regular_file import Unread, read_regular
    from toriconfig.cli._read import LARGEST_PROJECT

    data = b"" if not Path(path).exists() else read_regular(path, LARGEST_PROJECT, secret=False)
    return "" if isinstance(data, Unread) else data.decode(errors="replace")
