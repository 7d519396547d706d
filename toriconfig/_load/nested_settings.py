"""Settings classes as fields of another schema.

Such a class reads its own sources. The origins of its values become part of the snapshot of the whole load.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from toriconfig._core.path import Path
from toriconfig._core.tree import Node
from toriconfig._load.merge import merge
from toriconfig._load.snapshot import Snapshot, snapshot_of
from toriconfig._schema.shape import ANY, fields_of, reads_itself


def with_sections(snapshot: Snapshot, model: BaseModel) -> Snapshot:
    """Return `snapshot` with the values and handles that settings classes in `model` loaded from their own sources.

    A value that is already in `snapshot` keeps its node.
    """
    root, secrets = snapshot.root, snapshot.secrets
    for path, section in _sections(model, ()):
        known = snapshot_of(section)
        if known is None:
            continue
        said = _read(known.root)
        root = _laid_under(root, path, said)
        secrets = {**{(*path, *below): secret for below, secret in known.secrets.items()}, **secrets}
    return snapshot if root is snapshot.root else snapshot.replaced(root=root, secrets=secrets)


def _sections(model: BaseModel, path: Path) -> Iterator[tuple[Path, BaseModel]]:
    for key, field in fields_of(type(model)).items():
        value = model.__dict__.get(field.name)
        if key == field.keys[0] and field.inside is None and isinstance(value, BaseModel):
            if reads_itself(type(value)):
                yield (*path, key), value
            yield from _sections(value, (*path, key))


def _read(node: Node) -> Node:
    """Return the tree that a nested settings class has read, without the arguments that code passed to the class."""
    value = node.value
    if type(value) is dict:
        value = {key: _read(child) for key, child in value.items() if type(child.value) is dict or not _is_given(child)}
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _is_given(node: Node) -> bool:
    return node.layer.kind == "code"


def _laid_under(root: Node, path: Path, said: Node) -> Node:
    if not path:
        return merge(said, root, ANY, [])
    key, *rest = path
    values = dict(root.value) if type(root.value) is dict else {}
    values[str(key)] = _laid_under(values.get(str(key), Node({}, said.layer, said.at)), tuple(rest), said)
    return Node(values, root.layer, root.at, root.key_at, root.under)
