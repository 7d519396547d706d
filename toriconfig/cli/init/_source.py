"""Parse the Python code of a module, and find the statements on which a class of the module depends."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

Import = ast.Import | ast.ImportFrom


class Edit(NamedTuple):
    """A replacement of a part of the source.

    Attributes:
        start: offset of the first byte.
        end: offset after the last byte.
        text: the new text.
    """

    start: int
    end: int
    text: str


class Source:
    """The Python code of a module, as bytes and as a syntax tree.

    Args:
        text: the Python code.
    """

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self.tree = ast.parse(self.data)
        self.lines = self.data.splitlines(keepends=True)
        self._offsets = [0]
        for line in self.lines:
            self._offsets.append(self._offsets[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return `(start, end)` of a node: the offsets of its first byte and after its last byte."""
        assert isinstance(node, (ast.expr, ast.stmt, ast.keyword, ast.arg))
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._offsets[node.lineno - 1] + node.col_offset
        return start, self._offsets[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.data[start:end].decode()

    def edited(self, statement: ast.stmt, edits: Iterable[Edit]) -> str:
        """Return the text of a statement after edits, with its decorators and the comments directly above it."""
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
        while first > 1 and self.lines[first - 2].startswith(b"#"):
            first -= 1
        start, end = self._offsets[first - 1], self.span(statement)[1]
        rest = self.data[end : self._offsets[statement.end_lineno or 0]]
        end += len(rest.rstrip()) if rest.lstrip()[:1] == b"#" else 0
        text, at = b"", start
        within = [edit for edit in edits if start <= edit.start and edit.end <= end]
        for edit in sorted(within, key=lambda edit: (edit.start, -edit.end)):  # an outer edit replaces those inside it
            if edit.start >= at:
                text += self.data[at : edit.start] + edit.text.encode()
                at = edit.end
        return (text + self.data[at:end]).decode()

    def needed(self, name: str) -> list[ast.stmt]:
        """Return the definition of a name and the statements that the definition needs, in order, without imports.

        For each returned class, the calls of `model_rebuild` are returned too.
        """
        statements = [one for one in self.tree.body if not isinstance(one, Import) and not is_docstring(one)]
        wanted, kept = {name}, set[int]()
        while True:
            more = [at for at, one in enumerate(statements) if at not in kept and wanted & set(bound(one))]
            if not more:
                break
            kept.update(more)
            wanted |= {found for at in more for found in used(statements[at])}
        classes = {one.name for at in kept if isinstance(one := statements[at], ast.ClassDef)}
        return [one for at, one in enumerate(statements) if at in kept or _rebuilds(one, classes)]


def is_docstring(statement: ast.stmt) -> bool:
    """Return True for an expression that is only text."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement of a module sets."""
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        yield statement.name
        return
    if isinstance(statement, Import):
        yield from (one.asname or one.name.partition(".")[0] for one in statement.names)
        return
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield from bound(node)
        elif isinstance(node, ast.ExceptHandler):
            yield from (name for one in node.body for name in bound(one))
        else:
            yield from (
                one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            )


def used(node: ast.AST) -> set[str]:
    """Return the names that a node uses, also in annotations that are text."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    for annotation in annotations_of(node):
        for one in ast.walk(annotation):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                found |= _names_in(one.value)
    return found


def _names_in(text: str) -> set[str]:
    try:
        return {one.id for one in ast.walk(ast.parse(text, mode="eval")) if isinstance(one, ast.Name)}
    except SyntaxError:
        return set()


def annotations_of(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations of fields, arguments and results in a node."""
    for one in ast.walk(node):
        found = getattr(one, "annotation", None) or getattr(one, "returns", None)
        if isinstance(found, ast.expr):
            yield found


def _rebuilds(statement: ast.stmt, classes: set[str]) -> bool:
    """Return True if the statement is a call of `model_rebuild()` of a class in `classes`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) and function.attr == "model_rebuild" else None
    return isinstance(owner, ast.Name) and owner.id in classes


def resolved(node: ast.AST, names: Mapping[str, object]) -> object:
    """Return the object that a name or a dotted name stands for; None if the node is another expression."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = resolved(node.value, names)
        return getattr(owner, node.attr, None) if isinstance(owner, type(ast)) else None
    return None


def calls_at_import(source: Source, kept: list[ast.stmt]) -> Iterator[int]:
    """Yield the line number of each top-level statement that only calls a function, and that is not in `kept`."""
    for one in source.tree.body:
        if one not in kept and isinstance(one, ast.Expr) and isinstance(one.value, (ast.Call, ast.Await)):
            yield one.lineno
