"""The settings in effect, leaf by leaf, as they may be shown: each with its origin, secrets as their reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from toriconfig._explain import origin_at
from toriconfig._masking.shown import conceals, plain
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
        note: what else a reader must know, or "".
    """

    path: Path
    value: Any
    origin: Origin
    secret: bool = False
    hidden: bool = False
    description: str = ""
    note: str = ""


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
            yield from _value(model.__dict__[field.name], (*path, field.keys[0]), field, loaded)
    for key, value in (model.model_extra or {}).items():
        yield _plain(value, (*path, key), "", loaded)


def _value(value: Any, path: Path, field: Field, loaded: Loaded) -> Iterator[Leaf]:
    description = field.info.description or ""
    if isinstance(value, BaseModel) and not getattr(value, "__pydantic_root_model__", False):
        yield from _model(value, path, loaded)
    elif isinstance(value, Secret):
        reference = loaded.snapshot.spelt.get(path)
        shown = f"${{vault:{reference}}}" if reference else None
        yield Leaf(path, shown, value.origin, secret=True, description=description)
    elif isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        for key, item in value.items():
            yield from _value(item, (*path, str(getattr(key, "value", key))), field, loaded)
    else:
        rest, note = _beside_default(value, field) if field.shape.merge else (value, "")
        yield _plain(rest, path, description, loaded)._replace(note=note)


def _beside_default(value: Any, field: Field) -> tuple[Any, str]:
    """What a file must say of a list that is joined with its default to read back to the same; and a word on it."""
    default: Any = None if field.required else field.default()
    if not isinstance(value, list) or not isinstance(default, list) or not default:
        return value, ""
    size = len(default)
    if field.shape.merge == "append" and value[:size] == default:
        return value[size:], f"behind the default {plain(default)}"
    if field.shape.merge == "prepend" and value[-size:] == default:
        return value[:-size], f"before the default {plain(default)}"
    return value, ""


def _plain(value: Any, path: Path, description: str, loaded: Loaded) -> Leaf:
    try:
        shown = plain(value)
    except ValueError:  # bytes that are no text
        return Leaf(path, None, origin_at(loaded, path), hidden=True, description=description)
    return Leaf(path, shown, origin_at(loaded, path), hidden=conceals(path[-1], shown), description=description)
