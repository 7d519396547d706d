"""All files of a project: those of a draft, and those that are derived from its class."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import click

from toriconfig.cli.init import _lines
from toriconfig.cli.init._draft import Draft, Names

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
    """The files of a project, by their paths relative to the working directory.

    Attributes:
        files: files that only this project has.
        shared: files that other tools use too.
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
        raise click.UsageError(f"{names.file} would not work, and nothing was written: {_reason(error)}") from None
    finally:
        if former is None:
            del sys.modules[names.module]
        else:
            sys.modules[names.module] = former


def _reason(error: Exception) -> str:
    """Return an error as text. The message is shown only if it holds no value."""
    from toriconfig.cli._class_of import told

    return told(error)


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
