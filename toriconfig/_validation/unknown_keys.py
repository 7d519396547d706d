"""Problems of unknown keys at any depth. The remedy is the most similar known key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem, Severity
from toriconfig._core.tree import Node
from toriconfig._schema.shape import ANY, Shape

if TYPE_CHECKING:
    from toriconfig._core.suggest import Suggestions

_VALUE = r"(?s)(?<=.)[:=].*"
"""Pattern of the value in a key such as `port:80`, where the space after the colon is missing."""


_MOST_NAMED = 30
"""Maximum number of keys that `expected` lists."""


def unknown_keys(root: Node, shape: Shape, severity: Severity, *, whole: bool = True) -> Iterator[Problem]:
    """Yield one problem for each unknown key. Models with `extra="ignore"` or `"allow"` have no unknown keys.

    Args:
        severity: severity of the problems.
        whole: True: `root` has the keys of all layers. In a union, a model is then preferred if all keys that the
            model requires are present. False: another layer may set a missing key.
    """
    yield from _Search(severity, whole).below(root, shape, ())


class _Search:
    def __init__(self, severity: Severity, whole: bool) -> None:
        self.severity: Severity = severity
        self.whole = whole
        self.suggestions: Suggestions | None = None

    def below(self, node: Node, shape: Shape, path: Path) -> Iterator[Problem]:
        value = node.value
        if type(value) is list and shape.item is not None:
            for index, item in enumerate(value):
                yield from self.below(item, shape.child(index) or ANY, (*path, index))
        if type(value) is not dict:
            return
        if shape.kind == "mapping":
            if shape.item is not None:
                for key, child in value.items():
                    yield from self.below(child, shape.item, (*path, key))
            return
        if not shape.models:  # pydantic reports a mapping in place of another type
            return
        meant = shape.narrowed(value)
        shape = shape.taken(value) if self.whole else meant
        siblings: _Siblings | None = None
        for key, child in value.items():
            below = shape.child(key)
            if below is not None:
                yield from self.below(child, below, (*path, key))
            elif meant.child(key) is not None:
                yield _passed_over(child, key, meant, path, value, self.severity)
            else:
                siblings = siblings or _Siblings(value, shape)
                yield self._problem(child, key, siblings, path)

    def _problem(self, node: Node, key: str, siblings: _Siblings, path: Path) -> Problem:
        if self.suggestions is None:
            from toriconfig._core.suggest import Suggestions

            self.suggestions = Suggestions()
        find, free, fields = self.suggestions, siblings.free, siblings.fields
        name = re.sub(_VALUE, "", key)
        candidate = (
            siblings.folded.get(name.lower())
            or find.sure(name, free)
            or find.near(name, free)
            or find.near(name, fields)
        )
        parent = f"`{show(path)}`" if path else "the schema"
        return Problem(
            Code.UNKNOWN_KEY,
            show((*path, key)),
            node.key_origin,
            expected=siblings.expected_free if candidate in free or not candidate else siblings.expected,
            help=_EXTENSION if _is_extension(node, key, path) else _remedy(candidate, siblings.said, parent),
            message=f"unknown key `{key}`",
            label=f"not a key of {parent}",
            severity=self.severity,
            fix=find.sure(key, free),
        )


class _Siblings:
    """The known keys of one mapping, computed once for all its unknown keys.

    Attributes:
        said: dict from key to node, for each key that is set in a layer above the defaults.
        fields: every key of the schema.
        free: the keys of `fields` that are not in `said`.
        expected: `fields` as text.
        expected_free: `free` as text.
        folded: dict from the lower-case spelling to the key.
    """

    __slots__ = ("expected", "expected_free", "fields", "folded", "free", "said")

    def __init__(self, value: dict[str, Node], shape: Shape) -> None:
        self.said = {key: value[key] for key in shape.fields if key in value and value[key].layer.kind != "defaults"}
        self.fields = list(shape.fields)
        self.free = [key for key in shape.fields if key not in self.said]
        self.folded = {key.lower(): key for key in reversed(self.fields)}
        self.expected = _one_of(self.fields)
        self.expected_free = _one_of(self.free) if self.free else "no further key: all of them are set"


def _one_of(keys: list[str]) -> str:
    more = len(keys) - _MOST_NAMED
    named = ", ".join(keys[:_MOST_NAMED])
    if not named:
        return "no key at all"
    return f"one of {named}" + (f" and {more:,} more" if more > 0 else "")


def without_unknown(node: Node, shape: Shape) -> Node:
    """Return `node` without the keys that `unknown_keys` with `whole=False` reports; `node` if there is no such key."""
    value: Any = node.value
    if type(value) is list and shape.item is not None:
        value = [without_unknown(child, shape.child(index) or ANY) for index, child in enumerate(value)]
    elif type(value) is dict and (shape.models or shape.kind == "mapping"):
        shape = shape.narrowed(value)
        known = {key: (child, shape.child(key)) for key, child in value.items()}
        value = {key: without_unknown(child, below) for key, (child, below) in known.items() if below is not None}
    if value is node.value or _same(value, node.value):
        return node
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _same(new: Any, old: Any) -> bool:
    if len(new) != len(old):
        return False
    if type(new) is list:
        return all(a is b for a, b in zip(new, old, strict=True))
    return all(new[key] is old[key] for key in new)


def _is_extension(node: Node, key: str, path: Path) -> bool:
    """Return True if a key is at the top level of a file and begins with `x-`, as for YAML anchors in Compose files."""
    return not path and key.startswith("x-") and node.layer.kind == "files"


_EXTENSION = "with the option `extension_keys=True` top-level keys that begin with `x-` are ignored; else remove it"


def _passed_over(
    node: Node, key: str, meant: Shape, path: Path, siblings: dict[str, Node], severity: Severity
) -> Problem:
    """Return the problem of `key`, which belongs to models of a union that were not selected.

    `meant` holds these models. The settings lack a required key of each model in `meant`, so another model was
    selected. The problem names the missing keys.
    """
    lacking = [field.keys[0] for field in meant.fields.values() if field.required and not siblings.keys() & field.keys]
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(lacking))
    return Problem(
        Code.UNKNOWN_KEY,
        show((*path, key)),
        node.key_origin,
        expected=f"{names} beside it",
        help=f"set {names} too, or remove it",
        message=f"`{key}` goes with {names}, which no layer sets",
        label=f"goes with {names}",
        severity=severity,
    )


def _remedy(candidate: str | None, siblings: dict[str, Node], parent: str) -> str:
    if candidate is None:
        return f"remove it, or add it to the model behind {parent}"
    if candidate in siblings:
        return f"did you mean `{candidate}`, which is set at {siblings[candidate].key_origin}?"
    return f"did you mean `{candidate}`?"
