"""Fits flat names and plain text to the schema: `DATABASE__POOL__MAX_SIZE=5` becomes `database.pool.max_size`.

Variables, `.env` files and secret directories know only names and text. Which key a name means, and whether
text such as `title=2.0,abstract=1.4` is a mapping, is decided here, by the shape of the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from toriconfig._path import Path, parse, show
from toriconfig._renamed import current, renamed
from toriconfig._shape import ANY, Field, Shape, has_secrets
from toriconfig._shape.keys import config_of, is_aliased
from toriconfig._tree import Node
from toriconfig.errors import Problem

STEERING = ("PROFILE", "CONFIG_FILE", "NO_LOCAL")
"""Names under the prefix that steer the load; a field of the same name comes first."""

VAULT = "VAULT__"
"""Names under the prefix that describe the connection to Vault."""


def fit(
    root: Node, shape: Shape, delimiter: str | None, prefix: str, problems: list[Problem]
) -> tuple[Node, dict[str, Node]]:
    """A flat tree as a nested one.

    Args:
        root: names, upper case and without the prefix, to nodes of text.
        delimiter: what nests in names, or None.
        prefix: put back in what is shown.

    Returns:
        The nested tree, and the names that describe the connection to Vault (without `VAULT__`).
    """
    nested: dict[str, Node] = {}
    vault: dict[str, Node] = {}
    delimiter = delimiter.upper() if delimiter else None
    for name, node in sorted(root.value.items()):
        path, target = _meant(name, shape, delimiter)
        if path is not None:
            value = _structured(node, target, path, problems)
            if value is not None:
                _place(nested, path, value)
        elif name.startswith(VAULT) and "vault" not in shape.fields:
            vault[name.removeprefix(VAULT).lower()] = node
        elif prefix and name not in STEERING:
            problems.append(unknown_variable(prefix + name, node, shape, delimiter, prefix))
    return Node(nested, root.layer, root.at), vault


def fit_paths(root: Node, shape: Shape, problems: list[Problem]) -> Node:
    """A tree whose keys are dotted paths as a nested one: of the plain fields of the schema, nothing else."""
    nested: dict[str, Node] = {}
    for name, node in root.value.items():
        path = _plain_path(name, shape)
        target = shape.at(path) if path else None
        if path and target is not None and (value := _structured(node, target, path, problems)) is not None:
            _place(nested, path, value)
    return Node(nested, root.layer, root.at)


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
    """Whether a name, without the prefix, means a key of the schema or the connection to Vault."""
    name = name.upper()
    return name.startswith(VAULT) or _meant(name, shape, delimiter.upper() if delimiter else None)[0] is not None


def _meant(name: str, shape: Shape, delimiter: str | None) -> tuple[Path | None, Shape]:
    """The path that a name means, perhaps that of a key which was renamed since, and what may stand there."""
    path = _match(name, shape, delimiter)
    return (path, shape.at(path) or ANY) if path is not None else _formerly(name, shape, delimiter)


def meaning(name: str, shape: Shape, delimiter: str | None) -> Path | None:
    """The path that a name, without the prefix, means in whatever case; None when it means no key."""
    return _meant(name.upper(), shape, delimiter.upper() if delimiter else None)[0]


def means_secret(name: str, shape: Shape, delimiter: str | None) -> bool:
    """Whether a name, without the prefix, means a secret or a part of one, perhaps by a key that was renamed since."""
    found = _meant(name.upper(), shape, delimiter.upper() if delimiter else None)[0] or ()
    path = current(found, shape)
    return any((here := shape.at(path[:end])) is not None and here.kind == "secret" for end in range(1, len(path) + 1))


def meant_formerly(name: str, shape: Shape, delimiter: str | None, *, case_sensitive: bool) -> bool:
    """Whether a name, without the prefix, means a key that was renamed since."""
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


def names(
    shape: Shape, delimiter: str | None, prefix: str = "", *, sections: bool = False
) -> Iterator[tuple[str, Path]]:
    """The name of each leaf that can be set from the environment, with its path.

    Where pydantic-settings reads the variables its rules hold: case may count, and an alias stands without the prefix.

    Args:
        sections: also the names that set a whole model, as JSON or `null`, beside those of its keys.
    """
    models = [model for model in shape.models if hasattr(model, "_toriconfig_read")]
    config = config_of(models[0]) if models else _OUR_RULES
    plain = config_of(shape.models[0]) if shape.models and not models else config
    target = config.get("env_prefix_target") or "variable"
    naming = _Naming(delimiter, sections=sections, case_sensitive=bool(plain.get("case_sensitive")))
    for key, field in _each(shape):
        named = "alias" if models and is_aliased(models[0], field.info) else "variable"
        yield from naming.of(key, field, prefix if target in (named, "all") else "", (), frozenset())


_OUR_RULES: Mapping[str, Any] = {}


class _Naming:
    """How the names of variables are made from keys."""

    def __init__(self, delimiter: str | None, *, sections: bool, case_sensitive: bool) -> None:
        self._spelt: Callable[[str], str] = str if case_sensitive else str.upper
        self._delimiter = self._spelt(delimiter) if delimiter else None
        self._sections = sections

    def of(self, key: str, field: Field, prefix: str, path: Path, seen: frozenset[type]) -> Iterator[tuple[str, Path]]:
        """The names of one field, and of what is below it."""
        shape, path, name = field.shape, (*path, key), prefix + self._spelt(key)
        nests = shape.kind == "model" and self._delimiter and not seen.intersection(shape.models)
        if self._sections or not nests:
            yield name, path
        if nests and self._delimiter:
            for below, inner in _each(shape):
                yield from self.of(below, inner, name + self._delimiter, path, seen | set(shape.models))


def _each(shape: Shape) -> Iterator[tuple[str, Field]]:
    """Each field once, with the key to show."""
    shown: set[int] = set()
    for key, field in shape.fields.items():
        if id(field) not in shown:
            shown.add(id(field))
            yield key, field


def _match(name: str, shape: Shape, delimiter: str | None) -> Path | None:
    """The path that `name` means, or None. The longest key wins, so keys may hold the delimiter."""
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


def _place(nested: dict[str, Node], path: Path, node: Node) -> None:
    """Put what one name says at its path; the mappings above it get a `key_at`, as they are not all that it says."""
    *parents, last = path
    for part in parents:
        parent = nested.get(str(part))
        if parent is None or type(parent.value) is not dict:
            nested[str(part)] = parent = Node({}, node.layer, node.at, None, parent)
        parent.key_at = parent.at
        nested = parent.value
    known = nested.get(str(last))
    if known is None or type(known.value) is not dict or type(node.value) is not dict:
        nested[str(last)] = Node(node.value, node.layer, node.at, node.key_at, known)
    else:
        known.value.update(node.value)


def _structured(node: Node, shape: Shape, path: Path, problems: list[Problem]) -> Node | None:
    """Text as the mapping or list that the schema wants there; text itself where it wants text.

    What is a part of the text has a `key_at`.
    """
    text = node.value
    if not isinstance(text, str):
        return node
    stripped = text.strip()
    if stripped == "null" and can_mean(shape, None):
        return Node(None, node.layer, node.at)
    if shape.kind == "any" and shape.decodes:
        value, wrong = _json(stripped)
        return node if wrong else _nodes(value, node)
    if shape.kind in ("scalar", "any") or (shape.kind == "secret" and not shape.models):
        return node
    if stripped[:1] in ("{", "["):
        value, wrong = _json(stripped)
        if not wrong:
            return _nodes(value, node)
        if not shape.text:
            problems.append(_bad_text(node, path, "valid JSON", f"the JSON breaks off at character {wrong}"))
            return None
    if shape.text or shape.kind == "secret":
        return node
    if shape.kind == "sequence":
        items = [Node(part.strip(), node.layer, node.at, node.at) for part in text.split(",") if part.strip()]
        return Node(items, node.layer, node.at)
    pairs: dict[str, Node] = {}
    for part in filter(str.strip, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            problems.append(_bad_text(node, path, "`key=value,key=value` or a JSON object", "a pair has no `=`"))
            return None
        pairs[key.strip()] = Node(value.strip(), node.layer, node.at, node.at)
    return Node(pairs, node.layer, node.at)


def can_mean(shape: Shape, value: Any) -> bool:
    """Whether text can mean this value: `null` means None, and JSON a mapping or list, only where text is not wanted."""
    if value is None:
        return shape.nullable and shape.kind not in ("secret", "any") and not shape.text
    return shape.kind != "any" or shape.decodes or not isinstance(value, (dict, list))


def _json(text: str) -> tuple[Any, int]:
    import json

    try:
        return json.loads(text), 0
    except ValueError as error:
        return None, getattr(error, "pos", 0) + 1
    except RecursionError:
        return None, 1


def _nodes(value: Any, like: Node, key_at: Any = None) -> Node:
    if isinstance(value, dict):
        value = {key: _nodes(part, like, like.at) for key, part in value.items()}
    elif isinstance(value, list):
        value = [_nodes(part, like, like.at) for part in value]
    return Node(value, like.layer, like.at, key_at)


def _bad_text(node: Node, path: Path, expected: str, label: str) -> Problem:
    return Problem(
        "TC102",
        show(path),
        node.origin,
        expected=expected,
        help=f"set {node.origin} to {expected}",
        message=f"`{show(path)}` cannot be read from text",
        label=label,
    )


def _unprefixed(name: str, prefix: str) -> str:
    return name[len(prefix) :] if name.upper().startswith(prefix.upper()) else name


def unknown_variable(name: str, node: Node, shape: Shape, delimiter: str | None, prefix: str) -> Problem:
    """The warning of a variable, or a file of a directory of secrets, that means no key."""
    from toriconfig._near import near

    # Compared without the prefix, which they all share: it would make everything look alike.
    known = {_unprefixed(full, prefix).upper(): full for full, _ in names(shape, delimiter, prefix)}
    found = near(_unprefixed(name, prefix).upper(), list(known))
    candidate = known[found] if found else None
    in_file = node.layer.kind == "secrets_dir"
    what = "this file" if in_file else f"variable `{name}`"
    otherwise = "remove it" if in_file else f"unset it, or rename it if it is not meant for {prefix}*"
    return Problem(
        "TC501",
        "",
        node.origin,
        expected=f"a name that the schema knows under {prefix}",
        help=f"did you mean `{candidate}`?" if candidate else otherwise,
        message=f"{what} means no key of the schema",
        label="not a key",
        # A directory of secrets may be shared with other programs; a prefix is ours.
        severity="info" if in_file else "warning",
        fix=candidate,
    )
