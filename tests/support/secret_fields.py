"""Search for the fields of a settings class that hold a secret."""

from __future__ import annotations

from collections.abc import Iterator

from toriconfig._core.path import Path
from toriconfig._schema.shape import Shape


def secrets_of(shape: Shape, path: Path = (), seen: frozenset[type] = frozenset()) -> Iterator[tuple[Path, Shape]]:
    """Yield the path and the shape of each `Secret` field at or below `shape`. Lists and mappings are not searched.

    `path` is the path of `shape` itself. Models in `seen` are not searched again.
    """
    if shape.kind == "secret":
        yield path, shape
    elif shape.kind == "model" and not seen.intersection(shape.models):
        shown: set[int] = set()
        for key, field in shape.fields.items():
            if id(field) not in shown:
                shown.add(id(field))
                yield from secrets_of(field.shape, (*path, key), seen | set(shape.models))
