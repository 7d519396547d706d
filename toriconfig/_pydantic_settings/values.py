"""Conversion of the merged tree to input for pydantic. pydantic's errors show their input, so secrets are hidden."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from toriconfig._core.mask import MASK
from toriconfig._core.tree import Node
from toriconfig._schema.shape import ANY, Shape, has_secrets
from toriconfig._secrets.secret import Secret
from toriconfig._validation.real_keys import real_key


class _Hidden:
    """Placeholder in a `ValidationError` for a value that may contain a secret."""

    def __repr__(self) -> str:
        return MASK


HIDDEN = _Hidden()


def for_pydantic(node: Node, shape: Shape) -> Any:
    """Return a tree as values for pydantic, with `HIDDEN` in place of values that may be secret.

    An error of pydantic could show a value. Where the shape contains secrets, `HIDDEN` therefore replaces the value
    of an unknown key, a list or mapping of the wrong type, and a scalar other than None.
    """
    value = node.value
    sealed = has_secrets(shape)
    if type(value) is dict:
        if not sealed or shape.kind not in ("model", "mapping"):
            if sealed:
                return HIDDEN
            return {real_key(key, shape): for_pydantic(child, shape.child(key) or ANY) for key, child in value.items()}
        known = {key: (child, shape.child(key)) for key, child in value.items()}
        return {
            real_key(key, shape): for_pydantic(child, below) if below else HIDDEN
            for key, (child, below) in known.items()
        }
    if type(value) is list:
        if sealed and shape.kind != "sequence":
            return HIDDEN
        return [for_pydantic(child, shape.child(index) or ANY) for index, child in enumerate(value)]
    if sealed and not (value is None or isinstance(value, (Secret, BaseModel))):
        return HIDDEN
    return value
