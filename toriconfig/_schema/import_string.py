"""Import of a schema that is named as text: "package.module:Class"."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def check_target(target: str) -> None:
    """Raise an error if a text does not have the form "module:Class". The message does not show the text.

    Raises:
        TypeError: the text has another form.
    """
    parts = target.split(":")
    if len(parts) != 2 or not all(name.isidentifier() for part in parts for name in part.split(".")):
        raise TypeError("a schema is named as 'package.module:Class', and the text that was given is not")


def import_target(target: str) -> type[BaseModel]:
    """Import the schema class that `target` names.

    Raises:
        TypeError: `target` is not "module:Class", the module has no such name, or the object is no pydantic model.
        ImportError: the module cannot be imported.
    """
    from pydantic import BaseModel

    found = import_named(target)
    if not isinstance(found, type) or not issubclass(found, BaseModel):
        raise TypeError(f"{target!r} is not a settings class, but {_described(found, target)}")
    return found


def import_named(target: str) -> Any:
    """Import the object that `target` names.

    Raises:
        TypeError: `target` is not "module:name", or the module has no such name.
        ImportError: the module cannot be imported.
    """
    check_target(target)
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise TypeError(f"{module} has no {name!r}{_meant(part, found)}")
        found = getattr(found, part)
    return found


def _meant(name: str, owner: object) -> str:
    from toriconfig._core.suggest import near

    candidate = near(name, [one for one in dir(owner) if not one.startswith("_")])
    return f"; did you mean {candidate!r}?" if candidate else ""


def _described(found: object, target: str) -> str:
    """Return the kind of the imported object for a message. For an instance of a model, add the name of its class."""
    from pydantic import BaseModel

    kind = type(found)
    if isinstance(found, BaseModel):
        same = kind.__module__ == target.partition(":")[0]
        return (
            f"an object of {kind.__name__} (name its class{f', {kind.__module__}:{kind.__qualname__}' if same else ''})"
        )
    if isinstance(found, type):
        return "a class of another kind than a pydantic model"
    if callable(found) and hasattr(found, "__name__"):
        return "a function"
    return f"of type {kind.__name__}"
