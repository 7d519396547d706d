"""The keys that set a field in files, and the fields with a validator that gets the unconverted input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, AliasPath

from toriconfig._core.path import Path

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def keys_of(owner: type[Any], name: str, info: FieldInfo) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return `(keys, paths)`: the keys that set a field, and the field's pydantic `AliasPath` aliases as paths.

    `keys` are the other aliases of the field, or its name. Messages show the first key. An `AliasPath` sets the
    field from a part of another value, such as the first item of `servers`.
    """
    config = config_of(owner)
    alias = _alias(owner, info)
    if alias is None:
        return (name,), ()
    keys: list[str] = []
    inside: list[Path] = []
    for choice in alias.choices if isinstance(alias, AliasChoices) else [alias]:
        if isinstance(choice, AliasPath) and len(choice.path) > 1:
            inside.append(tuple(choice.path))
        else:
            keys.append(str(choice.path[0]) if isinstance(choice, AliasPath) else choice)
    if config.get("populate_by_name") or config.get("validate_by_name"):
        keys.append(name)
    return tuple(dict.fromkeys(keys)), tuple(inside)


def is_aliased(owner: type[Any], info: FieldInfo) -> bool:
    """Return True if a field has an alias, and its class does not disable aliases (`validate_by_alias=False`)."""
    return _alias(owner, info) is not None


def _alias(owner: type[Any], info: FieldInfo) -> str | AliasChoices | AliasPath | None:
    if config_of(owner).get("validate_by_alias") is False:
        return None
    return info.validation_alias if info.validation_alias is not None else info.alias


def place_of(owner: type[Any], name: str, info: FieldInfo) -> Path:
    """Return the path at which files set a field: its first key, or its first `AliasPath` if the field has no key."""
    keys, inside = keys_of(owner, name, info)
    return (keys[0],) if keys else inside[0]


def config_of(model: type[Any]) -> Mapping[str, Any]:
    """Return the pydantic configuration of a model, dataclass or TypedDict; an empty mapping if it has none."""
    config: Any = getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None)
    return config or {}


def read_by_validators(model: type[Any]) -> set[str]:
    """Return the names of the fields with a validator that gets the input before pydantic converts it.

    "*" stands for every field, and "" for the whole object.
    """
    decorators = getattr(model, "__pydantic_decorators__", None)
    if decorators is None:
        return set()
    fields = [*decorators.field_validators.values(), *decorators.validators.values()]
    names = {name for one in fields if getattr(one.info, "mode", "before") != "after" for name in one.info.fields}
    return names | {"" for one in decorators.model_validators.values() if one.info.mode != "after"}
