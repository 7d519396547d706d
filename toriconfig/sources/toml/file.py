"""TOML files with the position of every key and value: `tomllib` reads the values, `toml.places` finds the positions."""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from toriconfig._core.collector import paused
from toriconfig._core.mask import MASK
from toriconfig._core.origin import LayerKind, Origin
from toriconfig._core.path import show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig.sources.read_file import too_large
from toriconfig.sources.toml.lines import Lines

if TYPE_CHECKING:
    from toriconfig.sources.read_file import Limits
    from toriconfig.sources.toml.places import Spot

LARGEST = 4 << 20
"""Maximum size of a TOML file in bytes. `tomllib` is pure Python, and slower than the YAML parser."""

_MOST_TRIES = 40
_KEY_OR_HEADER = re.compile(r"\s*(?:\[\[?[^\]\"'=]*\]?\]?\s*\Z|[A-Za-z0-9_.-]{1,100}\s*=\s*)")


def read_toml(
    content: str | bytes,
    name: str,
    *,
    kind: LayerKind = "files",
    limits: Limits | None = None,
    table: tuple[str, ...] = (),
) -> list[Tree]:
    """Return a list with the tree of a text. After a syntax error, the tree has the part before the error.

    Args:
        content: the text; bytes are UTF-8.
        name: name for messages, such as a file or `<stdin>`.
        kind: the layer of the values.
        limits: limits on size and structure; None: the default limits.
        table: keys of the table to read, such as `("tool", "app")`; empty: the whole file is read.
    """
    if limits is None:
        from toriconfig.sources.read_file import Limits

        limits = Limits()
    most = min(limits.max_bytes, LARGEST)
    whole = Origin(kind, name)
    if len(content) > most:
        return [_refused(Layer(kind, name, lambda _: whole), too_large(whole, most))]
    text = _decoded(content)
    if text is None:
        return [_refused(Layer(kind, name, lambda _: whole), _not_text(whole))]
    lines = Lines(text, kind, name)
    layer = Layer(kind, name, lines.origin, references=True)
    root: Node | None = None
    with paused():
        data, read, problem = _parsed(lines)
        if problem is None or data:
            root, deep = _nodes(data, read, layer, limits)
            problem = problem or deep
    shown = text.split("\n") if problem is None else _shown(text, read)
    tree = Tree(
        root or Node({}, layer),
        problems=() if problem is None else (problem,),
        lines=shown,
        complete=problem is None,
        blank=not text.strip(),
    )
    return [_only(tree, table) if table else tree]


def _decoded(content: str | bytes) -> str | None:
    r"""Return the text with `\n` as line breaks; None if it is not UTF-8."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
        text.encode()
    except UnicodeError:
        return None
    return text.replace("\r\n", "\n")


def _parsed(lines: Lines) -> tuple[dict[str, Any], str, Problem | None]:
    """Return `(values, beginning, problem)`: the values of a valid beginning of the text, the beginning, and the syntax
    error after the beginning.

    If the whole text is valid, the problem is None. If no valid beginning is found, return `({}, "", problem)`.
    """
    text = lines.text
    found = _loaded(text)
    if isinstance(found, dict):
        return found, text, None
    problem = _problem(found, lines)
    rows = text.split("\n")
    end = (problem.origin.line if problem.origin is not None and problem.origin.line else len(rows)) - 1
    for tries in range(_MOST_TRIES):
        beginning = "\n".join(rows[:end])
        found = _loaded(beginning)
        if isinstance(found, dict):
            return found, beginning, problem
        end = end - 1 if tries < _MOST_TRIES // 2 else end // 2
    return {}, "", problem


def _loaded(text: str) -> dict[str, Any] | str:
    """Return the values of a text; for invalid text, the message of `tomllib`, or "too deep".

    The message must not be shown, because it may repeat a value.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return str(error)
    except (RecursionError, ValueError):  # ValueError: a number of too many digits
        return "too deep"


