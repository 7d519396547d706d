"""Defaults that hold a secret, or that create a section without one of its secrets."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, SecretBytes, SecretStr

from toriconfig._schema.shape import confidential, fields_of
from toriconfig.cli.init._source import bound, resolved


class Held:
    """The expressions of a module that cannot be copied, because they hold a secret.

    Args:
        names: the names of the module with their objects.
        kept: the statements that are copied.
    """

    def __init__(self, names: Mapping[str, object], kept: Iterable[ast.stmt]) -> None:
        self._names = dict(names)
        self._bare: set[type] = set()
        plain = [one for one in kept if not isinstance(one, ast.ClassDef)]
        self._statements = {name: one for one in plain for name in bound(one)}

    def nested(self, name: str, found: object) -> None:
        """Add the name of a class that another class contains."""
        self._names.setdefault(name, found)

    def strip(self, model: type) -> None:
        """Record that the default of a field of the model is removed, so that the model needs a value for the field."""
        self._bare.add(model)

    def holds(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
        """Return True if the value of an expression, or of a name in the expression, holds a secret.

        This is also True if the value contains a model that needs a value since `strip`.

        Args:
            node: the expression, or a statement.
            seen: the names whose statements contain the expression.
        """
        for one in ast.walk(node):
            if isinstance(one, (ast.Name, ast.Attribute)):
                found = resolved(one, self._names)
                if found is SecretStr or found is SecretBytes:
                    return True
            if isinstance(one, ast.Name) and one.id in self._statements and one.id not in seen:
                if self.holds(self._statements[one.id], seen | {one.id}):
                    return True
            elif isinstance(one, ast.Call) and self._creates_one(one):
                return True
        return False

    def _creates_one(self, call: ast.Call) -> bool:
        """Return True if the call creates a model with a secret among its arguments, or a model in `_bare`."""
        factories = [one.value for one in call.keywords if one.arg == "default_factory"]
        if any(self._is_bare(model) for model in self._models([call.func, *factories])):
            return True
        for model in self._models([call.func]):
            secret = {key for key, field in fields_of(model).items() if confidential(field.shape)}
            named = [one for one in call.keywords if not isinstance(one.value, ast.Call)]  # a call is judged by itself
            if (call.args and secret) or any(one.arg is None or one.arg in secret for one in named):
                return True
        return False

    def _models(self, expressions: Iterable[ast.expr]) -> Iterator[type[BaseModel]]:
        """Yield the models that the expressions name, also as `Model.model_construct`."""
        for one in expressions:
            found = resolved(one, self._names)
            if found is None and isinstance(one, ast.Attribute):
                found = resolved(one.value, self._names)
            if isinstance(found, type) and issubclass(found, BaseModel):
                yield found

    def _is_bare(self, model: type) -> bool:
        return not self._bare.isdisjoint(model.__mro__)
