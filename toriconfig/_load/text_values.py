"""Conversion of text by shape: JSON, `a,b` for a list, `a=1,b=2` for a mapping, `2` for `Literal[1, 2]`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Key, Node, Positions
from toriconfig._schema.shape import ANY, Shape, has_exact

_NUMBERS = frozenset({int, float, bool, Decimal})


def structured(node: Node, shape: Shape, path: Path, problems: list[Problem]) -> Node | None:
    """Return `node` with its text converted for `shape`; None for empty text of an optional model, or after a problem.

    Examples: JSON or `a,b` for a list, JSON or `a=1,b=2` for a mapping, `2` for `Literal[1, 2]`.
    """
    text = node.value
    if not isinstance(text, str) or shape.verbatim:
        return node
    if shape.kind == "scalar":
        return node if shape.validated else _scalar(node, shape)
    stripped = text.strip()
    if stripped == "null" and can_mean(shape, None):
        return Node(None, node.layer, node.at)
    if (shape.kind == "secret" and not shape.models) or (shape.kind == "any" and not shape.decodes):
        return node
    opens, wrong = stripped[:1] in ("{", "["), 0
    if opens or _spells_numbers(shape) or (stripped[:1] == '"' and (shape.text or shape.validated)):
        value, wrong = _json(stripped, exact=has_exact(shape))
        if not wrong:
            return _nodes(value, node, shape)
    if shape.text or shape.validated or shape.kind == "any" or (shape.kind == "secret" and not opens):
        return node
    if opens:
        problems.append(_bad_text(node, path, "valid JSON", f"the JSON is invalid at character {wrong}"))
        return None
    return _split(node, shape, path, problems)


def _spells_numbers(shape: Shape) -> bool:
    """Return True if the shape allows numbers but no text, such as `int | list[int]`."""
    free = shape.kind == "any" or (shape.text and bool(shape.scalars))
    return free and not shape.choices and _NUMBERS.issuperset(shape.scalars)


def _split(node: Node, shape: Shape, path: Path, problems: list[Problem]) -> Node | None:
    """Return `node` with its text split at commas; None for empty text of an optional model, or after a problem."""
    text: str = node.value
    parts = list(filter(str.strip, text.split(",")))
    if not parts and shape.kind == "model" and shape.nullable:
        return None  # an empty variable does not turn an optional section on
    if shape.kind == "sequence" and not (shape.names and "=" in text):
        items = [_part(part, node, shape.child(at) or ANY) for at, part in enumerate(parts)]
        return Node(items, node.layer, node.at)
    choices = shape.keys.choices if shape.keys is not None else ()
    pairs: dict[str, Node] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals:
            problems.append(_bad_text(node, path, "`key=value,key=value` or a JSON object", "a pair has no `=`"))
            return None
        pairs[declared(key.strip(), choices)] = _part(value, node, shape.child(key.strip()) or ANY)
    return Node(pairs, node.layer, node.at)


def referred(text: str, node: Node, shape: Shape, path: Path, problems: list[Problem], failed: object) -> Node:
    """Return `node` with `text` as its value, converted for `shape` like the text of a variable.

    Empty text of an optional model becomes None.

    Args:
        text: the text of `node`, with its references replaced.
        failed: the value of the result after a problem.
    """
    from toriconfig._load.exact_values import exact_values

    known = len(problems)
    found = structured(Node(text, node.layer.worded, node.at), shape, path, problems)
    if found is None:
        value: Any = failed if len(problems) > known else None
        return Node(value, node.layer.settled, node.at, node.key_at, node.under)
    found = exact_values(found, shape, lambda _: None)
    return Node(found.value, found.layer, node.at, node.key_at, node.under)


def can_mean(shape: Shape, value: Any) -> bool:
    """Return True if the text of a variable or secret file can set a field of this shape to `value`.

    None is possible if the text `null` is read as None. A mapping or list is possible if the text is read as JSON.
    Any other value is possible.
    """
    if value is None:
        text = shape.text or (shape.kind == "scalar" and shape.validated)
        return shape.nullable and shape.kind not in ("secret", "any") and not text and not shape.verbatim
    return not isinstance(value, (dict, list)) or (not shape.verbatim and (shape.kind != "any" or shape.decodes))


def _part(text: str, whole: Node, shape: Shape) -> Node:
    node = Node(text.strip(), whole.layer, whole.at, whole.at)
    return _scalar(node, shape) if shape.kind == "scalar" and not (shape.validated or shape.verbatim) else node


def _scalar(node: Node, shape: Shape) -> Node:
    """Return `node` with its text converted to None, or to a number or boolean of `shape.choices`.

    `null` is converted to None if the shape allows None. If no conversion applies, return `node` itself.
    """
    text = node.value.strip()
    if text == "null" and can_mean(shape, None):
        return Node(None, node.layer, node.at, node.key_at)
    if shape.choices and not shape.scalars and node.value not in shape.choices:
        found = choice(text, shape.choices)
        if found is not None:
            return Node(found, node.layer, node.at, node.key_at)
    return node


def choice(text: str, choices: tuple[Any, ...]) -> Any:
    """Return the number or boolean among `choices` that a text spells, or None.

    >>> choice("2", (1, 2)), choice("true", (True,)), choice("2", ("2",))
    (2, True, None)
    """
    value, wrong = _json(text)
    if wrong or value is None:
        return None
    return next((one for one in choices if type(one) is type(value) and one == value), None)


def declared(key: str, choices: tuple[Any, ...]) -> str:
    """Return `key`. If it spells a number or boolean of `choices`, return it as a `Key` (str with parsed value)."""
    found = choice(key, choices) if choices and key not in choices else None
    return key if found is None else Key(key, found)


class JsonText(str):
    """Text that was decoded from JSON. `read_by_shape` does not decode it again."""

    __slots__ = ()


class _Spelt(float):
    """A float from decoded JSON, with its text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number


