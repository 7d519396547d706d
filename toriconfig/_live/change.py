"""What changed between two loads, told without values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from toriconfig import _path
from toriconfig._explain import origin_at
from toriconfig._origin import Origin
from toriconfig._path import Path, show
from toriconfig._secret import Secret, supply_of
from toriconfig._snapshot import Loaded
from toriconfig._supplies.derived import Derived, Fallback
from toriconfig._supplies.files import FileSupply
from toriconfig._supply import Fixed, Supply

Kind = Literal["added", "changed", "removed", "rotated"]


@dataclass(frozen=True, slots=True)
class Change:
    """One key that is no longer what it was; the new value is already in place when this is told.

    Attributes:
        path: dotted key path.
        kind: added, changed or removed by a reload; of a secret also: added, as it is there again, removed, as nothing
            supplies it any more, or rotated, as it has a new value, from wherever.
        old_origin: where the old value came from, or None when there was none.
        new_origin: where the new value comes from, or None when there is none.
    """

    path: str
    kind: Kind
    old_origin: Origin | None
    new_origin: Origin | None

    @property
    def key(self) -> Path:
        """The path as keys."""
        return _path.parse(self.path)


def changes_between(old: Loaded, new: Loaded) -> list[Change]:
    """The leaves that differ, in the order of the schema."""
    before, after = dict(_leaves(old.model, ())), dict(_leaves(new.model, ()))
    changes: list[Change] = []
    for path, value in after.items():
        if path not in before:
            changes.append(Change(show(path), "added", None, origin_at(new, path)))
        elif not _same(before[path], value):
            changes.append(Change(show(path), "changed", origin_at(old, path), origin_at(new, path)))
    changes += [Change(show(path), "removed", origin_at(old, path), None) for path in before if path not in after]
    return changes


def _same(old: Any, new: Any) -> bool:
    """Whether a leaf is what it was; a secret is when it is made of the same, whoever has read which of the two."""
    if isinstance(old, Secret) and isinstance(new, Secret):
        return bool(_made_of(supply_of(old)) == _made_of(supply_of(new)))
    return bool(old == new)


def _made_of(supply: Supply) -> Any:
    """What stands behind a supply, as a value: the places that it reads, or what it holds."""
    if isinstance(supply, Fallback):
        return _made_of(supply.inputs[0])
    if isinstance(supply, Derived):
        return supply.plan, [_made_of(one) for one in supply.inputs]
    if isinstance(supply, FileSupply):
        return supply.file
    if isinstance(supply, Fixed):
        return (supply.settle().value,)
    return supply.reference


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _leaves(value.__dict__[name], (*path, name))  # `getattr` warns of deprecated fields
    elif isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    else:
        yield path, value
