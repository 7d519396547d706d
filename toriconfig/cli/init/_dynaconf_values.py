"""The values of the settings files of dynaconf, one mapping for each environment. Values of secrets are dropped."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import click

from toriconfig._core.path import Path, show
from toriconfig._core.problem import CODES
from toriconfig._masking.shown import conceals
from toriconfig.cli._read import LARGEST_INPUT, file_text
from toriconfig.cli.init._dynaconf_dates import with_dates
from toriconfig.cli.init._dynaconf_project import DynaconfProject
from toriconfig.cli.init._dynaconf_unread import REMEDIES, option

Values = dict[str, Any]
DEFAULT = "default"
_KNOWN = frozenset({DEFAULT, "global", "development", "production", "staging", "testing", "main"})
_CAST = re.compile(r"@(int|float|bool|str|json|none|null)\b\s*(.*)", re.DOTALL | re.IGNORECASE)


class Hidden:
    """A secret. Its value is not kept.

    Attributes:
        kind: the type in `Secret[...]`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Read(NamedTuple):
    """The values of a dynaconf project.

    Attributes:
        environments: a dict from each environment, `default` first, to its values. A secret is `Hidden`.
        notes: one line for each value that cannot be carried over.
    """

    environments: dict[str, Values]
    notes: tuple[str, ...]


def read_values(project: DynaconfProject) -> Read:
    """Return the values of all files of a project.

    Raises:
        click.UsageError: a file cannot be read; the message names file and line, and shows no content.
    """
    contents = {file: _content(file) for file in (*project.plain, *project.secret)}
    layered = _is_layered(project, contents.values())
    notes: list[str] = []
    found: dict[str, Values] = {DEFAULT: {}}
    for file, content in contents.items():
        for name, values in _sections(content, layered=layered).items():
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or name == "local":
                notes.append(f"an environment of {file}: its name cannot be the name of a file")
                continue
            own = _clean(values, (), file, notes)
            merge(found.setdefault(name, {}), _hidden(own) if file in project.secret else own)
    for name in ("global", project.prefix.rstrip("_").lower()):  # above all others
        above = found.pop(name, {}) if layered else {}
        for values in found.values():
            merge(values, above)
    secret = {path for values in found.values() for path, value in _leaves(values) if isinstance(value, Hidden)}
    for values in found.values():
        _hide(values, (), secret, notes)
    if not project.options.get("merge_enabled") and any(_partial(found, name) for name in found):
        notes.append("sections are merged key by key now; dynaconf replaces a section unless `merge_enabled` is set")
    return Read(found, tuple(dict.fromkeys(notes)))


def merge(into: Values, values: Mapping[str, Any]) -> None:
    """Merge `values` into `into`, key by key, also within sections. A secret in `into` is not replaced."""
    for key, value in values.items():
        there = into.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            merge(there, value)
        elif not isinstance(there, Hidden):
            into[key] = _copy(value)


def _copy(value: Any) -> Any:
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value


def _content(file: str) -> Values:
    from toriconfig.sources.settings_file import documents_of

    first, *others = documents_of(file)
    wrong = next((one for one in first.problems if one.severity == "error"), None)
    if wrong is not None:  # its message may quote a secret
        at = f":{wrong.origin.line}:{wrong.origin.column}" if wrong.origin is not None and wrong.origin.line else ""
        raise click.UsageError(f"{file}{at} cannot be read: {CODES[wrong.code]}")
    if others or not isinstance(first.root.value, dict):
        raise click.UsageError(f"{file} cannot be read: it must be one mapping")
    if file.endswith(".toml"):  # with dates
        return tomllib.loads(file_text(file, LARGEST_INPUT))
    values: Values = _raw(first.root)
    return with_dates(values, file_text(file, LARGEST_INPUT)) if file.endswith((".yaml", ".yml")) else values


def _raw(node: Any) -> Any:
    value = node.value
    if isinstance(value, dict):
        return {str(key): _raw(child) for key, child in value.items()}
    return [_raw(child) for child in value] if isinstance(value, list) else value


