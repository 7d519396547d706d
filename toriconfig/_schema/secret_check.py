"""Check that a load can distinguish the `Secret` fields of a schema from plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toriconfig._schema.shape import Field, Shape, has_secrets


def refuse_hidden(shape: Shape) -> None:
    """Raise an error if a field of a schema allows both a `Secret` and plain values, which a load cannot distinguish.

    Raises:
        TypeError: a field allows both; the message names the field and the remedy.
    """
    if not has_secrets(shape):
        return
    hidden = next(_hidden(shape, set()), None)
    if hidden is not None:
        raise TypeError(
            f"a `Secret` in `{hidden.place}` could not be distinguished from the plain values allowed there: "
            "give it a field of its own, in a model"
        )


def _hidden(shape: Shape, seen: set[type[Any]]) -> Iterator[Field]:
    for part in shape.parts:
        yield from _hidden(part, seen)
    if shape.kind != "model" or seen.issuperset(shape.models):
        return
    seen.update(shape.models)
    for field in shape.fields.values():
        if _mixed(field.shape):
            yield field
        yield from _hidden(field.shape, seen)


def _mixed(shape: Shape) -> bool:
    return has_secrets(shape) if shape.members else any(map(_mixed, shape.parts))
