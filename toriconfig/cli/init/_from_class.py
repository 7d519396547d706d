"""The draft of a project from a class of pydantic-settings: a copy of the class and of all that it needs."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

import click

from toriconfig.cli.init._convert import Converter
from toriconfig.cli.init._draft import Draft, Names
from toriconfig.cli.init._held import without_secrets
from toriconfig.cli.init._imports import Imports, own_imports
from toriconfig.cli.init._source import Source, calls_at_import, used

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings


def draft_of_class(target: str, names: Names) -> Draft:
    """Return the draft of a project from the class that `target` names.

    Raises:
        click.UsageError: the class cannot be imported, is not a class of pydantic-settings (`BaseSettings`), is
            already a class of toriconfig, or its source cannot be copied; the message gives the reason.
    """
    cls = _class_named(target)
    module = sys.modules[cls.__module__]
    source = _source_of(cls, module)
    kept = source.needed(cls.__name__)
    converter = Converter(source, vars(module), kept, names.name, cls.__name__)
    body, left = without_secrets(_body(source, kept, converter, cls.__name__), vars(module))
    text = _text(body, source, converter, module, cls.__name__, target)
    notes = [*converter.notes, *left, *_foreign_secrets(cls)]
    name = os.path.basename(module.__file__ or "")
    notes += [f"the call in line {line} of {name}, which runs at import" for line in calls_at_import(source, kept)]
    if "__file__" in {found for one in kept for found in used(one)}:
        notes.append(f"`__file__` is the path of {names.file} now")
    if cls.model_config.get("secrets_dir") and cls.model_config.get("env_nested_delimiter"):
        notes.append("files of `secrets_dir` may set keys of sections now, which pydantic-settings ignores")
    draft = Draft(text, cls.__name__, {}, tuple(dict.fromkeys(notes)), dotenv=_dotenv(cls))
    return _with_settings(draft, names)


def _class_named(target: str) -> type[BaseSettings]:
    from pydantic_settings import BaseSettings
    from toriconfig import Settings
    from toriconfig.cli._class_of import settings_named

    cls = settings_named(target).schema
    if issubclass(cls, Settings) or not issubclass(cls, BaseSettings):
        what = "of toriconfig already" if issubclass(cls, Settings) else "no pydantic-settings class (BaseSettings)"
        raise click.UsageError(
            f"{cls.__name__} is {what}: `toriconfig schema --settings {target}` writes its schema, and "
            "`--env-example` its variables"
        )
    return cls


def _source_of(cls: type, module: ModuleType) -> Source:
    import inspect

    if "." in cls.__qualname__:
        raise click.UsageError(f"{cls.__qualname__} is defined inside another object: move it to the top of its module")
    try:
        source = Source(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError, UnicodeDecodeError):
        raise click.UsageError(f"the source of {cls.__module__} cannot be read, so it cannot be copied") from None
    if not any(isinstance(one, ast.ClassDef) and one.name == cls.__name__ for one in source.tree.body):
        raise click.UsageError(
            f"{cls.__module__} has no statement `class {cls.__name__}` at its top, so it cannot be copied"
        )
    return source


def _body(source: Source, kept: list[ast.stmt], converter: Converter, cls: str) -> str:
    edited = {one: source.edited(one, converter.edits) for one in kept}
    kept = _still_needed(edited, cls)
    return _joined(kept, [edited[one] for one in kept])


def _text(body: str, source: Source, converter: Converter, module: ModuleType, cls: str, target: str) -> str:
    lazy = converter.own("lazy")
    variable = "settings" if "settings" not in converter.taken else "loaded_settings"
    written = ast.parse(body)
    wanted = used(written)
    imports = Imports(module.__package__ or "")
    imports.take(own_imports(source.tree.body), wanted - converter.taken - {"Secret", "lazy"})
    _add_ours(imports, converter)
    head = f'"""Settings of the program, from {target}. Other modules import `{variable}`."""'
    return f"{head}\n\n{imports.lines()}\n{body}\n\n\n{variable} = {lazy}({cls})\n"


def _still_needed(edited: Mapping[ast.stmt, str], cls: str) -> list[ast.stmt]:
    """Return the statements in `edited` that the class `cls` uses after the edits.

    `edited` is a dict from each statement to its edited text. A constant used only by removed defaults is left out.
    """
    after = Source("\n".join(edited.values()))
    needed = set(map(id, after.needed(cls)))
    return [one for one, other in zip(edited, after.tree.body, strict=True) if id(other) in needed]


def _add_ours(imports: Imports, converter: Converter) -> None:
    """Add imports for the names of toriconfig and pydantic that the edits use.

    An import of the same name from pydantic-settings, such as `SettingsConfigDict`, is removed.
    """
    for name in converter.pydantic:
        imports.add("pydantic", name)
    for name in converter.ours:
        imports.drop("pydantic_settings", {name})
        if name in converter.taken:
            imports.add("toriconfig")
        else:
            imports.add("toriconfig", name)


def _joined(statements: list[ast.stmt], parts: list[str]) -> str:
    """Join `parts`, where each part is the text of one statement, with the blank lines that a formatter would write."""
    if not parts:
        return ""
    texts = ["\n\n" if _is_block(statements[0]) else "\n", parts[0]]
    for (before, one), part in zip(pairwise(statements), parts[1:], strict=True):
        if _is_block(before) or _is_block(one):
            texts.append("\n\n\n")
        else:
            texts.append("\n" if one.lineno - (before.end_lineno or 0) == 1 else "\n\n")
        texts.append(part)
    return "".join(texts)


def _is_block(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))


def _foreign_secrets(cls: type) -> Iterable[str]:
    """For each model inside `cls` that another module defines, yield a note if the model has fields of `SecretStr`."""
    from toriconfig._schema.shape import root_shape, within

    for shape in within(root_shape(cls)):
        for model in shape.models:
            if model.__module__ == cls.__module__ or shape.kind != "model":
                continue
            sealed = [field.name for field in shape.fields.values() if field.shape.sealed]
            if sealed:
                fields = ", ".join(f"`{name}`" for name in sealed)
                yield f"{model.__module__}:{model.__name__} is imported unchanged: {fields} stays a SecretStr"


def _dotenv(cls: type[BaseSettings]) -> tuple[str, ...]:
    given = cls.model_config.get("env_file")
    files = [given] if isinstance(given, (str, os.PathLike)) else list(given or ())
    return tuple(os.fspath(file) for file in files if not os.path.isabs(os.path.expanduser(file)))


def _with_settings(draft: Draft, names: Names) -> Draft:
    from toriconfig._inspect.json_schema import variables_of
    from toriconfig.cli.init._project import class_of
    from toriconfig.cli.init._yaml import described, settings_of

    with class_of(draft, names) as cls:
        settings = settings_of(cls, names.name)
        variables = {path: variable for variable, path in variables_of(cls)}
    unset = tuple(described(path, variables.get(path, ""), names.name) for path in settings.missing)
    first = f"required secrets are references to Vault in {names.name}.yaml, which have precedence over variables"
    late = (
        f"{first}: remove these lines if variables or files supply the secrets",
        "a secret that Vault lacks is an error at its first `.get()` or `prefetch`, not at the start",
    )
    notes = (*draft.notes, *(late if settings.references else ()))
    return draft._replace(notes=notes, settings={f"{names.name}.yaml": settings.text}, unset=unset)