def _is_layered(project: DynaconfProject, contents: Iterable[Values]) -> bool:
    """Return True if the tables at the top of the files are environments."""
    given = project.options.get("environments")
    if given is not None:
        return bool(given)
    named = [content for content in contents if _KNOWN & {key.lower() for key in content}]
    return bool(named) and all(isinstance(value, dict) for content in named for value in content.values())


def _sections(content: Values, *, layered: bool) -> dict[str, Values]:
    if not layered:
        return {DEFAULT: content}
    return {name.lower(): values for name, values in content.items() if isinstance(values, dict)}


def _clean(values: Mapping[str, Any], path: Path, file: str, notes: list[str]) -> Values:
    """Return `values` with keys in lower case, `a__b` as key `b` of a section `a`, and the casts of dynaconf applied.

    Options of dynaconf are left out. A line about each is added to `notes`.
    """
    found: Values = {}
    for key, value in values.items():
        name = key.lower()
        if name.startswith("dynaconf_") or (name.endswith("_for_dynaconf") and not path):
            if name != "dynaconf_merge":
                remedy = REMEDIES.get(option(name))
                notes.append(f"{file}: `{show((*path, key))}`, an option of dynaconf{f'; {remedy}' if remedy else ''}")
            continue
        parts = [part for part in name.split("__") if part] or [name]
        at = found
        for part in parts[:-1]:
            if not isinstance(at.get(part), dict):  # a later section replaces a value
                at[part] = {}
            at = at[part]
        if isinstance(value, dict):
            merge(at, {parts[-1]: _clean(value, (*path, *parts), file, notes)})
        else:
            at[parts[-1]] = _cast(value, (*path, *parts), file, notes)
    return found


def _cast(value: Any, path: Path, file: str, notes: list[str]) -> Any:
    if isinstance(value, list):
        if "dynaconf_merge" in value:
            notes.append(f"{file}: `{show(path)}` is appended; declare Annotated[list[...], Merge('append')]")
        return [_cast(item, path, file, notes) for item in value if item != "dynaconf_merge"]
    if isinstance(value, dict):
        return {str(key): _cast(item, path, file, notes) for key, item in value.items()}
    if not isinstance(value, str) or value[:1] != "@":
        return value
    matched = _CAST.fullmatch(value)
    made: Any = None if matched is None else _made(matched[1].lower(), matched[2])
    if matched is None or made is ...:
        notes.append(f"{file}: `{show(path)}`, a value that begins with `@`, is plain text now")
        return value
    return made


def _made(kind: str, text: str) -> Any:
    try:
        if kind in ("none", "null"):
            return None
        if kind == "bool":
            return text.strip().lower() in ("true", "t", "1", "yes", "y", "on", "enabled")
        casts: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "json": json.loads, "str": str}
        return casts[kind](text)
    except (ValueError, RecursionError):
        return ...


def _hidden(value: Any) -> Any:
    """Return `value` with each leaf replaced by `Hidden`."""
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return Hidden("list[str]" if isinstance(value, list) else "str")


def _hide(values: Values, path: Path, secret: set[Path], notes: list[str]) -> None:
    for key, value in values.items():
        at = (*path, key)
        if isinstance(value, dict) and at not in secret:
            _hide(value, at, secret, notes)
        elif not isinstance(value, Hidden) and (at in secret or conceals(key, value)):
            values[key] = _hidden(value) if not isinstance(value, dict) else Hidden("str")
            if at not in secret:
                notes.append(f"the value of `{show(at)}`: it looks like a secret, so it is not copied")


def _leaves(values: Values, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _partial(found: dict[str, Values], name: str) -> bool:
    """Return True if the environment `name` has a section without a key that this section has in `default`."""
    base = found[DEFAULT]
    return name != DEFAULT and any(
        isinstance(value, dict) and isinstance(base.get(key), dict) and base[key].keys() - value.keys()
        for key, value in found[name].items()
    )
