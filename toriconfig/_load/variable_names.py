"""Names of the variables that set the keys of a schema: `database.pool.max_size` is set by `DATABASE__POOL__MAX_SIZE`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from toriconfig._core.path import Path
from toriconfig._schema.keys import config_of, is_aliased
from toriconfig._schema.shape import Field, Shape


def names(
    shape: Shape, delimiter: str | None, prefix: str = "", *, sections: bool = False
) -> Iterator[tuple[str, Path]]:
    """Yield `(variable, path)` for each leaf that the environment can set.

    If the class sets `case_sensitive`, names keep the case of the keys. Otherwise names are in upper case.

    Args:
        delimiter: separator of nested keys in a name; None: a nested model is set by one variable.
        prefix: beginning of names. In a pydantic-settings class, aliases have no prefix by default
            (`env_prefix_target`).
        sections: True: also yield the variables that set a whole model, as JSON or `null`.
    """
    models = [model for model in shape.models if hasattr(model, "_toriconfig_read")]
    config = config_of(models[0]) if models else _OUR_RULES
    plain = config_of(shape.models[0]) if shape.models and not models else config
    target = config.get("env_prefix_target") or "variable"
    naming = _Naming(delimiter, sections=sections, case_sensitive=bool(plain.get("case_sensitive")))
    for key, field in _each(shape):
        named = "alias" if models and is_aliased(models[0], field.info) else "variable"
        yield from naming.of(key, field, prefix if target in (named, "all") else "", (), frozenset())


_OUR_RULES: Mapping[str, Any] = {}


class _Naming:
    """Builder of variable names from keys."""

    def __init__(self, delimiter: str | None, *, sections: bool, case_sensitive: bool) -> None:
        self._spelt: Callable[[str], str] = str if case_sensitive else str.upper
        self._delimiter = self._spelt(delimiter) if delimiter else None
        self._sections = sections

    def of(self, key: str, field: Field, prefix: str, path: Path, seen: frozenset[type]) -> Iterator[tuple[str, Path]]:
        """Yield `(variable, path)` for each leaf at or below a field, and for models if `self._sections` is True."""
        shape, path, name = field.shape, (*path, key), prefix + self._spelt(key)
        nests = shape.kind == "model" and self._delimiter and not seen.intersection(shape.models)
        if self._sections or not nests:
            yield name, path
        if nests and self._delimiter:
            for below, inner in _each(shape):
                yield from self.of(below, inner, name + self._delimiter, path, seen | set(shape.models))


def _each(shape: Shape) -> Iterator[tuple[str, Field]]:
    """Yield `(key, field)` once for each field. `key` is the first key of the field."""
    shown: set[int] = set()
    for key, field in shape.fields.items():
        if id(field) not in shown:
            shown.add(id(field))
            yield key, field
