"""The effective settings as text: YAML, JSON or variables. A load of the text gives each written value again.

Secrets, and values that look like secrets, are not written. If a secret has a reference, YAML and JSON contain the
reference instead. Other omitted values become comments in YAML and in variables; JSON omits the key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from toriconfig._core.mask import MASK
from toriconfig._core.path import Path, show
from toriconfig._core.printable import clean, clean_json
from toriconfig._core.tree import Key
from toriconfig._inspect.effective import Leaf
from toriconfig._load.text_values import can_mean
from toriconfig._masking.shown import Verbatim
from toriconfig._schema.shape import ANY, Shape, root_shape
from toriconfig.cli._scalar import yaml_key, yaml_scalar
from toriconfig.cli._variable_text import env_text, is_env_name, is_shell_name, shell_assignment

if TYPE_CHECKING:
    from pydantic import BaseModel

Nested = dict[str, "Nested | Leaf"]


def as_yaml(leaves: Sequence[Leaf], *, origins: bool) -> str:
    """Return the settings as YAML. A value that cannot be shown becomes a comment.

    Args:
        leaves: the settings.
        origins: True: add the origin of each value.
    """
    return "\n".join(_section(_nested(leaves), 0, origins).lines) + "\n"


def as_json(leaves: Sequence[Leaf], *, origins: bool, ascii: bool = False) -> str:  # noqa: A002 - as json.dumps calls it
    """Return the settings as JSON, without values that cannot be shown.

    Args:
        leaves: the settings.
        origins: True: each value is `{"value": …, "origin": …}`.
        ascii: True: only ASCII is written; False: only invisible characters are escaped.
    """
    shown = [leaf for leaf in leaves if shows(leaf)]
    text = json.dumps(_plain(_nested(shown), origins), indent=2, allow_nan=False, ensure_ascii=ascii)
    return clean_json(text) + "\n"


def as_shell(
    leaves: Sequence[Leaf],
    cls: type[BaseModel],
    *,
    origins: bool,
    ascii: bool = False,  # noqa: A002 - as json.dumps calls it
) -> str:
    """Return lines that export the settings in a POSIX shell and run no command.

    Secrets, and values that a variable cannot hold, become comments.

    Args:
        leaves: the settings.
        cls: the settings class.
        origins: True: add the origin of each value.
        ascii: True: only ASCII is written.
    """
    return _variables(leaves, cls, _SHELL, origins, ascii)


def as_env(
    leaves: Sequence[Leaf],
    cls: type[BaseModel],
    *,
    origins: bool,
    ascii: bool = False,  # noqa: A002 - as json.dumps calls it
) -> str:
    """Return the settings as lines of a `.env` file.

    Secrets, and values that a variable cannot hold, become comments.

    Args:
        leaves: the settings.
        cls: the settings class.
        origins: True: add the origin of each value.
        ascii: True: a value that cannot be written in ASCII becomes a comment too.
    """
    return _variables(leaves, cls, _ENV, origins, ascii)


class _Dialect(NamedTuple):
    """Syntax of a file that sets variables.

    Attributes:
        has: function that returns True for a valid name.
        line: function that returns the line that sets a variable, or None if its value cannot be expressed.
        hint: comment for a value that cannot be expressed.
    """

    has: Callable[[str], bool]
    line: Callable[[str, Any, bool], str | None]
    hint: str


def _env_line(name: str, value: Any, ascii: bool) -> str | None:  # noqa: A002
    text = env_text(value, ascii=ascii)
    return None if text is None else f"{name}={text}"


def _shell_line(name: str, value: Any, ascii: bool) -> str | None:  # noqa: A002
    return shell_assignment(name, value, ascii=ascii)


_ENV = _Dialect(is_env_name, _env_line, "no variable can hold it")
_SHELL = _Dialect(is_shell_name, _shell_line, "no variable can hold it")


def _variables(
    leaves: Sequence[Leaf],
    cls: type[BaseModel],
    dialect: _Dialect,
    origins: bool,
    ascii: bool,  # noqa: A002
) -> str:
    from toriconfig._inspect.json_schema import variables_of

    variables = {path: name for name, path in variables_of(cls, sections=True) if dialect.has(name)}
    groups: dict[Path, list[Leaf]] = {}
    for leaf in leaves:
        upwards = (leaf.path[:end] for end in range(len(leaf.path), 0, -1))
        nearest = next((path for path in upwards if path in variables), leaf.path)
        groups.setdefault(nearest, []).append(leaf)
    shape = root_shape(cls)
    lines = [
        _variable(path, group, variables.get(path), shape.at(path), dialect, origins, ascii)
        for path, group in groups.items()
    ]
    return "\n".join(lines) + "\n"


def shows(leaf: Leaf) -> bool:
    """Return True if the value of a leaf can be written.

    A hidden value cannot be written. A secret can be written only as a reference.
    """
    return not leaf.hidden and not (leaf.secret and leaf.value is None)


class _Lines(NamedTuple):
    lines: list[str]
    says: bool


def _section(node: Nested, depth: int, origins: bool) -> _Lines:
    lines: list[str] = []
    says = False
    indent = "  " * depth
    for key, child in node.items():
        name = yaml_key(key)
        if isinstance(child, dict):
            below = _section(child, depth + 1, origins)
            # A section whose leaves are all comments would be read as null: it becomes a comment too.
            lines += [f"{indent}{'' if below.says else '# '}{name}:", *below.lines]
            says = says or below.says
            continue
        note = clean(f"  # {child.origin}") if origins or not shows(child) else ""
        note += clean(f"  # {child.note}") if child.note else ""
        value = yaml_scalar(child.value) if shows(child) else MASK
        lines.append(f"{indent}{'' if shows(child) else '# '}{name}: {value}{note}")
        says = says or shows(child)
    return _Lines(lines, says)


def _plain(node: Nested, origins: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, child in node.items():
        if isinstance(child, dict):
            plain[key] = _plain(child, origins)
            continue
        value = _json(child.value)
        plain[key] = {"value": value, "origin": str(child.origin)} if origins else value
    return plain


def _json(value: Any) -> Any:
    """Return a value for JSON: a literal `${` is escaped, and infinity is text, which a load reads as infinity."""
    if isinstance(value, str):
        return value if isinstance(value, Verbatim) else value.replace("${", "$${")
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, list):
        return [_json(item) for item in value]
    return {key: _json(item) for key, item in value.items()} if isinstance(value, dict) else value


def _variable(
    path: Path,
    group: Sequence[Leaf],
    name: str | None,
    shape: Shape | None,
    dialect: _Dialect,
    origins: bool,
    ascii: bool,  # noqa: A002
) -> str:
    first = group[0]
    note = clean(f"  # {first.origin}") if origins else ""
    if name is None:
        return clean(f"# {show(path)}: no variable can set it") + note
    if not all(map(shows, group)):
        return clean(f"# {name}: {MASK}") + note
    value = _value(path, group)
    if _refers(value):  # in a variable, a reference would be used as the value of the secret
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=ascii)
        return clean(f"# {name}: '{text}'") + note
    sayable = can_mean(shape or ANY, value) and (name.isascii() or not ascii) and _keys_are_text(value, shape or ANY)
    line = dialect.line(name, value, ascii) if sayable else None
    if line is None:
        return clean(f"# {name}: {dialect.hint}{' in ASCII' if ascii else ''}") + note
    return line + note


def _keys_are_text(value: Any, shape: Shape) -> bool:
    """Return True if the mapping keys in `value` stay the same when `value` is written as JSON and loaded.

    JSON turns a key that is a number, boolean or null into text. If the schema allows any text there, the load
    cannot restore the key, so the result is False.
    """
    if isinstance(value, list):
        return all(_keys_are_text(item, shape.child(at) or ANY) for at, item in enumerate(value))
    if not isinstance(value, dict):
        return True
    keys = shape.keys if shape.kind == "mapping" else shape
    free = keys is not None and not keys.choices and (keys.kind == "any" or str in keys.scalars)
    if free and any(type(key) is Key for key in value):
        return False
    return all(_keys_are_text(item, shape.child(key) or ANY) for key, item in value.items())


def _refers(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(_refers, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Verbatim)


def _value(path: Path, group: Sequence[Leaf]) -> Any:
    if group[0].path == path:
        return group[0].value
    return _bare(_nested([leaf._replace(path=leaf.path[len(path) :]) for leaf in group]))


def _bare(node: Nested) -> dict[str, Any]:
    return {key: _bare(child) if isinstance(child, dict) else child.value for key, child in node.items()}


def _nested(leaves: Iterable[Leaf]) -> Nested:
    root: Nested = {}
    for leaf in leaves:
        at = root
        for part in leaf.path[:-1]:
            below = at.setdefault(_text(part), {})
            assert isinstance(below, dict)
            at = below
        at[_text(leaf.path[-1])] = leaf
    return root


def _text(part: str | int) -> str:
    return part if isinstance(part, str) else str(part)
