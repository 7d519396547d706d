"""Base class of immutable values with named fields, for modules that every program start imports.

`dataclass` generates and compiles methods for each class, which takes 0.5 to 1 ms per class. `Value` defines these
methods once for all its subclasses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, dataclass_transform

from toriconfig._core.clean_call import clean_call, cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass_transform(frozen_default=True)
class Value:
    """Base class that behaves like a frozen dataclass, also for type checkers.

    The annotations of a subclass are its fields, in their order.

    Two values are equal if they have the same class and equal fields.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__annotations__)
        cls._defaults = {name: getattr(cls, name) for name in cls._fields if hasattr(cls, name)}

    def __init__(self, *given: Any, **named: Any) -> None:
        try:
            self._fill(given, named)
            self.__post_init__()
        except Exception as error:  # noqa: BLE001 - any error may show an argument
            wrong = cleaned(error)
        else:
            return
        del self, given, named  # the arguments may hold secrets, and a traceback shows local variables
        try:
            raise wrong
        finally:
            del wrong  # else the error and this frame would hold each other

    def _fill(self, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        # One attribute at a time, not by `__dict__`: then the instances of a class share their keys, which halves the
        # memory of a hundred thousand of them.
        put = object.__setattr__
        for name, value in zip(self._fields, given, strict=False):
            put(self, name, value)
        left, defaults = len(named), self._defaults
        for name in self._fields[len(given) :]:
            if name in named:
                put(self, name, named[name])
                left -= 1
            elif name in defaults:
                put(self, name, defaults[name])
            else:
                raise TypeError(f"{type(self).__name__}() needs `{name}`")
        if left or len(given) > len(self._fields):
            raise TypeError(f"{type(self).__name__}() takes {', '.join(self._fields)}, each once")

    def __post_init__(self) -> None:
        """Check the fields. A subclass may override this method, and raise an exception if a field is invalid."""

    @clean_call
    def replaced(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**(dict(zip(self._fields, self._values(), strict=True)) | changes))

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self._fields])

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._fields)})"
