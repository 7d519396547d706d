"""Schemas named as text: "package.module:Class"."""

from __future__ import annotations

import importlib

from pydantic import BaseModel


def import_target(target: str) -> type[BaseModel]:
    """The schema class that `target` names.

    Raises:
        TypeError: it is not "module:Class", or what it names is no pydantic model.
        ImportError: the module cannot be imported.
    """
    module, colon, name = target.partition(":")
    if not colon or not module or not name:
        raise TypeError(f"a schema is named as 'package.module:Class', not {target!r}")
    found: object = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise TypeError(f"{module} has no {name!r}")
        found = getattr(found, part)
    if not isinstance(found, type) or not issubclass(found, BaseModel):
        raise TypeError(f"{target!r} is no pydantic model but {type(found).__name__}")
    return found
