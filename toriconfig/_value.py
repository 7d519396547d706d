"""Immutable values with named fields, for the rooms that every start pays for.

`dataclass` writes and compiles the methods of each class anew, 0.5 to 1 ms a class; this base has them once.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Value:
    """A frozen dataclass to its users and to type checkers: fields are the annotations, in their order.

    Two are equal when they are of one class and their fields are equal.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__annotations__)

    def __init__(self, *given: Any, **named: Any) -> None:
        try:
            self._fill(given, named)
            self.__post_init__()
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            from toriconfig._clean_call import cleaned

            wrong = cleaned(error)
        else:
            return
        del self, given, named  # what was given may hold secrets, and a traceback shows what its frames hold
        try:
            raise wrong
        finally:
            del wrong  # else the error and this frame would hold each other

    def _fill(self, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        names = self._fields
        values = dict(zip(names, given, strict=False)) | named
        if len(values) < len(given) + len(named) or not values.keys() <= set(names):
            raise TypeError(f"{type(self).__name__}() takes {', '.join(names)}, each once")
        try:
            self.__dict__.update(
                {name: values[name] if name in values else getattr(type(self), name) for name in names}
            )
        except AttributeError as error:
            raise TypeError(f"{type(self).__name__}() needs `{error.name}`") from None

    def __post_init__(self) -> None:
        """Check the fields; for subclasses that refuse some."""

    def replaced(self, **changes: Any) -> Self:
        """The same value with some fields changed."""
        return type(self)(**(self.__dict__ | changes))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
