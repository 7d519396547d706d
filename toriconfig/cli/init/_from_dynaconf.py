"""The draft of a project from the files of dynaconf: a settings file for each environment, and a class."""

from __future__ import annotations

import datetime
from typing import Any

from toriconfig._core.path import Path
from toriconfig.cli._scalar import yaml_key, yaml_scalar
from toriconfig.cli.init._draft import Draft, Names
from toriconfig.cli.init._dynaconf_project import DynaconfProject, find_project
from toriconfig.cli.init._dynaconf_values import DEFAULT, Hidden, Values, read_values
from toriconfig.cli.init._infer import Classes
from toriconfig.cli.init._yaml import reference


def draft_of_dynaconf(names: Names) -> Draft:
    """Return the draft of a project from the dynaconf project in the working directory.

    Raises:
        click.UsageError: there is no dynaconf project, or a file cannot be read; the message names the file.
    """
    project = find_project()
    read = read_values(project)
    profiles = [name for name in read.environments if name != DEFAULT]
    settings = {f"{names.name}.yaml": _text(read.environments[DEFAULT], names.name)}
    for profile in profiles:
        text = _text(read.environments[profile], f"{names.name}/{profile}")
        settings[f"{names.name}.{profile}.yaml"] = text
    notes = [*project.notes, *read.notes]
    if "development" in profiles:
        notes.append(
            f"dynaconf used [development] without a choice; set {project.switcher}=development to read "
            f"{names.name}.development.yaml"
        )
    base, others = read.environments[DEFAULT], [read.environments[name] for name in profiles]
    module = _module(project, names, base, others)
    return Draft(module, names.cls, settings, tuple(notes), dotenv=(".env",))


def _module(project: DynaconfProject, names: Names, base: Values, others: list[Values]) -> str:
    classes = Classes(names.cls)
    options = [
        f'config_name="{names.name}"',
        f"env_prefix={_literal(project.prefix)}",
        'env_nested_delimiter="__"',
        f"profile_env={_literal(project.switcher)}",
        *(['env_file=".env"'] if project.options.get("load_dotenv") else []),
    ]
    config = "\n".join(
        ["    model_config = SettingsConfigDict(", *(f"        {option}," for option in options), "    )"]
    )
    classes.add(names.cls, "All settings of the program.", base, others, config)
    classes.imports.add("toriconfig", "SettingsConfigDict")
    classes.imports.add("toriconfig", "lazy")
    body = "\n\n\n".join(classes.texts)
    head = '"""Settings of the program. Other modules import `settings`."""'
    return f"{head}\n\n{classes.imports.lines()}\n\n\n{body}\n\n\nsettings = lazy({names.cls})\n"


def _literal(text: str) -> str:
    """Return text as a Python literal in double quotes."""
    import json

    return json.dumps(text)


def _text(values: Values, place: str) -> str:
    """Return values as a settings file; each secret is a reference to a path in Vault."""
    return "".join(f"{line}\n" for line in _lines(values, (), place)) or "{}\n"


def _lines(values: Values, path: Path, place: str) -> list[str]:
    lines: list[str] = []
    indent = "  " * len(path)
    for key, value in values.items():
        at = (*path, key)
        if isinstance(value, dict) and value:
            lines += [f"{indent}{yaml_key(key)}:", *_lines(value, at, place)]
        elif isinstance(value, Hidden):
            lines.append(f"{indent}{yaml_key(key)}: {reference(place, at)}")
        else:
            lines.append(f"{indent}{yaml_key(key)}: {yaml_scalar(_plain(value))}")
    return lines


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value