def _problem(message: str, lines: Lines) -> Problem:
    if message == "too deep":
        return _too_deep(lines.origin(None))
    from toriconfig.sources.toml.mistakes import mistake

    return mistake(message, lines)


def _nodes(data: dict[str, Any], text: str, layer: Layer, limits: Limits) -> tuple[Node, Problem | None]:
    from toriconfig.sources.toml.places import TooDeep, places

    try:
        spot = places(text, limits.max_depth)
    except TooDeep as deep:
        return Node({}, layer), _too_deep(layer.locate((deep.at, deep.at + 1)))
    return _node(data, spot, layer), None


def _node(value: Any, spot: Spot, layer: Layer) -> Node:
    below: Any = spot.below
    if isinstance(value, dict):
        value = {key: _node(child, below[key], layer) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_node(child, below[index], layer) for index, child in enumerate(value)]
    return Node(value, layer, spot.at, spot.key_at)


def _only(tree: Tree, table: tuple[str, ...]) -> Tree:
    """Return the tree of one table. If the file does not have the table, return an empty tree with a warning.

    If the file could not be read to its end, the warning is omitted.
    """
    node, problems = tree.root.find(table), tree.problems
    if node is None or type(node.value) is not dict:
        if tree.complete:
            problems = (*problems, _no_table(tree.root, table))
        node = Node({}, tree.root.layer)
    return Tree(node, problems=problems, lines=tree.lines, complete=tree.complete, blank=tree.blank)


def _no_table(root: Node, table: tuple[str, ...]) -> Problem:
    """Return the warning for a missing table, with the most similar existing name if there is one."""
    from toriconfig._core.suggest import near

    depth = next(end for end in range(1, len(table) + 1) if not _is_table(root.find(table[:end])))
    above, other = root.find(table[: depth - 1]), root.find(table[:depth])
    known = above.value if above is not None else {}
    tables = [key for key, node in known.items() if _is_table(node)]
    candidate = near(table[depth - 1], tables)
    project = os.path.basename(root.layer.name) == "pyproject.toml"
    option = "pyproject_toml_table_header" if project else "toml_table_header"
    there = show((*table[: depth - 1], candidate, *table[depth:])) if candidate else ""
    remedy = f"it has `[{there}]`: rename it" if there else "add the table"
    return Problem(
        Code.MISSING_FILE,
        "",
        other.key_origin if other is not None else root.layer.locate(None),
        help=f"{remedy}, or name another one with `{option}`",
        message=f"the file has no table `[{show(table)}]`, so nothing is read from it",
        label="not a table" if other is not None else "",
        severity="warning",
    )


def _is_table(node: Node | None) -> bool:
    return node is not None and type(node.value) is dict


def _shown(text: str, read: str) -> list[str]:
    """Return the lines of `text` for excerpts, with each value after `read` masked.

    `read` is the beginning of `text` that was parsed without error. The lines of `read` are returned unchanged.
    """
    rows = text.split("\n")
    known = read.count("\n") + 1 if read else 0
    return [row if number < known else _keys_of(row) for number, row in enumerate(rows)]


def _keys_of(row: str) -> str:
    match = _KEY_OR_HEADER.match(row)
    start = match.end() if match else len(row) - len(row.lstrip())
    return row[:start] + (MASK if row[start:].strip() else "")


def _refused(layer: Layer, problem: Problem) -> Tree:
    return Tree(Node({}, layer), problems=(problem,), complete=False)


def _not_text(origin: Origin) -> Problem:
    return Problem(Code.INVALID_SYNTAX, origin=origin, message="the file is not UTF-8 text", help="save it as UTF-8")


def _too_deep(origin: Origin) -> Problem:
    return Problem(
        Code.TOO_LARGE,
        origin=origin,
        message="values are nested too deeply",
        label="from here on",
        help="flatten the settings",
    )
