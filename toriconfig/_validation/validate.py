"""Validation of the merged tree by pydantic, and conversion of its errors to problems without values.

pydantic's errors contain the input. `_run` removes the input, so that its callers never get it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import Path
from toriconfig._core.tree import Key, Node
from toriconfig._schema.shape import Shape

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._core.problem import Problem
    from toriconfig._validation.expectations import Found


STRICT = frozenset({"is_instance_of", "is_subclass_of", "dataclass_exact_type", "escaped"})
"""Types of errors that strict models cause, in addition to those whose names end in `_type`."""


def validate(
    root: Node, shape: Shape, make: Callable[[dict[str, Any]], BaseModel], how_to_set: Callable[[Path], str]
) -> tuple[BaseModel | None, list[Problem]]:
    """Return `(model, [])`, or `(None, problems)` if the tree is invalid.

    Args:
        root: the merged tree, with handles for secrets.
        shape: the shape of the schema.
        make: function that validates a plain mapping, such as `Schema.model_validate`.
        how_to_set: function that returns, as text, the layers that were searched for a key and the ways to set it.
    """
    model, found = _run(root, shape, make)
    if model is None and any(one.kind in STRICT or one.kind.endswith("_type") for one in found):
        from toriconfig._validation.strict import strict_model

        model, found = strict_model(root, shape) or (None, found)
    if model is not None:
        return model, []
    from toriconfig._validation.validation_errors import problems

    return None, list(problems(found, root, shape, how_to_set))


def _run(root: Node, shape: Shape, make: Callable[[dict[str, Any]], BaseModel]) -> tuple[BaseModel | None, list[Found]]:
    from pydantic import ValidationError

    try:
        return make(_plain(root, shape)), []
    except ValidationError as error:
        from toriconfig._validation.validation_errors import found

        return None, found(error)
    except Exception as error:  # noqa: BLE001 - a validator may raise anything
        from toriconfig._validation.escapes import errors_of

        values = _plain(root, shape)
        again = errors_of(shape.models[0], error, lambda core, into: core.validate_python(values, self_instance=into))
        return None, again


def _plain(root: Node, shape: Shape) -> dict[str, Any]:
    """Return the tree as plain data. Its mapping keys have the types that the schema requires."""
    if not Key.seen:
        values: dict[str, Any] = root.plain()
        return values
    from toriconfig._validation.real_keys import with_real_keys

    keyed: dict[str, Any] = with_real_keys(root, shape)
    return keyed
