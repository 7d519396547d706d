"""The snapshot of a model that was created without a load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._core.origin import Origin
from toriconfig._core.path import Path
from toriconfig._core.tree import Layer, Node
from toriconfig._load.defaults import DEFAULTS, from_object
from toriconfig._load.snapshot import Recipe, Snapshot
from toriconfig._schema.options import Options
from toriconfig._schema.shape import root_shape
from toriconfig._secrets.secret import Secret

if TYPE_CHECKING:
    from pydantic import BaseModel


def adopt(model: BaseModel) -> Snapshot:
    """Return a new snapshot of a model that was created without a load. Its values have the origin "code".

    Values that a nested settings class read from its own sources keep their origins.
    """
    schema = type(model)
    root = _moved(from_object(model, schema.__name__))
    secrets: dict[Path, Secret[Any]] = {}
    _gather(root, (), secrets)
    options = Options.of({}, {"unknown_keys": "error"})
    return Snapshot(root, root_shape(schema), Recipe(schema, {}), options, secrets)


def _moved(node: Node) -> Node:
    value = node.value
    if type(value) is dict:
        value = {key: _moved(child) for key, child in value.items()}
    elif type(value) is list:
        value = [_moved(child) for child in value]
    # Values that a nested settings class read itself keep their layers.
    return Node(value, _GIVEN if node.layer is DEFAULTS else node.layer, node.at)


def _gather(node: Node, path: Path, secrets: dict[Path, Secret[Any]]) -> None:
    if isinstance(node.value, Secret):
        secrets[path] = node.value
    elif type(node.value) is dict:
        for key, child in node.value.items():
            _gather(child, (*path, key), secrets)


def _locate(at: Any) -> Origin:
    return Origin("code", str(at))


_GIVEN = Layer("code", "code", _locate)
