"""The settings in effect as YAML, JSON or variables, which read back to the same settings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toriconfig._effective import Leaf
from toriconfig._path import Path, show
from toriconfig._secret import MASK

_PLAIN_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})


def as_yaml(leaves: Sequence[Leaf], *, origins: bool) -> str:
    """YAML; secrets as their reference, those without one as a comment."""
    lines: list[str] = []
    open_: Path = ()
    for leaf in leaves:
        parents = leaf.path[:-1]
        shared = next(
            (i for i, (a, b) in enumerate(zip(open_, parents, strict=False)) if a != b), min(len(open_), len(parents))
        )
        lines += [f"{'  ' * depth}{_key(parents[depth])}:" for depth in range(shared, len(parents))]
        open_ = parents
        note = f"  # {leaf.origin}" if origins else ""
        hash_ = "# " if leaf.hidden or (leaf.secret and leaf.value is None) else ""
        value = MASK if hash_ else scalar(leaf.value)
        lines.append(
            f"{'  ' * len(parents)}{hash_}{_key(leaf.path[-1])}: {value}{note or (f'  # {leaf.origin}' if hash_ else '')}"
        )
    return "\n".join(_without_empty(lines)) + "\n"


def as_json(leaves: Sequence[Leaf], *, origins: bool) -> str:
    """JSON; with origins each leaf is `{"value": …, "origin": …}`."""
    root: dict[str, Any] = {}
    for leaf in leaves:
        at = root
        for part in leaf.path[:-1]:
            at = at.setdefault(str(part), {})
        value = MASK if leaf.hidden or (leaf.secret and leaf.value is None) else _escaped(leaf.value, leaf)
        at[str(leaf.path[-1])] = {"value": value, "origin": str(leaf.origin)} if origins else value
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def as_env(leaves: Sequence[Leaf], variables: Mapping[Path, str], *, origins: bool) -> str:
    """Variables, a line each; secrets, and what has no variable, as comments."""
    lines: list[str] = []
    for path, group in _by_variable(leaves, variables):
        first = group[0]
        name = variables.get(path)
        note = f"  # {first.origin}" if origins else ""
        if first.secret or any(leaf.hidden for leaf in group) or name is None:
            lines.append(
                f"# {name or show(path)}: {first.value or MASK}{note}" if first.secret else f"# {name or show(path)}"
            )
            continue
        value = (
            first.value
            if len(group) == 1 and first.path == path
            else {show(x.path[len(path) :]): x.value for x in group}
        )
        lines.append(f"{name}={_env_text(value)}{note}")
    return "\n".join(lines) + "\n"


def _by_variable(leaves: Iterable[Leaf], variables: Mapping[Path, str]) -> list[tuple[Path, list[Leaf]]]:
    groups: dict[Path, list[Leaf]] = {}
    for leaf in leaves:
        path = leaf.path
        while path not in variables and path[:-1] in variables:
            path = path[:-1]
        groups.setdefault(path, []).append(leaf)
    return list(groups.items())


def _env_text(value: Any) -> str:
    if value is None:
        return "null"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if any(char in text for char in " '\"#\n\\$") else text


def _key(key: str | int) -> str:
    return scalar(str(key), escape=False)


def scalar(value: Any, *, escape: bool = True) -> str:
    """A value as YAML in one line; `escape`: whether a literal `${` is kept from being a reference."""
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, str):
        text = value if value.startswith("${vault:") or not escape else value.replace("${", "$${")
        plain = text.isascii() and text[:1].isalpha() and all(char.isalnum() or char in "_-./" for char in text)
        return text if plain and text.lower() not in _PLAIN_WORDS else json.dumps(text, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {scalar(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _escaped(value: Any, leaf: Leaf) -> Any:
    if isinstance(value, str):
        return value if leaf.secret else value.replace("${", "$${")
    if isinstance(value, list):
        return [_escaped(item, leaf) for item in value]
    return {key: _escaped(item, leaf) for key, item in value.items()} if isinstance(value, dict) else value


def _without_empty(lines: list[str]) -> list[str]:
    """A section of which every leaf became a comment would read as null: it is a comment too."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.endswith(":") and not line.lstrip().startswith("#"):
            below = [other for other in _below(lines, number, indent) if not other.lstrip().startswith("#")]
            if all(other.endswith(":") for other in below):
                line = f"{' ' * indent}# {line.lstrip()}"
        kept.append(line)
    return kept


def _below(lines: list[str], number: int, indent: int) -> Iterable[str]:
    for line in lines[number + 1 :]:
        if len(line) - len(line.lstrip()) <= indent:
            return
        yield line
