"""The effective settings as leaves: each value with its key path and origin, and each secret as its reference."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel, ImportString, Json

from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path
from toriconfig._core.tree import Key
from toriconfig._load.lookup import origin_at
from toriconfig._load.snapshot import Loaded
from toriconfig._masking.shown import Verbatim, conceals, plain
from toriconfig._schema.shape import Field, fields_of
from toriconfig._secrets.secret import Secret


class Leaf(NamedTuple):
    """One effective value, such as a number or a list. A model or mapping is split into leaves.

    Attributes:
        path: the keys that set the value in a file.
        value: the value as JSON data. A secret is its reference, or None without a reference.
        origin: origin of the value.
        secret: True for a secret.
        hidden: True if the value must not be shown: it looks like a credential, or holds a masked secret.
        description: description in the schema.
        note: a comment for the reader, or "".
    """

    path: Path
    value: Any
    origin: Origin
    secret: bool = False
    hidden: bool = False
    description: str = ""
    note: str = ""


class _Part(NamedTuple):
    """One part of a model, dataclass or mapping. A file can set each part alone.

    Attributes:
        way: the keys that lead from the model or mapping to the part.
        value: the value of the part.
        field: its field, or None.
    """

    way: Path
    value: Any
    field: Field | None = None


def leaves(loaded: Loaded, below: Path = ()) -> Iterator[Leaf]:
    """Yield every leaf at or below the path `below`, in the order of the schema."""
    for way, value, field in _parts(loaded.model) or ():
        for leaf in _leaves(value, way, field, loaded):
            if leaf.path[: len(below)] == below:
                yield leaf


def _leaves(value: Any, path: Path, field: Field | None, loaded: Loaded) -> Iterator[Leaf]:
    description = field.info.description or "" if field is not None else ""
    value = _unwrapped(value)
    parts = _parts(value) if _text_of(value, path, loaded) is None else None
    if isinstance(value, Secret):
        yield Leaf(path, _reference(path, loaded), value.origin, secret=True, description=description)
    elif parts and all(isinstance(part, str) for way, _, _ in parts for part in way):
        for way, item, inner in parts:
            yield from _leaves(item, (*path, *way), inner or field, loaded)
    else:
        try:
            said = _said(value, path, loaded)
        except ValueError:  # bytes that are no text
            yield Leaf(path, None, origin_at(loaded, path), hidden=True, description=description)
            return
        rest, note = _beside_default(said, value, field) if field is not None and field.shape.merge else (said, "")
        yield Leaf(path, rest, origin_at(loaded, path), False, conceals(path[-1], rest), description, note)


def _unwrapped(value: Any) -> Any:
    return _unwrapped(value.root) if getattr(value, "__pydantic_root_model__", False) else value


def _text_of(value: Any, path: Path, loaded: Loaded) -> str | None:
    """Return the text that sets a value of type `Json` (its JSON) or `ImportString` (its dotted path).

    Return None for a value of another type, for null, and for an object without an import path.
    """
    shape = loaded.snapshot.shape.at(path)
    if shape is None or (value is None and shape.nullable) or shape.scalars not in ((Json,), (ImportString,)):
        return None
    if shape.scalars == (Json,):
        return json.dumps(plain(value), ensure_ascii=False)
    node = loaded.snapshot.root.find(path)
    if node is not None and isinstance(node.value, str):
        return node.value
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return f"{module}:{name}" if module and name and "<" not in name else getattr(value, "__name__", None)


def _parts(value: Any) -> list[_Part] | None:
    """Return the parts of a model, dataclass or mapping; None for another value."""
    if isinstance(value, dict):
        return [_Part((_file_key(key),), item) for key, item in value.items()]
    if isinstance(value, BaseModel):
        # Not the result of a serializer, because validation may not accept it.
        held, extra = value.__dict__, value.model_extra or {}
        said = [_Part(way, held[name], field) for name, (way, field) in _ways(type(value)).items()]
        return said + [_Part((key,), item) for key, item in extra.items()]
    if hasattr(type(value), "__dataclass_fields__"):
        return [_Part(way, getattr(value, name), field) for name, (way, field) in _ways(type(value)).items()]
    return None


def _ways(kind: type[Any]) -> dict[str, tuple[Path, Field | None]]:
    """Return `{field name: (path in files, field)}` for a class.

    The path is the first key of the field. If only an `AliasPath` sets the field, the path is the `AliasPath`, and
    `field` is None.
    """
    ways: dict[str, tuple[Path, Field | None]] = {}
    fields = fields_of(kind)
    for field in fields.values():
        if field.inside is None:
            ways.setdefault(field.name, ((field.keys[0],), field))
    for key, field in fields.items():
        for inside in field.inside or ():
            ways.setdefault(inside.name, ((key, *inside.path), None))
    return ways


def _said(value: Any, path: Path, loaded: Loaded) -> Any:
    """Return a value in the form of a settings file.

    A secret becomes its reference. A secret without a reference becomes the mask.
    """
    value = _unwrapped(value)
    text = _text_of(value, path, loaded)
    if text is not None:
        return text
    if isinstance(value, Secret):
        return _reference(path, loaded) or MASK
    parts = _parts(value)
    if parts is not None:
        said: dict[str, Any] = {}
        for way, item, field in parts:
            at = said
            for key in way[:-1]:
                at = at.setdefault(str(key), {})
            at[_key(way[-1])] = _said(item, _as_spelt(path, way, field, loaded), loaded)
        return said
    if isinstance(value, (list, tuple, deque)):
        return [_said(item, (*path, at), loaded) for at, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return sorted((_said(item, path, loaded) for item in value), key=str)
    return plain(value)


def _reference(path: Path, loaded: Loaded) -> Any:
    """Return the reference of the secret at a path, or a mapping of several references; None without a reference."""
    return _verbatim(loaded.snapshot.source_texts.get(path))


def _verbatim(said: Any) -> Any:
    if isinstance(said, dict):
        return {key: _verbatim(below) for key, below in said.items()}
    return Verbatim(said) if said is not None else None


def _file_key(key: Any) -> Any:
    """Convert a mapping key for a settings file.

    A number, boolean or None becomes a `Key` (text that is written without quotes).
    """
    key = key.value if isinstance(key, Enum) else key
    if key is None or isinstance(key, (bool, int)) or (isinstance(key, float) and math.isfinite(key)):
        return Key(json.dumps(key), key)
    return key


def _key(key: Any) -> str:
    """Return a key of a mapping as text. A key that is not text is written as in JSON."""
    return key if isinstance(key, str) else next(iter(plain({key: None})))


def _as_spelt(path: Path, way: Path, field: Field | None, loaded: Loaded) -> Path:
    """Return `path` extended by the key of `field` that the merged tree contains.

    If the tree contains no key of `field`, extend `path` by `way`, the keys for the value in a settings file.
    """
    ways = [(*path, key) for key in field.keys] if field is not None else []
    return next((way for way in ways if loaded.snapshot.root.find(way) is not None), (*path, *way))


def _beside_default(said: Any, value: Any, field: Field) -> tuple[Any, str]:
    """Return `(rest, comment)`: `said` without the items of the field's default, and a comment about these items.

    The items are only removed if the merge rule of the field is "append" or "prepend": the next load of the file would
    add them once more. If no item is removed, the comment is "".

    Args:
        said: the value of the field in the form of a settings file.
        value: the value of the field in the model.
        field: the field.
    """
    default: Any = None if field.required else field.default()
    if not isinstance(value, list) or not isinstance(default, list) or not default:
        return said, ""
    size = len(default)
    if field.shape.merge == "append" and value[:size] == default:
        return said[size:], f"behind the default {plain(default)}"
    if field.shape.merge == "prepend" and value[-size:] == default:
        return said[:-size], f"before the default {plain(default)}"
    return said, ""
