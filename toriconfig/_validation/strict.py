"""Validation of strict models in pydantic's JSON mode.

A strict model rejects a list for a set, and text for a date, but accepts both in JSON mode. A model that Python mode
rejects is therefore validated again in JSON mode. Text of variables is converted to the number or boolean that a
strict type requires.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import Path
from toriconfig._core.tree import Node
from toriconfig._schema.shape import ANY, Shape
from toriconfig._secrets.secret import STAND_INS, Secret
from toriconfig._validation.expectations import Found
from toriconfig._validation.real_keys import real_key

if TYPE_CHECKING:
    from pydantic import BaseModel

_TYPES = {"int_type": int, "float_type": float, "bool_type": bool}
_TRIES = 3


def strict_model(
    root: Node, shape: Shape, instance: BaseModel | None = None
) -> tuple[BaseModel | None, list[Found]] | None:
    """Validate a model in JSON mode. Return `(model, [])` if the values are valid, else `(None, errors)`.

    If the model has no strict type, or if JSON cannot express the values, return None.

    Args:
        root: the merged tree.
        shape: the shape of the schema.
        instance: the instance to fill; None: a new instance.
    """
    cls: Any = shape.models[0]
    if not _is_strict(cls.__pydantic_core_schema__):
        return None
    outcome: tuple[BaseModel | None, list[Found]] | None = None
    for _ in range(_TRIES):
        held: dict[str, Secret[Any]] = {}
        try:
            outcome = _made(cls, json.dumps(_said(root, shape, held)), instance)
        except (TypeError, ValueError):
            return None
        finally:
            for token in held:
                del STAND_INS[token]
        if outcome[0] is not None:
            return outcome
        if any(one.kind == "json_invalid" and not one.loc for one in outcome[1]):
            return None
        coerced = root
        for path, value in _read(outcome[1], root, shape):
            coerced = _with(coerced, path, value)
        if coerced is root:
            return outcome
        root = coerced
    return outcome


def _made(cls: Any, text: str, instance: BaseModel | None) -> tuple[BaseModel | None, list[Found]]:
    from pydantic import ValidationError

    target = cls.__new__(cls) if instance is None else instance
    try:
        return cls.__pydantic_validator__.validate_json(text, self_instance=target), []
    except ValidationError as error:
        from toriconfig._validation.validation_errors import found

        return None, found(error)
    except Exception as error:  # noqa: BLE001 - a validator may raise anything
        from toriconfig._validation.escapes import errors_of

        return None, errors_of(cls, error, lambda core, into: core.validate_json(text, self_instance=into))


def _is_strict(schema: Any) -> bool:
    """Return True if a core schema contains a strict type."""
    left = [schema]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if one.get("strict") is True:
                return True
            left += one.values()
        elif isinstance(one, (list, tuple)):
            left += one
    return False


def _said(node: Node, shape: Shape, held: dict[str, Secret[Any]]) -> Any:
    """Return the value as JSON data. Replace each handle by a random token, and add token and handle to `held`.

    Raises:
        ValueError: JSON cannot express the value.
    """
    value = node.value
    if type(value) is dict:
        shape = shape.narrowed(value) if shape.kind == "model" else shape
        return {_key(real_key(key, shape)): _said(child, shape.child(key) or ANY, held) for key, child in value.items()}
    if type(value) is list:
        return [_said(child, shape.child(at) or ANY, held) for at, child in enumerate(value)]
    if isinstance(value, Secret):
        token = secrets.token_hex()
        held[token] = STAND_INS[token] = value
        return token
    if isinstance(value, (int, float)) and not isinstance(value, bool) and shape.scalars == (timedelta,):
        value = timedelta(seconds=value)
    if value is None or type(value) in (str, int, float, bool):
        return value
    from pydantic import SecretBytes, SecretStr
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value.get_secret_value() if isinstance(value, (SecretStr, SecretBytes)) else value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def _read(found: list[Found], root: Node, shape: Shape) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the converted value of each rejected text that spells the required number or boolean."""
    from toriconfig._validation.validation_errors import walked

    wanted: dict[Path, list[type[Any]]] = {}
    for one in found:
        if one.kind in _TYPES:
            wanted.setdefault(walked(one, root, shape)[0], []).append(_TYPES[one.kind])
    for path, kinds in wanted.items():
        node = root.find(path)
        if node is not None and node.layer.text and isinstance(node.value, str):
            value = _coerced(node.value.strip(), kinds)
            if value is not None:
                yield path, value


def _coerced(text: str, kinds: list[type[Any]]) -> Any:
    from pydantic import TypeAdapter, ValidationError

    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if type(value) in kinds or (type(value) is int and float in kinds):
        return value
    for kind in kinds:
        try:
            return TypeAdapter(kind).validate_python(text)
        except ValidationError:
            continue
    return None


def _with(node: Node, path: Path, value: Any) -> Node:
    """Return a copy of `node` with `value` at `path`, which must exist."""
    if not path:
        return Node(value, node.layer, node.at, node.key_at, node.under)
    key, *rest = path
    held: Any = dict(node.value) if type(node.value) is dict else list(node.value)
    held[key] = _with(held[key], tuple(rest), value)
    return Node(held, node.layer, node.at, node.key_at, node.under)