def decoded(text: str) -> Any:
    """Return JSON text as Python objects; None if the text is invalid or `null`.

    Strings in the result are `JsonText` (str), and floats also hold their text. `unmarked` returns plain values.
    """
    return _marked(_json(text, exact=True)[0])


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return JsonText(value) if isinstance(value, str) else value


def unmarked(value: Any, shape: Shape) -> Any:
    """Convert a string or float from decoded JSON to a plain `str`, `float` or `Decimal`; return others unchanged.

    A float becomes a `Decimal` if the shape requires one.
    """
    if type(value) is _Spelt:
        from toriconfig._load.exact_values import exact

        return exact(float(value), shape, lambda: value.text)
    return str(value) if type(value) is JsonText else value


def _json(text: str, *, exact: bool = False) -> tuple[Any, int]:
    import json

    try:
        return json.loads(text, parse_float=_Spelt if exact else None), 0
    except ValueError as error:
        return None, getattr(error, "pos", 0) + 1
    except RecursionError:
        return None, 1


def _nodes(value: Any, like: Node, shape: Shape, key_at: Any = None) -> Node:
    if isinstance(value, dict):
        keys = shape.keys.choices if shape.keys is not None else ()
        value = {
            declared(key, keys): _nodes(part, like, shape.child(key) or ANY, like.at) for key, part in value.items()
        }
    elif isinstance(value, list):
        value = [_nodes(part, like, shape.child(at) or ANY, like.at) for at, part in enumerate(value)]
    return Node(unmarked(value, shape), like.layer, like.at, key_at)


def read_by_shape(
    node: Node, shape: Shape, problems: list[Problem], *, decodes: bool = True, path: Path = ()
) -> Node | None:
    """Return a nested tree with its text converted for `shape`.

    If the shape is a list, a mapping with keys such as `0` becomes list items. Text with a reference is not
    converted until the reference is resolved.

    Args:
        decodes: False: only the text of scalars is converted, because the class sets `enable_decoding=False`.

    Returns:
        The node; None for empty text of an optional model, or after a problem.
    """
    value = node.value
    if isinstance(value, str) and not isinstance(value, JsonText):
        if node.layer.references and "${" in value:
            return node
        return structured(node, shape, path, problems) if decodes or shape.kind == "scalar" else node
    if type(value) is dict:
        value = _mapping(value, shape, problems, decodes, path)
    elif type(value) is list:
        items = (
            (at, read_by_shape(child, shape.child(at) or ANY, problems, decodes=decodes, path=(*path, at)))
            for at, child in enumerate(value)
        )
        value = [item for _, item in items if item is not None]
    else:
        value = unmarked(value, shape)
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _mapping(value: dict[str, Node], shape: Shape, problems: list[Problem], decodes: bool, path: Path) -> Any:
    choices = shape.keys.choices if shape.keys is not None else ()
    read: dict[Any, Node] = {}
    for key, child in value.items():
        at: str | int = _position(key, shape) if shape.kind == "sequence" else declared(key, choices)
        below = shape.child(at) or ANY
        node = read_by_shape(child, below, problems, decodes=decodes, path=(*path, at))
        if node is not None:
            read[at] = node
    positions = shape.kind == "sequence" and bool(read) and all(isinstance(at, int) for at in read)
    return Positions(read) if positions else read


def _position(key: str, shape: Shape) -> str | int:
    names = [name.lower() for name in shape.names]
    if key.lower() in names:
        return names.index(key.lower())
    return int(key) if key.isascii() and key.isdigit() and not shape.unordered else key


def _bad_text(node: Node, path: Path, expected: str, label: str) -> Problem:
    return Problem(
        Code.WRONG_TYPE,
        show(path),
        node.origin,
        expected=expected,
        help=f"set {node.origin} to {expected}",
        message=f"`{show(path)}` cannot be read from text",
        label=label,
    )
