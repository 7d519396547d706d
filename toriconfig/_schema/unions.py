"""Selection of the models of a union that fit given values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from toriconfig._schema.keys import config_of

if TYPE_CHECKING:
    from toriconfig._schema.shape import Field

Fields = Mapping[str, "Field"]


def meant(
    union: Mapping[type[Any], Fields], given: Mapping[str, Any], tags: Mapping[str, Any]
) -> tuple[type[Any], ...]:
    """Return the models of a union for which `given` may be meant.

    Keys in `given` that no model has are ignored. Return every model that has all other keys in `given`. If there is no
    such model, return the model that has the most of these keys. Models whose `Literal` fields do not allow the values
    in `tags` are ignored.

    Args:
        union: dict from each model to a dict from keys to fields.
        given: dict from keys to nodes.
        tags: dict from keys to the nodes that are compared with `Literal` fields.
    """
    admitted = [model for model, fields in union.items() if _admits(fields, tags)] or list(union)
    known = {model: _known(model, union[model], given) for model in admitted}
    most = max(map(len, known.values()))
    best = tuple(model for model in admitted if len(known[model]) == most)
    if most == len(set().union(*known.values())):
        return best
    return (next((model for model in best if _complete(union[model], given)), best[0]),)


def taken(union: Mapping[type[Any], Fields], given: Mapping[str, Any]) -> tuple[type[Any], ...]:
    """Return the models of a union that have the largest number of the keys in `given`.

    If every selected model has a required key that is missing in `given`, select again among the models whose
    required keys are all in `given`.

    Args:
        given: dict from keys to nodes, with the keys of all layers.
    """
    best = meant(union, given, given)
    if any(_complete(union[model], given) for model in best):
        return best
    rest = {model: fields for model, fields in union.items() if _complete(fields, given) and _admits(fields, given)}
    # If no model is complete, the first selection stays.
    return meant(rest, given, given) if rest else best


def _known(model: type[Any], fields: Fields, given: Mapping[str, Any]) -> set[str]:
    return set(given if config_of(model).get("extra") == "allow" else given.keys() & fields.keys())


def _complete(fields: Fields, given: Mapping[str, Any]) -> bool:
    """Return True if no required key is missing. A secret is never missing here, because a backend may supply it."""
    return all(
        not field.required or field.shape.kind == "secret" or not given.keys().isdisjoint(field.keys)
        for field in fields.values()
    )


def _admits(fields: Fields, given: Mapping[str, Any]) -> bool:
    for key, field in fields.items():
        if get_origin(field.info.annotation) is Literal and key in given:
            value = given[key].value
            choices = get_args(field.info.annotation)
            if not any(value == choice or value == getattr(choice, "value", choice) for choice in choices):
                return False
    return True
