"""The merged tree as pydantic gets it from the constructor of a `Settings` class, whose errors show what they got."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from toriconfig._core.mask import MASK
from toriconfig._core.tree import Node
from toriconfig._schema.shape import ANY, Shape, has_secrets
from toriconfig._secrets.secret import Secret
from toriconfig._validation.real_keys import real_key


class _Hidden:
    """Stands in a `ValidationError` for a value that may hold a secret."""

    def __repr__(self) -> str:
        return MASK


HIDDEN = _Hidden()


def for_pydantic(node: Node, shape: Shape) -> Any:
    """The bare value of a tree, without what an error of pydantic's could show of a secret.

    That is a key that the schema does not know (perhaps a misspelt one), and a value of the wrong kind, where secrets
    are near.
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
