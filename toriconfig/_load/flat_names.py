"""Conversion of names and text by the schema: `DATABASE__POOL__MAX_SIZE=5` becomes `database.pool.max_size`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_origin

from toriconfig._core.path import Path, parse
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node, Positions
from toriconfig._schema.renames import in_secret, renamed
from toriconfig._schema.shape import ANY, Shape, has_secrets

if TYPE_CHECKING:
    from toriconfig._core.origin import OriginKind
    from toriconfig._core.suggest import Suggestions
    from toriconfig._core.tree import Tree
    from toriconfig._load.free_keys import Existing
    from toriconfig._schema.options import Options, PathLike

STEERING = ("PROFILE", "CONFIG_FILE", "NO_LOCAL")
"""Names under the prefix that control the load; a field of the same name takes precedence."""

_LONGEST_POSITION = 6
"""Maximum number of digits of a position in a list."""

MOST_PARTS = 100
"""Maximum number of parts of a name, equal to the depth of a settings file; a longer name is not a key."""

VAULT = "VAULT__"
"""Beginning of the names that describe the connection to Vault, after the prefix."""


def nested(
    kind: OriginKind, tree: Tree, shape: Shape, options: Options, existing: Existing, problems: list[Problem]
) -> tuple[Node, dict[str, Node]]:
    """Convert a tree of flat names, such as `DATABASE__POOL__SIZE`, to a nested tree.

    Returns:
        The nested tree; and a dict from the name after `VAULT__` to each node that describes the Vault connection.
    """
    if not tree.flat:
        from toriconfig._load.free_keys import respelt_tree

        return respelt_tree(tree.root, shape, options.delimiter(kind), existing), {}
    suffix = options.file_suffix if kind in ("env", "dotenv") else None
    prefix = options.environment_prefix
    roots = options.file_roots if kind == "dotenv" else None
    return fit(tree.root, shape, options.delimiter(kind), prefix, problems, existing, suffix, roots)


def fit(
    root: Node,
    shape: Shape,
    delimiter: str | None,
    prefix: str,
    problems: list[Problem],
    existing: Existing = lambda _path: (),
    file_suffix: str | None = None,
    file_roots: Sequence[PathLike] | None = None,
) -> tuple[Node, dict[str, Node]]:
    """Convert a flat tree to a nested tree.

    Args:
        root: a flat tree of text. Its keys are names in upper case without the prefix.
        delimiter: separator of nested keys in names, or None.
        prefix: prefix of the names in messages. If it is "", an unknown name adds no problem.
        problems: list to which problems are appended. A value with a problem is omitted from the result.
        existing: function that takes the path of a `dict`, and returns the keys that other layers set in it. If a key
            from a name differs from one of these keys only in case, the key of the other layers is used.
        file_suffix: suffix of variables that name a file with the value; None: no suffix.
        file_roots: folders in which the file must be if the field is not a secret; None: any folder.

    Returns:
        The nested tree; and a dict from the name after `VAULT__` to each node that describes the Vault connection.
    """
    from toriconfig._load.free_keys import respelt
    from toriconfig._load.text_values import structured

    nested = Node({}, root.layer, root.at)
    vault: dict[str, Node] = {}
    unknown = UnknownVariables(shape, delimiter, prefix)
    delimiter = delimiter.upper() if delimiter else None
    for name, node in sorted(root.value.items()):
        path, target = _meant(name, shape, delimiter)
        if path is None and file_suffix and name.endswith(file_suffix.upper()):
            from toriconfig._load.named_files import content

            path, target = _meant(name[: -len(file_suffix)], shape, delimiter)
            if path is not None:
                roots = None if in_secret(path, shape) else file_roots
                found = content(node, name, file_suffix, root.value, problems, roots)
                if found is None:
                    continue
                node = found
        if path is not None:
            path = respelt(path, shape, existing) if len(path) > 1 else path
            value = structured(node, _untyped(path, target, shape) or target, path, problems)
            if value is not None:
                _place(nested, path, value)
        elif name.startswith(VAULT) and "vault" not in shape.fields:
            vault[name.removeprefix(VAULT).lower()] = node
        elif prefix and name not in STEERING:
            problems.append(unknown.problem(prefix + name, node))
    return nested, vault


def fit_paths(root: Node, shape: Shape, problems: list[Problem]) -> Node:
    """Convert a tree whose keys are dotted paths to a nested tree, and convert the text of each value for its field.

    Secrets, sections with secrets, and unknown paths are omitted. If the text of a value cannot be converted, the
    value is omitted, and a problem is appended to `problems`.
    """
    from toriconfig._load.text_values import structured

    nested = Node({}, root.layer, root.at)
    for name, node in root.value.items():
        path = _plain_path(name, shape)
        target = shape.at(path) if path else None
        if path and target is not None and (value := structured(node, target, path, problems)) is not None:
            _place(nested, path, value)
    return nested


def _plain_path(name: str, shape: Shape) -> Path:
    try:
        path = parse(name)
    except ValueError:
        return ()
    here: Shape | None = shape
    for part in path:
        here = here.child(part) if here is not None and isinstance(part, str) else None
        if here is None or has_secrets(here):
            return ()
    return path


def means(name: str, shape: Shape, delimiter: str | None) -> bool:
    """Return True if `name` stands for a key of the schema or of the connection to Vault.

    The caller must remove the prefix from `name`.
    """
    name = name.upper()
    return name.startswith(VAULT) or _meant(name, shape, delimiter.upper() if delimiter else None)[0] is not None


def _meant(name: str, shape: Shape, delimiter: str | None) -> tuple[Path | None, Shape]:
    """Return `(path, shape)` of the current or old key that `name` stands for; `(None, ANY)` if there is none."""
    if delimiter and name.count(delimiter) >= MOST_PARTS:
        return None, ANY
    path = _match(name, shape, delimiter)
    return (path, shape.at(path) or ANY) if path is not None else _formerly(name, shape, delimiter)


def meaning(name: str, shape: Shape, delimiter: str | None) -> Path | None:
    """Return the path of the key that `name` stands for, or None. `name` has no prefix, and its case is ignored."""
    return _meant(name.upper(), shape, delimiter.upper() if delimiter else None)[0]


def names_a_file(name: str, shape: Shape, options: Options) -> bool:
    """Return True if the name of a variable consists of prefix, key and file suffix.

    Return False if the name, with its suffix, is itself a key, or if the options set no suffix.
    """
    suffix, prefix, delimiter = (
        (options.file_suffix or "").upper(),
        options.environment_prefix,
        options.delimiter("env"),
    )
    name = name.upper()
    if not suffix or not name.endswith(suffix) or not name.startswith(prefix.upper()):
        return False
    name = name[len(prefix) :]
    return meaning(name, shape, delimiter) is None and meaning(name[: -len(suffix)], shape, delimiter) is not None


def means_secret(name: str, shape: Shape, delimiter: str | None) -> bool:
    """Return True if `name` stands for a secret, or for a key below a secret.

    The caller must remove the prefix from `name`.
    """
    found = _meant(name.upper(), shape, delimiter.upper() if delimiter else None)[0] or ()
    return in_secret(found, shape)


def meant_formerly(name: str, shape: Shape, delimiter: str | None, *, case_sensitive: bool) -> bool:
    """Return True if `name` stands for the old path of a renamed key, or for a key below this path.

    The caller must remove the prefix from `name`.
    """
    if not case_sensitive:
        name, delimiter = name.upper(), delimiter.upper() if delimiter else None
    return _formerly(name, shape, delimiter, case_sensitive=case_sensitive)[0] is not None


def _formerly(
    name: str, shape: Shape, delimiter: str | None, *, case_sensitive: bool = False
) -> tuple[Path | None, Shape]:
    for one in renamed(shape):
        old, target = one.old, one.shape
        whole = (delimiter or "").join(map(str, old))
        whole = whole if case_sensitive else whole.upper()
        if name == whole and (delimiter or len(old) == 1):
            return old, target
        if delimiter and name.startswith(whole + delimiter):
            rest = name[len(whole + delimiter) :].upper()
            if target.models:
                below, shape = _meant(rest, target, delimiter.upper())
            else:
                below = _below(rest, target, delimiter.upper())
                shape = target.at(below or ()) or ANY
            if below is not None:
                return (*old, *below), shape
    return None, ANY


def _match(name: str, shape: Shape, delimiter: str | None) -> Path | None:
    """Return the path of `name`, or None if `name` is not a key. The longest matching key is used at each level."""
    fields = {key.upper(): (key, field.shape) for key, field in shape.fields.items()}
    if name in fields:
        return (fields[name][0],)
    if delimiter is None:
        return None
    cut = name.rfind(delimiter)
    while cut > 0:
        found = fields.get(name[:cut])
        rest = name[cut + len(delimiter) :]
        if found is not None and rest:
            key, child = found
            below = _below(rest, child, delimiter)
            if below is not None:
                return (key, *below)
        cut = name.rfind(delimiter, 0, cut)
    return None


def _below(name: str, shape: Shape, delimiter: str) -> Path | None:
    if shape.models:
        return _match(name, shape, delimiter)
    if shape.kind == "sequence" and not shape.unordered:
        return _item(name, shape, delimiter)
    if shape.kind == "any":
        parts = tuple(part.lower() for part in name.split(delimiter))
        return parts if all(parts) else None
    if shape.kind != "mapping" or shape.item is None:
        return None
    key, cut, rest = name.partition(delimiter)
    if not key or (cut and not rest):
        return None
    if not rest:
        return (key.lower(),)
    below = _below(rest, shape.item, delimiter)
    return (key.lower(), *below) if below is not None else None


def _untyped(path: Path, target: Shape, shape: Shape) -> Shape | None:
    """If `path` is inside a `dict` field and has no declared type, return a shape that decodes JSON; else None."""
    if target.kind != "any" or target.members or len(path) < 2:
        return None
    field = shape.fields.get(str(path[0]))
    annotation = field.info.annotation if field is not None else None
    if annotation is not dict and (get_origin(annotation) is not dict or len(path) == 2):
        return None
    decoded = Shape("any")
    decoded.decodes = True
    return decoded


def _item(name: str, shape: Shape, delimiter: str) -> Path | None:
    """Return the path for `name` in a list or named tuple: `(0, "host")` for `0__HOST`; None if nothing matches."""
    part, cut, rest = name.partition(delimiter)
    names = [known.upper() for known in shape.names]
    if not (part in names or (part.isascii() and part.isdigit() and len(part) <= _LONGEST_POSITION)):
        return None
    position = names.index(part) if part in names else int(part)
    below = _below(rest, shape.child(position) or ANY, delimiter) if rest else ()
    return (position, *below) if below is not None and bool(cut) == bool(rest) else None


def _place(root: Node, path: Path, node: Node) -> None:
    """Put `node` at `path` below `root`, and create missing parents.

    If `path` already has a mapping, and `node` is a mapping too, add the keys of `node` to the existing mapping.
    """
    *parents, last = path
    here = root
    for part, below in zip(parents, path[1:], strict=True):
        here = _container(here, part, Positions if type(below) is int else dict, node)
    known = _at(here, last)
    if known is None or type(known.value) is not dict or type(node.value) is not dict:
        _put(here, last, Node(node.value, node.layer, node.at, node.key_at, known))
    else:
        known.value.update(node.value)


def _container(parent: Node, part: str | int, kind: type[dict[Any, Any]], node: Node) -> Node:
    """Return the container at the key `part` of `parent`. If there is none, create an empty `kind` there."""
    known = _at(parent, part)
    if known is None or type(known.value) not in (kind, dict if kind is dict else list):
        known = Node(kind(), node.layer, node.at, None, known)
        _put(parent, part, known)
    # The variable that sets the value also names the key, so both have one position.
    known.key_at = known.at
    return known


def _at(parent: Node, part: str | int) -> Node | None:
    if type(parent.value) is list:
        return parent.value[part] if isinstance(part, int) and part < len(parent.value) else None
    found: Node | None = parent.value.get(part)
    return found


def _put(parent: Node, part: str | int, node: Node) -> None:
    """Put a node at a key or position. A position beyond the end converts the list to `Positions`."""
    if type(parent.value) is list and isinstance(part, int):
        if part == len(parent.value):
            parent.value.append(node)
            return
        if part > len(parent.value):
            parent.value = Positions(enumerate(parent.value))
    container: Any = parent.value
    container[part] = node


def _unprefixed(name: str, prefix: str) -> str:
    return name[len(prefix) :] if name.upper().startswith(prefix.upper()) else name


class UnknownVariables:
    """Warnings about variables, and files in a directory of secrets, that are not keys.

    Args:
        shape: the shape of the schema.
        delimiter: separator of nested keys in names, or None.
        prefix: prefix of the variables.
    """

    def __init__(self, shape: Shape, delimiter: str | None, prefix: str) -> None:
        self._shape = shape
        self._delimiter = delimiter.upper() if delimiter else None
        self._prefix = prefix
        self._known: dict[str, str] | None = None
        self._suggestions: Suggestions | None = None

    def problem(self, name: str, node: Node) -> Problem:
        """Return the problem of one unknown name, with the most similar name if there is one."""
        prefix = self._prefix
        if (
            self._known is None or self._suggestions is None
        ):  # computed once, because there may be thousands of unknown names
            from toriconfig._core.suggest import Suggestions
            from toriconfig._load.variable_names import names

            self._suggestions = Suggestions()
            # Compared without the common prefix, which would make all names similar.
            all_names = names(self._shape, self._delimiter, prefix)
            self._known = {_unprefixed(full, prefix).upper(): full for full, _ in all_names}
        found = self._suggestions.near(_unprefixed(name, prefix).upper(), self._known)
        candidate = self._known[found] if found else None
        in_file = node.layer.kind == "secrets_dir"
        what = "this file" if in_file else f"variable `{name}`"
        otherwise = "remove it" if in_file else f"unset it, or rename it if it is not meant for {prefix}*"
        bare = _unprefixed(name, prefix).upper()
        if not in_file and bare.endswith("_FILE") and meaning(bare.removesuffix("_FILE"), self._shape, self._delimiter):
            candidate, otherwise = (
                None,
                'with the option `file_suffix="_FILE"` it names the file of a value; else unset it',
            )
        return Problem(
            Code.UNKNOWN_VARIABLE,
            "",
            node.origin,
            expected=f"a name of the schema with the prefix {prefix}",
            help=f"did you mean `{candidate}`?" if candidate else otherwise,
            message=f"{what} is not a key of the schema",
            label="not a key",
            # A directory of secrets may be shared with other programs; the prefix belongs to this program.
            severity="info" if in_file else "warning",
            fix=candidate,
        )
