"""Names in the source text of the package: types as they are written, with internal aliases resolved."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import toriconfig
from toriconfig._api import Subscription
from toriconfig._core.clock import Clock
from toriconfig._core.markers import ParsedReference
from toriconfig._core.tree import Node
from toriconfig._devserver import DevServer
from toriconfig._inspect.explain import Candidate
from toriconfig._live.health import SecretHealth
from toriconfig._live.watcher import Watcher
from toriconfig._load.snapshot import LayerRead

PACKAGE = Path(toriconfig.__file__).parent


class Found(NamedTuple):
    """Definition of a name.

    Attributes:
        module: name of the module that defines it.
        node: the class, the function, or the value of the assignment.
    """

    module: str
    node: ast.AST


@cache
def tree_of(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    file = importlib.import_module(module).__file__
    assert file is not None
    return ast.parse(Path(file).read_text(encoding="utf-8"))


@cache
def definition(module: str, name: str) -> Found | None:
    """Return the definition of a name of a module, through imports inside the package; None for all other names."""
    for node in _statements(tree_of(module).body):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == name:
                return Found(module, node)
            case ast.Assign(targets=[ast.Name(id=found)]) if found == name:
                return Found(module, node.value)
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr()) if found == name:
                assert node.value is not None
                return Found(module, node.value)
            case ast.ImportFrom(module=str(home)) if home.startswith("toriconfig"):
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return definition(home, alias.name)
    return None


def attribute_doc(module: str, name: str) -> str:
    """Return the text that follows the assignment of a name, or of a member as `Class.NAME`; "" without one."""
    owner, _, member = name.rpartition(".")
    place = definition(module, name)
    body = tree_of(place.module if place else module).body
    if owner:
        found = definition(module, owner)
        assert found is not None and isinstance(found.node, ast.ClassDef)
        body = found.node.body
    for pair in pairwise(body):
        match pair:
            case (
                ast.Assign(targets=[ast.Name(id=found_name)]) | ast.AnnAssign(target=ast.Name(id=found_name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ) if found_name == member:
                return text
    return ""


def fields_of(owner: type) -> dict[str, tuple[str, str]]:
    """Return the annotated names of a class and its bases, each with its annotation and the module of that."""
    found: dict[str, tuple[str, str]] = {}
    for base in reversed(owner.__mro__):
        if not base.__module__.startswith("toriconfig"):
            continue
        place = definition(base.__module__, base.__name__)
        if place is None or not isinstance(place.node, ast.ClassDef):
            continue
        for node in place.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = (ast.unparse(node.annotation), place.module)
    return found


def type_text(annotation: Any, module: str) -> str:
    """Return an annotation as text, with aliases replaced by what they stand for; "" if it names an internal class."""
    if annotation is None:
        return "None"
    if not isinstance(annotation, str):
        annotation = getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")
    aliases = _Aliases(module)
    tree = aliases.visit(ast.parse(annotation, mode="eval"))
    return "" if aliases.internal else ast.unparse(tree).replace("'", '"')


class _Aliases(ast.NodeTransformer):
    def __init__(self, module: str) -> None:
        self.module = module
        self.internal = False
        """True if a type is a class that is no public name."""

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if name == "Literal":
            return node
        if name in ("ClassVar", "Final", "Unpack", "Required", "NotRequired"):
            return self.visit(node.slice) if name == "ClassVar" else node
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> Any:
        if not isinstance(node.value, str):
            return node
        return self.visit(ast.parse(node.value, mode="eval").body)

    def visit_Name(self, node: ast.Name) -> Any:
        found = definition(self.module, node.id)
        if found is not None and isinstance(found.node, ast.ClassDef) and node.id not in public_names() | OTHERS:
            self.internal = True
        if found is None or not isinstance(found.node, ast.Subscript | ast.BinOp | ast.Name):
            return node
        return _Aliases(found.module).visit(found.node)


@cache
def public_names() -> frozenset[str]:
    """Return every public name of the public modules."""
    return frozenset(name for room in ROOMS for name, _ in names_of(room))


def names_of(room: str) -> Iterator[tuple[str, Any]]:
    """Yield the public names of a module: those of `__all__`, or the functions and classes that it defines."""
    module = importlib.import_module(room)
    for name in getattr(module, "__all__", None) or vars(module):
        value = getattr(module, name)
        own = hasattr(module, "__all__") or str(getattr(value, "__module__", "")) == room
        if own and not name.startswith("_") and not isinstance(value, ModuleType):
            yield name, value


def strings() -> Iterator[tuple[str, str]]:
    """Yield the strings of the package's code that are no docstrings, with their module's file."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
                yield node.value, str(file.relative_to(PACKAGE))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _statements(node.body)
        yield node


ROOMS = (
    "toriconfig",
    "toriconfig.errors",
    "toriconfig.vault",
    "toriconfig.backends",
    "toriconfig.backends.aws",
    "toriconfig.sources",
    "toriconfig.rotation",
    "toriconfig.rotation.kinds",
    "toriconfig.testing",
    "toriconfig.pipeline",
    "toriconfig.integrations.boto",
    "toriconfig.integrations.httpx",
    "toriconfig.integrations.hvac",
    "toriconfig.integrations.metrics",
    "toriconfig.integrations.opentelemetry",
    "toriconfig.integrations.prometheus",
    "toriconfig.integrations.psycopg_pool",
    "toriconfig.integrations.requests",
    "toriconfig.integrations.sqlalchemy",
)
"""The modules whose public names the page lists."""

OTHER_CLASSES = (Candidate, Clock, DevServer, LayerRead, Node, ParsedReference, SecretHealth, Subscription, Watcher)
"""Classes that no module exports, and whose objects public functions and attributes return."""

OTHERS = frozenset(one.__name__ for one in OTHER_CLASSES)
"""The names of these classes."""
