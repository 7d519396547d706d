"""Schemas named as text: "package.module:Class"."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel


def check_target(target: str) -> None:
    """Refuse a text that names no class, without showing it.

    Raises:
        TypeError: it is not "module:Class".
    """
    parts = target.split(":")
    if len(parts) != 2 or not all(name.isidentifier() for part in parts for name in part.split(".")):
        raise TypeError("a schema is named as 'package.module:Class', and the text that was given is not")


def import_target(target: str) -> type[BaseModel]:
    """The schema class that `target` names.

    Raises:
        TypeError: it is not "module:Class", or what it names is no pydantic model.
        ImportError: the module cannot be imported.
    """
    from pydantic import BaseModel

    check_target(target)
    module, _, name = target.partition(":")
    found: object = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise TypeError(f"{module} has no {name!r}")
        found = getattr(found, part)
    if not isinstance(found, type) or not issubclass(found, BaseModel):
        raise TypeError(f"{target!r} is no pydantic model but {type(found).__name__}")
    return found
