"""Runs pydantic once over the merged tree, and turns what it finds into problems without values.

pydantic's errors hold the input. They live and die inside `_run`; only problems leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from toriconfig._path import Path, show
from toriconfig._shape import ANY, Shape, has_secrets
from toriconfig._tree import Node
from toriconfig.errors import Problem, Related

Found = list[tuple[Path, str, str, Mapping[str, Any]]]
"""What pydantic says: place, type, message and context of each error; never the input."""

_RULES = frozenset({"value_error", "assertion_error"})
_CHOICES = frozenset({"enum", "literal_error", "bool_parsing", "union_tag_invalid"})
_LIMITS = frozenset(
    {
        *("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "finite_number"),
        *("too_short", "too_long", "string_too_short", "string_too_long", "string_pattern_mismatch"),
    }
)


def validate(
    root: Node, shape: Shape, make: Callable[[dict[str, Any]], BaseModel], looked: Callable[[Path], str]
) -> tuple[BaseModel | None, list[Problem]]:
    """The validated model, or None and what is wrong with the tree.

    Args:
        root: the merged tree, with handles where secrets are.
        shape: the shape of the schema.
        make: what validates a plain mapping; `Schema.model_validate`.
        looked: says where a missing key was looked for.
    """
    model, found = _run(root, make)
    if model is not None:
        return model, []
    return None, list(_problems(found, root, shape, looked))


def _run(root: Node, make: Callable[[dict[str, Any]], BaseModel]) -> tuple[BaseModel | None, Found]:
    try:
        return make(root.plain()), []
    except ValidationError as error:
        return None, [
            (tuple(line["loc"]), line["type"], line["msg"], line.get("ctx", {}))
            for line in error.errors(include_url=False, include_input=False)
        ]
    except Exception as error:
        return None, [((), "escaped", type(error).__name__, {})]


def _problems(found: Found, root: Node, shape: Shape, looked: Callable[[Path], str]) -> Iterable[Problem]:
    places: dict[Path, Found] = {}
    for loc, kind, message, context in found:
        places.setdefault(_place(loc, root, shape, kind), []).append((loc, kind, message, context))
    for path, errors in places.items():
        kinds = {kind for _, kind, _, _ in errors}
        if kinds == {"extra_forbidden"}:
            continue  # told already, with the key that was meant
        if kinds == {"missing"}:
            yield _missing(path, root, shape, looked)
        else:
            yield _wrong(path, errors, root, shape)


def _place(loc: Path, root: Node, shape: Shape, kind: str) -> Path:
    """The part of pydantic's location that is a key path; names of union members and validators are cut off."""
    path: Path = ()
    node: Node | None = root
    here: Shape | None = shape
    for part in loc:
        below = here.child(part) if here is not None else None
        child = node.find((part,)) if node is not None else None
        if child is None and (below is None or below is ANY) and kind != "missing":
            break
        if child is None and below is None:
            break
        path = (*path, part)
        node, here = child, below
    return path


def _missing(path: Path, root: Node, shape: Shape, looked: Callable[[Path], str]) -> Problem:
    parent = root.find(path[:-1]) if path else None
    while parent is None and path[:-1]:
        break
    where = path[:-1]
    while parent is None and where:
        where = where[:-1]
        parent = root.find(where)
    below = shape.at(path)
    return Problem(
        "TC103",
        show(path),
        parent.key_origin if parent is not None and where else None,
        expected=_kind(below),
        help=looked(path),
        message=f"required key `{show(path)}` is not set by any layer",
        label=f"`{path[-1]}` is missing in this mapping" if path else "",
    )


def _wrong(path: Path, errors: Found, root: Node, shape: Shape) -> Problem:
    node = root.find(path)
    here = shape.at(path) or ANY
    sealed = has_secrets(here)
    kinds = {kind for _, kind, _, _ in errors}
    expected = _expected(errors, sealed)
    loser = next(node.losers(), None) if node is not None else None
    origin = node.origin if node is not None and (path or node.at is not None) else None
    name = f"`{show(path)}`" if path else "the schema"
    if "escaped" in kinds:
        code, message = "TC108", f"a validator of {name} raised {errors[0][2]}"
    elif kinds <= _RULES:
        code, message = ("TC104" if path and type(node.value if node else None) is not dict else "TC108"), f"{name} breaks a rule"
    elif kinds <= _CHOICES or kinds <= _LIMITS:
        code, message = "TC104", f"{name} has a value that is not allowed"
    else:
        code, message = "TC102", f"{name} has the wrong type"
    return Problem(
        code,
        show(path),
        origin,
        expected=expected,
        help=_remedy(path, errors, node, here, sealed, expected),
        message=message,
        label=f"expected {expected}" if expected else "",
        layer=f"{node.origin} wins; {loser.origin} is overridden" if node is not None and loser is not None else "",
        related=(Related(loser.origin, "overridden: this value is not in effect"),) if loser is not None else (),
    )


def _expected(errors: Found, sealed: bool) -> str:
    phrases: list[str] = []
    for _, kind, message, context in errors:
        if kind in _RULES or kind == "escaped" or kind not in _builtin():
            phrase = "" if sealed or kind == "escaped" else message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
        else:
            phrase = message.removeprefix("Input should be ").split(", unable to parse")[0].split(", got")[0]
            phrase = phrase[:1].lower() + phrase[1:]
        if phrase and phrase not in phrases:
            phrases.append(phrase)
    return " or ".join(phrases) or ("what the rule of the schema says" if errors else "")


def _remedy(path: Path, errors: Found, node: Node | None, shape: Shape, sealed: bool, expected: str) -> str:
    from toriconfig._near import near

    if node is not None and isinstance(node.value, str) and not sealed and shape.kind != "secret":
        for _, kind, _, context in errors:
            if kind in ("enum", "literal_error"):
                choices = [choice.strip(" '\"") for choice in str(context.get("expected", "")).replace(" or ", ",").split(",")]
                candidate = near(node.value, choices)
                if candidate:
                    return f"did you mean `{candidate}`?"
    where = f" in {node.origin}" if node is not None and node.layer.kind != "files" else ""
    return f"set `{show(path)}`{where} to {expected}" if path and expected else "correct the value"


def _kind(shape: Shape | None) -> str:
    if shape is None:
        return "a value"
    kinds = {"model": "a mapping", "mapping": "a mapping", "sequence": "a list", "secret": "a secret"}
    return kinds.get(shape.kind, "a value")


_BUILTIN: frozenset[str] = frozenset()


def _builtin() -> frozenset[str]:
    """The error types that are pydantic's own, whose messages never repeat a value."""
    global _BUILTIN
    if not _BUILTIN:
        from typing import get_args

        from pydantic_core.core_schema import ErrorType

        _BUILTIN = frozenset(get_args(ErrorType))
    return _BUILTIN
