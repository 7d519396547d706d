"""Insertion of a handle into the tree for every `Secret` field, so that pydantic never gets the value of a secret."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticUndefined

from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.tree import Node
from toriconfig._load.defaults import DEFAULTS, as_node
from toriconfig._load.secrets.compose import Parts
from toriconfig._load.secrets.query import Handles, Query
from toriconfig._load.secrets.select import choose
from toriconfig._load.templates import failed
from toriconfig._schema.shape import ANY, Field, Shape, has_secrets, reads_itself
from toriconfig._secrets.missing import Missing
from toriconfig._secrets.provider import Provider
from toriconfig._secrets.secret import Secret, handle, provider_of
from toriconfig._validation.unknown_keys import without_unknown


def put_handles(root: Node, shape: Shape, query: Query, base: Handles | None = None) -> tuple[Node, Handles]:
    """Return `(tree, handles)`: `root` with a handle for every secret; and a `Handles` with the handles and problems.

    Args:
        base: handles of an earlier load, or None. A handle of `base` that is already in the tree is kept.
    """
    walk = _Walk(root, shape, query, base)
    return walk.model(root, shape, (), frozenset()), walk.handles


class _Walk:
    def __init__(self, root: Node, shape: Shape, query: Query, base: Handles | None) -> None:
        self.root = root
        self.shape = shape
        self.query = query
        self.kept = frozenset(map(id, base.secrets.values())) if base is not None else frozenset()
        self.handles = Handles() if base is None else base.carried()
        self.parts = Parts(query.vault_provider, self.other, query.absent, query.fetched)
        self.made: dict[Path, Node] = {}

    def node(self, node: Node | None, shape: Shape, path: Path, seen: frozenset[type]) -> Node | None:
        if shape.kind == "secret":
            return self.secret(node, shape, path)
        if not has_secrets(shape):
            return node
        value = node.value if node is not None else None
        if node is not None and type(value) is list and shape.kind == "sequence":
            items = [self.node(item, shape.child(at) or ANY, (*path, at), frozenset()) for at, item in enumerate(value)]
            return _with(node, [item for item in items if item is not None])
        if node is not None and type(value) is dict and shape.kind == "mapping" and shape.item is not None:
            pairs = {key: self.node(child, shape.item, (*path, key), frozenset()) for key, child in value.items()}
            return _with(node, {key: child for key, child in pairs.items() if child is not None})
        if shape.kind != "model" or (node is not None and type(value) is not dict):
            return node
        if node is None and (shape.nullable or len(shape.models) != 1 or seen.issuperset(shape.models)):
            return None
        made = self.model(node or Node({}, DEFAULTS, show(path)), shape, path, seen | set(shape.models))
        return made if node is not None or made.value or any(map(reads_itself, shape.models)) else None

    def model(self, node: Node, shape: Shape, path: Path, seen: frozenset[type]) -> Node:
        values: dict[str, Node] = dict(node.value)
        shape = shape.narrowed(values)
        done: set[int] = set()
        itself = bool(path) and any(map(reads_itself, shape.models))
        for entry in shape.fields.values():
            if id(entry) in done or not has_secrets(entry.shape):
                continue
            done.add(id(entry))
            key = next((key for key in entry.keys if key in values), entry.keys[0])
            if key not in values and len(shape.models) > 1:
                continue  # a field of one model of a union, which may not be the selected model
            default = None if key in values or entry.required or itself else entry.default()
            if default is None and key not in values and (itself or not (entry.required or entry.shape.nullable)):
                # A key that may be absent, as in a TypedDict, or that the settings class may read from its sources.
                below = entry.shape.optional()
            else:
                below = entry.shape
            made = self.node(values.get(key) or _default(entry, default), below, (*path, key), seen)
            if made is not None and (made.value is not None or below is entry.shape):
                values[key] = made
        return _with(node, values)

    def secret(self, node: Node | None, shape: Shape, path: Path) -> Node:
        """Return the node with the handle for the secret at `path`. Repeated calls return the same node.

        If no layer sets the secret, `node` is None.
        """
        if path not in self.made:
            self.made[path] = self.sealed(node, shape, path)
        return self.made[path]

    def sealed(self, node: Node | None, shape: Shape, path: Path) -> Node:
        handles = self.handles
        if node is not None and id(node.value) in self.kept:
            handles.secrets[path] = node.value
            return node
        if node is not None and failed(node):
            # The rest of a mapping is not the secret, and the problem is already reported.
            return _with(node, handle(_FAILED, shape.inner, show(path))) if type(node.value) is dict else node
        provider = handles.add(path, choose(node, shape, path, self.query, self.parts))
        if provider is None:
            return Node(None, node.layer, node.at) if node is not None else Node(None, DEFAULTS, show(path))
        secret = provider if isinstance(provider, Secret) else handle(provider, shape.inner, show(path))
        handles.secrets[path] = secret
        return _with(node, secret) if node is not None else Node(secret, DEFAULTS, show(path))

    def other(self, path: Path) -> Provider:
        """Return the provider of the secret at `path`, to which another secret refers.

        If the secret is not set, each read of the provider fails. An earlier step of the load has rejected cycles.
        """
        shape = self.shape.at(path)
        if path not in self.made and shape is not None:
            node = self.root.find(path)
            parent = self.shape.at(path[:-1])
            entry = parent.fields.get(str(path[-1])) if parent is not None else None
            default = entry.default() if node is None and entry is not None and not entry.required else None
            self.secret(node or (_default(entry, default) if entry is not None else None), shape, path)
        secret = self.handles.secrets.get(path)
        if secret is not None:
            return provider_of(secret)
        message = f"the secret `{show(path)}`, to which this one refers, is not set"
        return Missing("", message, f"set `{show(path)}`", Origin("defaults", show(path)))


_FAILED = Missing("", "a reference in it failed", "correct the reference", Origin("defaults", "nothing"))


def _default(entry: Field, default: Any) -> Node | None:
    """Return `default`, the default of the field `entry`, as a node.

    Return None if there is no default, or if the default is an empty container or a container that may hold models.
    """
    if default is None or default is PydanticUndefined:
        return None
    if entry.shape.kind == "model":
        # The default may be an object of a subclass, but the result is an object of the declared class.
        said = hasattr(default, "model_fields_set")
        return without_unknown(as_node(default, entry.place, entry.shape), entry.shape) if said else None
    empty = bool(entry.shape.parts) and not default
    # A container of models is not converted, because the models may be objects of subclasses.
    return as_node(default, entry.place, entry.shape) if not empty and _holds_no_model(entry.shape) else None


def _holds_no_model(shape: Shape) -> bool:
    return shape.kind not in ("model", "any") and all(map(_holds_no_model, shape.parts))


def _with(node: Node, value: Any) -> Node:
    return Node(value, node.layer, node.at, node.key_at, node.under)
