"""Step of the load that resolves `${...}`. The resolver is not imported for a tree without references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.path import Path
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Node, refers
from toriconfig._schema.shape import Shape

if TYPE_CHECKING:
    from toriconfig._load.context import Context
    from toriconfig._load.layers import Layers


def resolved(
    root: Node, context: Context, within: Node, *, alone: bool = False, at: tuple[Path, Shape] | None = None
) -> tuple[Node, list[Problem]]:
    """Return `(tree, problems)`: `root` with its references resolved, and the problems of failed references.

    Args:
        within: the tree in which `${other.key}` is looked up.
        alone: True: the environment and the other layers are not known. A failed reference to a value there adds
            no problem.
        at: the path of `root` in `within`, and the shape of `root`; None: `root` is a whole tree.
    """
    problems: list[Problem] = []
    if not _mentions(root):
        return root, problems
    from toriconfig._load.interpolate import resolve

    root = resolve(
        root,
        context.shape,
        within=within,
        at=at,
        environ=None if alone else context.environ,
        profile=context.options.profile,
        read_file=context.read_file,
        problems=problems,
        checks=context.options.checks,
    )
    return root, problems


def _mentions(node: Node) -> bool:
    """Return True if a text at or below the node, or in an overridden node, contains `${`."""
    value = node.value
    kind = type(value)
    if kind is str:
        found = "${" in value
    elif kind is dict:
        found = any(map(_mentions, value.values()))
    else:
        found = kind is list and any(map(_mentions, value))
    return found or (node.under is not None and _mentions(node.under))


def with_whole(root: Node, context: Context, within: Node) -> tuple[Node, list[Problem]]:
    """Return `(tree, problems)`: `root` with each reference to a list or mapping replaced by the list or mapping.

    References are looked up in `within`. The problems are warnings about the replaced references. Errors are not
    returned, but kept in `Broken` nodes.
    """
    problems: list[Problem] = []
    if not refers(root):
        return root, problems
    from toriconfig._load.whole_references import with_whole_references

    def resolve(node: Node, here: Shape, path: Path, wrong: list[Problem]) -> Node:
        node, found = resolved(node, context, within, at=(path, here))
        wrong += found
        return node

    return with_whole_references(root, context.shape, resolve, problems), problems


def with_whole_in_all(layers: Layers, context: Context, merged: Node) -> Layers:
    """Return a copy of `layers`. In its trees, each reference to a list or mapping is replaced by the list or mapping.

    References are looked up in `merged`. The problems of the copy include warnings about replaced references.
    """
    problems: list[Problem] = []
    trees = []
    for kind, tree in layers.trees:
        whole, wrong = with_whole(tree, context, merged)
        trees.append((kind, whole))
        problems += wrong
    return layers.replaced(trees=trees, problems=(*layers.problems, *problems))
