"""The settings in effect, leaf by leaf, as they may be shown: each with its origin, secrets as their reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from toriconfig._explain import origin_at
from toriconfig._frames import mask_line
from toriconfig._origin import Origin
from toriconfig._path import Path
from toriconfig._secret import Secret
from toriconfig._shape import Field, fields_of
from toriconfig._snapshot import Loaded


class Leaf(NamedTuple):
    """One value in effect.

    Attributes:
        path: the keys that set it in files.
        value: what stands there, as JSON knows it; for a secret the reference `${vault:…}`, or None when it has none.
        origin: where it comes from.
        secret: whether it is a secret.
        hidden: whether a plain value looks like it holds a credential, so that it is not shown.
        description: what the schema says of it.
    """

    path: Path
    value: Any
    origin: Origin
    secret: bool = False
    hidden: bool = False
    description: str = ""


def leaves(loaded: Loaded, below: Path = ()) -> Iterator[Leaf]:
    """Every leaf at or below a path, in the order of the schema."""
    for leaf in _model(loaded.model, (), loaded):
        if leaf.path[: len(below)] == below:
            yield leaf


def _model(model: BaseModel, path: Path, loaded: Loaded) -> Iterator[Leaf]:
    done: set[str] = set()
    for field in fields_of(type(model)).values():
        if field.name not in done:
            done.add(field.name)
            yield from _value(getattr(model, field.name), (*path, field.keys[0]), field, loaded)


def _value(value: Any, path: Path, field: Field, loaded: Loaded) -> Iterator[Leaf]:
    description = field.info.description or ""
    if isinstance(value, BaseModel):
        yield from _model(value, path, loaded)
    elif isinstance(value, Secret):
        reference = f"${{vault:{value.reference}}}" if value.reference and "," not in value.reference else None
        yield Leaf(path, reference, value.origin, secret=True, description=description)
    elif isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        for key, item in value.items():
            yield from _value(item, (*path, key), field, loaded)
    else:
        plain = to_jsonable_python(value, fallback=str, inf_nan_mode="constants")
        if isinstance(value, (set, frozenset)):
            plain = sorted(plain, key=str)
        yield Leaf(path, plain, origin_at(loaded, path), hidden=_holds_credential(plain), description=description)


def _holds_credential(value: Any) -> bool:
    """Whether a plain value carries a user's password in a URL or the like."""
    if isinstance(value, str):
        return mask_line(value) != value
    if isinstance(value, list):
        return any(map(_holds_credential, value))
    return isinstance(value, dict) and any(map(_holds_credential, value.values()))
