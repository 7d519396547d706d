"""Renamed and deprecated keys. A renamed or deprecated key still sets its field, with one warning.

A model declares renames in `model_config`, as dotted paths relative to the model:
`SettingsConfigDict(renamed={"pool_size": "pool.max_size"})`. The option `renamed` of `load` and `lazy` has paths from
the root of the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from toriconfig._core.path import Path, parse, show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node
from toriconfig._core.value import Value
from toriconfig._schema.shape import Shape, within


class Renamed(Value):
    """One renamed key: its old path, its new path, and the shape at the new path."""

    old: Path
    new: Path
    shape: Shape


def renamed(shape: Shape) -> list[Renamed]:
    """Return every renamed key of the schema, with full paths. Keys inside lists and mappings are omitted.

    Raises:
        TypeError: a model renames a key to a key that the model does not have.
    """
    return list(_everywhere(shape, (), frozenset())) if outdated(shape) else []


def current(path: Path, shape: Shape) -> Path:
    """Return `path` with each renamed key in it replaced by its current path; `path` if no key is renamed."""
    for _ in range(len(path)):  # a key below a renamed section may be renamed too
        for key in renamed(shape):
            if path[: len(key.old)] == key.old:
                path = (*key.new, *path[len(key.old) :])
                break
    return path


def in_secret(path: Path, shape: Shape) -> bool:
    """Return True if `path`, which may contain old names of keys, leads to a secret or into a secret."""
    path = current(path, shape)
    return any((here := shape.at(path[:end])) is not None and here.kind == "secret" for end in range(1, len(path) + 1))


def has_renamed(shape: Shape) -> bool:
    """Return True if any model of the schema renames a key."""
    return any(map(_renames, within(shape)))


def referred(old: Path, new: Path, node: Node, path: Path) -> Problem:
    """Return the warning that the value at `path` refers to the key `old`, which was renamed to `new`."""
    return Problem(
        Code.DEPRECATED_KEY,
        show(path),
        node.origin,
        expected=f"`${{{show(new)}}}`",
        help=f"write `${{{show(new)}}}` instead",
        message=f"`${{{show(old)}}}` is deprecated: it is `${{{show(new)}}}` now",
        label="deprecated",
        severity="warning",
    )


_OUTDATED: WeakKeyDictionary[type[Any], bool] = WeakKeyDictionary()


def outdated(shape: Shape) -> bool:
    """Return True if the schema has renamed or deprecated keys. The result is computed once per class.

    Raises:
        TypeError: a model renames a key to a key that the model does not have.
    """
    if shape.renamed:
        return True
    (model,) = shape.models if len(shape.models) == 1 else (None,)
    known = _OUTDATED.get(model) if model is not None else None
    if known is None:
        known = any(_renames(below) or _deprecates(below) for below in within(shape))
        if known:
            list(_everywhere(shape, (), frozenset()))  # raises for an invalid rename, at the first load
        if model is not None and getattr(model, "__pydantic_complete__", True):
            _OUTDATED[model] = known
    return known


def _renames(shape: Shape) -> bool:
    return shape.kind == "model" and any(map(_table, shape.models))


def _deprecates(shape: Shape) -> bool:
    return shape.kind == "model" and any(field.info.deprecated for field in shape.fields.values())


def _everywhere(shape: Shape, path: Path, seen: frozenset[type[Any]]) -> Iterator[Renamed]:
    if shape.kind != "model" or seen.intersection(shape.models):
        return
    for one in own(shape):
        yield Renamed((*path, *one.old), (*path, *one.new), one.shape)
    for key, field in shape.fields.items():
        if key == field.keys[0]:
            yield from _everywhere(field.shape, (*path, key), seen | set(shape.models))


def own(shape: Shape) -> Iterator[Renamed]:
    """Yield the renames that the models of this shape declare, with paths relative to the shape.

    If the option `renamed` is set for the shape, yield the renames of the option instead.

    Raises:
        TypeError: a key is renamed to a key that the shape does not have.
    """
    for model in shape.models:
        for old, new in (_table(model) if shape.renamed is None else shape.renamed).items():
            target = shape.at(parse(new))
            if target is None:
                raise TypeError(f"`renamed` of {model.__name__}: `{old}` is renamed to `{new}`, which is no key of it")
            yield Renamed(parse(old), parse(new), target)


def _table(model: type[Any]) -> Mapping[str, str]:
    config: Any = getattr(model, "model_config", None) or {}
    table: Mapping[str, str] = config.get("renamed") or {}
    return table
