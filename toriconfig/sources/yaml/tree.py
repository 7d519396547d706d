"""Changes of a YAML tree after the parse: merge keys, copies for aliases, and replaced characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._core.tree import Key, Node
from toriconfig.sources.yaml.scalars import MERGE, REFUSED

if TYPE_CHECKING:
    from toriconfig.sources.yaml.standins import Restore


def merge(mapping: dict[str, Node]) -> Node | None:
    """Replace the merge key of a mapping by the keys of its value, a mapping or a list of mappings.

    Keys of the mapping itself take precedence, then those of the earlier item of the list.

    Returns:
        The first node to merge that is not a mapping; None on success.
    """
    merged: Node = mapping.pop(MERGE)
    sources = merged.value if type(merged.value) is list else [merged]
    for source in sources:
        if type(source.value) is not dict:
            return source
        for key, child in source.value.items():
            if key is not REFUSED:
                mapping.setdefault(key, child)
    return None


def unshare(root: Node, max_depth: int) -> Node | None:
    """Copy each node that an alias or a merge key inserted, so that no node is in the tree twice.

    Returns:
        The first node deeper than `max_depth`, at which the copying ends; None on success.
    """
    nodes = {id(root)}
    containers: set[int] = set()
    todo = [(root, 1)]
    while todo:
        node, depth = todo.pop()
        value = node.value
        if type(value) is dict:
            if id(value) in containers:
                value = node.value = value.copy()
            children: Any = value.items()
        elif type(value) is list:
            if id(value) in containers:
                value = node.value = value.copy()
            children = enumerate(value)
        else:
            continue
        if depth > max_depth:
            return node
        containers.add(id(value))
        for key, child in children:
            if id(child) in nodes:
                child = value[key] = Node(child.value, child.layer, child.at, child.key_at)
            nodes.add(id(child))
            todo.append((child, depth + 1))
    return None


def restore_tree(root: Node, restore: Restore) -> None:
    """Apply `restore`, which restores replaced characters, to all text in keys and values."""
    todo = [root]
    while todo:
        node = todo.pop()
        value = node.value
        if type(value) is str:
            node.value = restore(value)
        elif type(value) is dict:
            todo.extend(value.values())
            node.value = {key if type(key) is Key else restore(key): child for key, child in value.items()}
        elif type(value) is list:
            todo.extend(value)
