"""Immutable subclasses of list, dict and set for loaded settings.

A copy, a deep copy or a pickle of such an object is a plain list, dict or set, which is mutable.
"""

from __future__ import annotations

import copy
from typing import Any, NoReturn

from pydantic import BaseModel


def _refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG001  (the arguments of the replaced method)
    raise TypeError(
        "a loaded snapshot cannot be changed: use `replace(settings, ...)`, `override(settings, ...)`, or copy the value"
    )


class FrozenList(list[Any]):
    """An immutable list."""

    __slots__ = ()

    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(item, memo) for item in self]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (list, (list(self),))


class FrozenDict(dict[Any, Any]):
    """An immutable dict."""

    __slots__ = ()

    clear = pop = popitem = setdefault = update = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse

    def __copy__(self) -> dict[Any, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {copy.deepcopy(key, memo): copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (dict, (dict(self),))


class FrozenSet(set[Any]):
    """An immutable set. It is an instance of `set`, which a `frozenset` is not."""

    __slots__ = ()

    add = discard = remove = pop = clear = update = difference_update = _refuse
    intersection_update = symmetric_difference_update = _refuse
    __ior__ = __iand__ = __isub__ = __ixor__ = _refuse

    def __copy__(self) -> set[Any]:
        return set(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> set[Any]:
        return {copy.deepcopy(item, memo) for item in self}

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (set, (set(self),))


_SCALARS = frozenset({str, int, float, bool, type(None), bytes})


def freeze(model: BaseModel) -> None:
    """Replace the lists, dicts and sets in `model`, at any depth, by immutable lists, dicts and sets."""
    values: Any = model.__dict__
    for name, value in values.items():
        if type(value) not in _SCALARS:
            frozen = _frozen(value)
            if frozen is not value:
                values[name] = frozen
    if model.__pydantic_extra__:
        object.__setattr__(model, "__pydantic_extra__", _frozen(dict(model.__pydantic_extra__)))


def _frozen(value: Any) -> Any:
    if isinstance(value, BaseModel):
        freeze(value)
        return value
    kind = type(value)
    if kind is list:
        return FrozenList([_frozen(item) for item in value])
    if kind is dict:
        return FrozenDict({key: _frozen(item) for key, item in value.items()})
    if kind is set:
        return FrozenSet(value)
    if kind is tuple:
        return tuple([_frozen(item) for item in value])
    return value
