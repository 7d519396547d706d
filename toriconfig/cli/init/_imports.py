"""The import statements of the module that `init` generates, ordered and formatted as by ruff."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable
from importlib.util import resolve_name

from toriconfig.cli.init._source import Import

LINE = 88
"""Width of a line in the default of formatters."""


class Imports:
    """The import statements of a generated module. Relative imports in package `package` become absolute."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._modules: set[tuple[str, str]] = set()
        self._names: dict[str, set[tuple[str, str]]] = {}

    def take(self, statements: Iterable[ast.stmt], wanted: set[str]) -> None:
        """Add the imports that bind a wanted name, and each import of `*` or from `__future__`."""
        for statement in statements:
            if isinstance(statement, ast.Import):
                for one in statement.names:
                    if (one.asname or one.name.partition(".")[0]) in wanted:
                        self._modules.add((one.name, one.asname or ""))
            elif isinstance(statement, ast.ImportFrom):
                module = statement.module or ""
                if statement.level:
                    module = resolve_name("." * statement.level + module, self._package)
                for one in statement.names:
                    if (one.asname or one.name) in wanted or one.name == "*" or module == "__future__":
                        self.add(module, one.name, one.asname or "")

    def add(self, module: str, name: str = "", alias: str = "") -> None:
        """Add `from module import name`, or `import module` if `name` is empty."""
        if name:
            self._names.setdefault(module, set()).add((name, alias))
        else:
            self._modules.add((module, alias))

    def drop(self, module: str, names: set[str]) -> None:
        """Remove each `from module import name` for a name in `names`. Do nothing for names that are not imported."""
        left = {entry for entry in self._names.pop(module, ()) if entry[0] not in names}
        if left:
            self._names[module] = left

    def lines(self) -> str:
        """Return the import statements, in sections with blank lines between them."""
        sections: dict[int, list[str]] = {}
        for name, alias in sorted(self._modules):
            sections.setdefault(_section(name), []).append(f"import {name}{_as(name, alias)}")
        for module, found in sorted(self._names.items()):
            ordered = sorted(found, key=_order)
            plain = [name for name, alias in ordered if not _as(name, alias)]
            lines = sections.setdefault(_section(module), [])
            lines += [_from(module, plain)] if plain else []
            lines += [f"from {module} import {name}{_as(name, alias)}" for name, alias in ordered if _as(name, alias)]
        return "\n\n".join("\n".join(sections[at]) for at in sorted(sections))


def _as(name: str, alias: str) -> str:
    return f" as {alias}" if alias and alias != name else ""


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _order(entry: tuple[str, str]) -> tuple[int, str, str]:
    """Return the sort key of an imported name, as in ruff: constants, classes, then the rest."""
    name, alias = entry
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name, alias


def _section(module: str) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if any(os.path.exists(os.path.join(src, top + end)) for src in (".", "src") for end in ("", ".py")) else 2


def own_imports(statements: Iterable[ast.stmt]) -> list[Import]:
    """Return the imports among the statements of a module."""
    return [one for one in statements if isinstance(one, Import)]
