"""Check of the names of variables and secret files by the options `case_sensitive` and `env_nested_max_split`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from toriconfig._core.origin import OriginKind
from toriconfig._core.path import Path
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Node, Tree
from toriconfig._load.flat_names import STEERING, VAULT, UnknownVariables, meaning
from toriconfig._schema.options import Options
from toriconfig._schema.shape import Shape


def with_exact_names(
    kind: OriginKind, tree: Tree, shape: Shape, options: Options
) -> tuple[Tree, Callable[[Path], Iterable[str]] | None]:
    """Remove the variables or secret files whose name has the wrong case, or stands for a key nested too deeply.

    Args:
        kind: the layer.
        tree: a flat tree. Each key is a name from which the caller has removed the prefix.
        shape: the shape of the schema.
        options: the options, with `case_sensitive`, `secrets_case_sensitive` and `env_nested_max_split`.

    Returns:
        `(tree, keys_at)`. The names in the tree are in upper case. If names are case-sensitive, `keys_at` is a function
        that takes a path, and returns the keys directly below the path in their original case. Otherwise it is None.
    """
    delimiter = options.delimiter(kind)
    exact, splits = options.exact(kind), options.env_nested_max_split if kind != "secrets_dir" else None
    prefix = options.environment_prefix
    kept: dict[str, Node] = {}
    problems: list[Problem] = []
    suffix = options.file_suffix if kind in ("env", "dotenv") else None
    unknown = UnknownVariables(shape, delimiter, prefix)
    for name, node in tree.root.value.items():
        named = name.removesuffix(suffix) if suffix and meaning(name, shape, delimiter) is None else name
        path = meaning(named, shape, delimiter)
        if path is None:
            fits = not exact or name == name.upper() or not prefix
        else:
            fits = (splits is None or len(path) - 1 <= splits) and (not exact or _spells(named, path, shape, delimiter))
        if fits:
            kept[name.upper()] = node
        elif prefix and name not in STEERING and not name.startswith(VAULT):
            problems.append(unknown.problem(prefix + name, node))
    root = Node(kept, tree.root.layer, tree.root.at)
    ours = Tree(root, flat=True, problems=(*tree.problems, *problems), lines=tree.lines, complete=tree.complete)
    return ours, _spelt_keys([*tree.root.value], delimiter) if exact else None


def _spelt_keys(names: list[str], delimiter: str | None) -> Callable[[Path], Iterable[str]]:
    """Return a function that takes a path, and returns the keys directly below the path as `names` spell them.

    If `delimiter` is None, the function always returns [].
    """
    parts = [name.split(delimiter) for name in names] if delimiter else []

    def at(path: Path) -> Iterable[str]:
        above = [str(key).lower() for key in path]
        return [
            one[len(path)] for one in parts if [part.lower() for part in one[: len(path)]] == above and one[len(path) :]
        ]

    return at


def _spells(name: str, path: Path, shape: Shape, delimiter: str | None) -> bool:
    """Return True if `name` consists of the keys of `path`, in the same case, joined by the delimiter.

    The comparison ends at the first `dict` key or list index of `path`. The rest of `name` is not compared.
    """
    here: Shape | None = shape
    for key in path:
        if here is None or not here.models:
            return True  # a free key may be spelt in any way
        part, name = name[: len(str(key))], name[len(str(key)) :]
        if part != str(key) or (name and not name.startswith(delimiter or "")):
            return False
        name = name[len(delimiter or "") :]
        here = here.child(key)
    return True
