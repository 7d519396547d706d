"""Replacement of `${...}` in the merged tree. A `${...}` in a text from `${env:...}` or `${file:...}` is not replaced.

In a `Secret` field, references to backends, files and other secrets are kept in a `Template`, from which
`_load.secrets` creates a handle. In other fields, a reference to a backend or to a `Secret` field is an error. All
other references are replaced by their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic_core import PydanticUndefined

from toriconfig._core import path as paths
from toriconfig._core.interpolation_syntax import (
    Malformed,
    Reference,
    as_text,
    formed,
    is_unresolved,
    parse,
    plain,
    unresolved,
)
from toriconfig._core.markers import CHECKS, Check
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node
from toriconfig._load.aliases import spelt
from toriconfig._load.defaults import as_node, placed
from toriconfig._load.templates import FAILED, Other, Template
from toriconfig._schema.renames import current, referred
from toriconfig._schema.shape import ANY, Shape, confidential
from toriconfig._secrets.secret import Secret

_OPEN = "${"
DEEPEST = 50
"""Maximum length of a chain of references."""
LARGEST = 16 << 20
"""Maximum length of all composed texts together, in characters. A short reference can stand for a long text."""


_UNSET: Any = object()


class _Run:
    def __init__(
        self,
        root: Node,
        shape: Shape,
        environ: Mapping[str, str] | None,
        profile: str | None,
        read_file: Callable[[str], str | Problem],
        problems: list[Problem],
        checks: Mapping[str, Check],
    ) -> None:
        self.root = root
        self.checks = checks
        self.shape = shape
        self.environ = environ
        self.profile = profile
        self.read_file = read_file
        self.problems = self.told = problems
        self.done: dict[int, Any] = {}
        self.written = 0
        self.made: dict[Path, Node] = {}
        self.open: list[Path] = []
        self.suggestions: Any = None

    def node(self, node: Node, shape: Shape, path: Path) -> Node:
        """Return `node` with all references at and below it resolved; the same object if nothing changed."""
        value, layer = node.value, node.layer
        kind = type(value)
        if kind is str:
            if _OPEN in value and layer.references:
                value, layer = self.text(node, shape, path), layer.settled
                if type(value) is str and shape.kind != "secret":
                    from toriconfig._load.text_values import referred

                    return referred(value, node, shape, path, self.problems, FAILED)
            elif _OPEN in value and is_unresolved(value, layer):
                value = self._unresolved(node, shape, path)
        elif kind is dict:
            here = shape.narrowed(value) if shape.kind == "model" else shape
            below = {key: self.node(child, self._child(here, key), (*path, key)) for key, child in value.items()}
            value = below if any(below[key] is not value[key] for key in below) else value
        elif kind is list:
            items = [self.node(child, shape.child(index) or ANY, (*path, index)) for index, child in enumerate(value)]
            value = items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        under = node.under
        if under is not None and shape.kind == "secret":
            under = self._loser(under, shape, path)
        if value is node.value and under is node.under:
            return node
        return Node(value, layer, node.at, node.key_at, under)

    def _loser(self, node: Node, shape: Shape, path: Path) -> Node:
        """Resolve the references in `node`, the overridden value that a lower layer sets for a secret field."""
        outer = self.problems
        asks = type(node.value) is str and node.layer.references and self._names_backend(node.value)
        self.problems = self.told if asks else []
        resolved = self.node(node, shape, path)
        self.problems = outer
        return resolved

    def _names_backend(self, text: str) -> bool:
        return any(f"${{{scheme}:" in text for scheme in self.checks)

    def _child(self, shape: Shape, key: str) -> Shape:
        return shape if shape.kind == "secret" else shape.child(key) or ANY

    def text(self, node: Node, shape: Shape, path: Path) -> Any:
        """Resolve the references in the text of `node`. Return a value, a `Template` of secrets, or `FAILED`."""
        known = self.done.get(id(node), self)
        if known is not self:
            return known
        if path in self.open and path:
            chain = " -> ".join(show(step) for step in (*self.open[self.open.index(path) :], path))
            message = f"references form a cycle: {chain}"
            self._problem(Code.REFERENCE_CYCLE, node, path, message, "no cycle", "break it at one of them")
            return FAILED
        if len(self.open) >= DEEPEST:
            message = f"a chain of more than {DEEPEST} references"
            self._problem(Code.REFERENCE_CYCLE, node, path, message, "a shorter chain", "refer to the value itself")
            return FAILED
        parts = parse(node.value, self.checks)
        if isinstance(parts, Malformed):
            self._problem(parts.code, node, path, parts.message, parts.expected, parts.help)
            return FAILED
        self.open.append(path)
        values = [part if isinstance(part, str) else self._formed(part, node, shape, path) for part in parts]
        self.open.pop()
        yielded = (value for part, value in zip(parts, values, strict=True) if part is not value)
        secret = shape.kind == "secret" or shape.sealed
        if secret and any(type(value) is str and is_unresolved(value) for value in yielded):
            self.problems.append(unresolved(node, path, "the value of a reference is not scanned again"))
            return FAILED
        if len(parts) > 1 and type(parts[0]) is str and "//" in parts[0]:
            from toriconfig._load.url_parts import hints

            self.problems += hints(parts, values, show(path), node.origin)
        result = self.done[id(node)] = self._joined(values, node, path)
        return result

    def _unresolved(self, node: Node, shape: Shape, path: Path) -> Any:
        """For an unresolved `${...}` in a secret, report an error and return `FAILED`; else warn and return the text."""
        secret = shape.kind == "secret" or shape.sealed
        self.problems.append(unresolved(node, path, severity="error" if secret else "warning"))
        return FAILED if secret else node.value

    def _joined(self, values: list[Any], node: Node, path: Path) -> Any:
        if any(value is FAILED for value in values):
            return FAILED
        if len(values) == 1:
            return Template(values) if isinstance(values[0], (Reference, Other)) else values[0]
        parts: list[str | Reference | Other] = []
        for value in values:
            if isinstance(value, Template):
                parts.extend(value.parts)
            elif value is None:
                return self._null(node, path)
            else:
                parts.append(value if isinstance(value, (Reference, Other)) else as_text(value))
        texts = [part for part in parts if isinstance(part, str)]
        size = sum(map(len, texts))
        if self.written + size > LARGEST:
            message = f"references expand to more than {LARGEST >> 20} MiB of text"
            self._problem(Code.TOO_LARGE, node, path, message, "less text", "refer to fewer or shorter values")
            return FAILED
        self.written += size
        return "".join(texts) if len(texts) == len(parts) else Template(parts)

    def _formed(self, reference: Reference, node: Node, shape: Shape, path: Path) -> Any:
        """Return the value of `reference`, or `FAILED` on error. A reference to a secret stays a reference."""
        value = self._value(reference, node, shape, path)
        forms = reference.forms
        if not forms or value is FAILED or isinstance(value, Reference):
            return value
        if isinstance(value, Other):
            return value.replaced(forms=forms)
        try:
            return formed(as_text(value), forms) if value is not None else self._null(node, path)
        except ValueError:
            message, expected = f"`{reference.name}` cannot be percent-encoded", "text"
            self._problem(Code.REFERENCE_NOT_SET, node, path, message, expected, "refer to text")
            return FAILED

    def _null(self, node: Node, path: Path) -> Any:
        message = "a reference inside a text has the value null"
        self._problem(Code.REFERENCE_NOT_SET, node, path, message, "a key that is set", "set the referenced value")
        return FAILED

    def _value(self, reference: Reference, node: Node, shape: Shape, path: Path) -> Any:
        if reference.kind == "profile":
            return self._profile(node, path)
        if reference.kind == "env":
            return self._env(reference, node, path)
        if reference.kind == "key":
            return self._key(reference, node, shape, path)
        if shape.kind == "secret":
            return reference
        if reference.fetched:
            return self._refused(node, path, f"`${{{reference.kind}:{reference.name}}}`")
        text = self.read_file(reference.name)
        if isinstance(text, Problem):
            self._problem(text.code, node, path, text.message, text.expected, text.help)
            return FAILED
        return text

    def _profile(self, node: Node, path: Path) -> Any:
        if self.profile is not None:
            return self.profile
        if self.environ is not None:
            message, remedy = "no profile is set", "name the profile: by the option `profile`, or its variable"
            self._problem(Code.REFERENCE_NOT_SET, node, path, message, "a profile", remedy)
        return FAILED

    def _env(self, reference: Reference, node: Node, path: Path) -> Any:
        if self.environ is None:
            return FAILED
        value = self.environ.get(reference.name)
        if value or (value is not None and reference.default is None and reference.hint is None):
            return value
        if reference.default is not None:
            return reference.default
        self._problem(
            Code.REFERENCE_NOT_SET,
            node,
            path,
            f"variable `{reference.name}` is not set",
            f"`{reference.name}` in the environment",
            reference.hint or f"set {reference.name}, or write `${{env:{reference.name}:-default}}`",
        )
        return FAILED

    def _key(self, reference: Reference, node: Node, from_shape: Shape, path: Path) -> Any:
        named = paths.parse(reference.name)
        now = current(named, self.shape)
        if now != named:
            self.problems.append(referred(named, now, node, path))
        target = spelt(now, self.shape)
        owner = self._secret_on(target)
        if owner is not None:
            if from_shape.kind != "secret":
                return self._refused(node, path, f"`${{{reference.name}}}`, which is a secret,")
            return self._other(reference, owner, target, node, path)
        shape = self.shape.at(target)
        hides = shape is not None and (shape.sealed or (bool(shape.members) and confidential(shape)))
        if hides and not (from_shape.sealed or from_shape.kind == "secret"):
            return self._refused(node, path, f"`${{{reference.name}}}`, which is a secret,")
        found = self.root.find(target)
        if found is not None and type(found.value) is str and _OPEN in found.value and found.layer.references:
            return self.text(found, shape or ANY, target)
        value = found.value if found is not None else self._unsaid(target)
        if isinstance(value, (Secret, SecretStr, SecretBytes)):
            if isinstance(value, Secret) or not (from_shape.sealed or from_shape.kind == "secret"):
                return self._refused(node, path, f"`${{{reference.name}}}`, which is a secret,")
            value = value.get_secret_value()
        section = shape is not None and shape.kind in ("model", "mapping", "sequence") and not shape.text
        if value is _UNSET and not section:
            if shape is None or self.environ is not None:
                self._missing(reference, node, path, shape)
            return FAILED
        value = plain(value)
        if isinstance(value, (dict, list)) or value is _UNSET:
            message = f"`{reference.name}` is not a scalar"
            self._problem(Code.REFERENCE_NOT_SET, node, path, message, "the key of a scalar", "name one of its keys")
            return FAILED
        return value

    def _secret_on(self, target: Path) -> Path | None:
        """Return the path of the secret at or above `target`, or None."""
        shape: Shape | None = self.shape
        for depth, part in enumerate(target, 1):
            shape = shape.child(part) if shape is not None else None
            if shape is not None and shape.kind == "secret":
                return target[:depth]
        return None

    def _other(self, reference: Reference, owner: Path, target: Path, node: Node, path: Path) -> Any:
        if target != owner and self.shape.at(target) is None:
            self._missing(reference, node, path, None)
            return FAILED
        found = self.root.find(owner)
        if found is not None and self._has_failed_reference(found, self.shape.at(owner) or ANY, owner):
            return FAILED
        return Other(owner, target[len(owner) :])

    def _has_failed_reference(self, found: Node, shape: Shape, path: Path) -> bool:
        """Return True if a reference in the secret `found` cannot be resolved, for example because of a cycle."""
        if type(found.value) is dict:
            return any(self._has_failed_reference(child, shape, (*path, key)) for key, child in found.value.items())
        if type(found.value) is str and _OPEN in found.value and found.layer.references:
            return self.text(found, shape, path) is FAILED
        return False

    def _unsaid(self, target: Path) -> Any:
        """Look up `target` in the defaults and in Python objects of the tree. If not found, return `_UNSET`."""
        shape: Shape | None = self.shape
        node: Node | None = self.root
        value: Any = _UNSET
        for depth, part in enumerate(target, 1):
            field = shape.fields.get(str(part)) if shape is not None else None
            node = node.find((part,)) if node is not None else None
            if node is None and value is not _UNSET:
                value = _part(value, field.name if field is not None else part)
            elif node is None and (field is None or field.required):
                return _UNSET
            elif node is None and field is not None:
                value = field.default()
                if field.info.default_factory is not None and value is not PydanticUndefined:
                    node = self._made(target[:depth], as_node(value, field.place, field.shape))
            if node is not None or value is PydanticUndefined:
                value = node.value if node is not None and type(node.value) not in (dict, list) else _UNSET
            elif value is _UNSET:
                return _UNSET
            shape = field.shape if field is not None else None
        return value

    def _made(self, path: Path, node: Node) -> Node:
        """Store `node`, the result of a default_factory, in the tree for later lookups. Return `node`."""
        self.made[path] = node
        self.root = placed(self.root, path, node)
        return node

    def _missing(self, reference: Reference, node: Node, path: Path, shape: Shape | None) -> None:
        from toriconfig._core.suggest import Suggestions

        self.suggestions = self.suggestions or Suggestions()
        known = [show((*path[:-1], key)) for key in (self.shape.at(path[:-1]) or self.shape).fields]
        candidate = self.suggestions.near(reference.name, [*known, *self.shape.fields]) if shape is None else None
        if candidate:
            remedy = f"did you mean `${{{candidate}}}`?"
        elif reference.name.isupper() and reference.name.isidentifier():
            remedy = f"did you mean the variable, `${{env:{reference.name}}}`?"
        else:
            remedy = f"set `{reference.name}` in some layer"
        self._problem(Code.REFERENCE_NOT_SET, node, path, f"`{reference.name}` is not set", "a key that is set", remedy)

    def _refused(self, node: Node, path: Path, what: str) -> Any:
        self._problem(
            Code.SECRET_IN_PLAIN_FIELD,
            node,
            path,
            f"{what} in a plain field",
            "a field of type `Secret`",
            f"declare `{show(path)}` as `Secret[...]` in the schema, or write a plain value",
        )
        return FAILED

    def _problem(self, code: str, node: Node, path: Path, message: str, expected: str, remedy: str) -> None:
        self.problems.append(Problem(code, show(path), node.origin, expected, remedy, message))


def resolve(
    root: Node,
    shape: Shape,
    *,
    within: Node,
    at: tuple[Path, Shape] | None = None,
    environ: Mapping[str, str] | None,
    profile: str | None,
    read_file: Callable[[str], str | Problem],
    problems: list[Problem],
    checks: Mapping[str, Check] = CHECKS,
) -> Node:
    """Return `root` with its references resolved. The value of a failed reference is `FAILED`.

    Args:
        shape: the shape of the schema.
        within: the tree in which `${other.key}` is looked up. If no layer sets the key, the lookup calls the
            `default_factory` of the key. If `within` is `root`, the result then contains the created value.
        at: the path of `root` in `within`, and the shape of `root`; None: `root` is the whole tree.
        environ: the environment variables; None: the variables are unknown. If `environ` is None, an unset
            variable, profile or key of the schema adds no problem, because the environment could set each of these.
        profile: the profile, or None.
        read_file: function that returns the text of a file, or the problem.
        problems: list to which the problems of failed references are appended.
        checks: dict from each scheme of a backend to the function that checks its references.
    """
    run = _Run(within, shape, environ, profile, read_file, problems, checks)
    path, here = at or ((), shape)
    resolved = run.node(root, here, path)
    for path, node in run.made.items() if within is root else ():
        resolved = placed(resolved, path, node)
    return resolved


def _part(value: Any, part: str | int) -> Any:
    """Return a field of a model, a key of a mapping or an item of a list; `_UNSET` if there is none."""
    if isinstance(value, BaseModel):
        return value.__dict__.get(str(part), _UNSET)
    if isinstance(value, Mapping):
        return value.get(part, _UNSET)
    if isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value):
        return value[part]
    return _UNSET
