"""Search for defaults that `toriconfig init` cannot copy.

Such a default contains a secret, or depends on another default that `toriconfig init` removes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, SecretBytes, SecretStr

from toriconfig._schema.shape import confidential, fields_of
from toriconfig.cli.init._source import Source, bound, resolved


class Held:
    """Finder of expressions that `toriconfig init` does not copy, because the expressions may contain secrets.

    Args:
        names: the names of the module with their objects.
        kept: the statements that are copied.

    Attributes:
        lost: names of the fields of the current class whose defaults are removed. A default that uses one of these
            names cannot be copied.
    """

    def __init__(self, names: Mapping[str, object], kept: Iterable[ast.stmt]) -> None:
        self._names = dict(names)
        self._bare: set[type] = set()
        self.lost: set[str] = set()
        plain = [one for one in kept if not isinstance(one, ast.ClassDef)]
        self._statements = {name: one for one in plain for name in bound(one)}

    def nested(self, name: str, found: object) -> None:
        """Add the nested class `found` under its name to the known names, unless the name is known already."""
        self._names.setdefault(name, found)

    def strip(self, model: type) -> None:
        """Record that a field of the class `model` has lost its default.

        Any other default that creates an instance of `model` must then be removed too.
        """
        self._bare.add(model)

    def in_default(self, value: ast.expr, annotation: ast.expr) -> bool:
        """Return True if `toriconfig init` must not copy the default of a field.

        The default may hold a secret, or depend on another default, which `init` has removed.

        Args:
            value: the default, or a call of `Field`.
            annotation: the annotation of the field. Its models show whether a dict in `value` may hold a secret.
        """
        if self.holds(value):
            return True
        if not any(isinstance(one, ast.Dict) and one.keys for one in ast.walk(value)):
            return False
        return any(self._secret_keys(model) for model in self._models(ast.walk(annotation)))

    def holds(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
        """Return True if an expression may contain a secret, or depends on a default that `toriconfig init` removes.

        Args:
            node: the expression, or a statement.
            seen: names whose statements are being searched, against endless recursion.
        """
        for one in ast.walk(node):
            if isinstance(one, (ast.Name, ast.Attribute)):
                found = resolved(one, self._names)
                if found is SecretStr or found is SecretBytes:
                    return True
            if isinstance(one, ast.Name) and one.id in self.lost:
                return True
            if isinstance(one, ast.Name) and one.id in self._statements and one.id not in seen:
                if self.holds(self._statements[one.id], seen | {one.id}):
                    return True
            elif isinstance(one, ast.Call) and self._creates_one(one):
                return True
        return False

    def _creates_one(self, call: ast.Call) -> bool:
        """Return True if the call may pass a secret to a model, or creates a model that has lost a default.

        `toriconfig init` removes defaults that may hold secrets. If a model has a secret field, any positional
        argument and any `**` mapping may be a secret.
        """
        given = [*call.args, *(one.value for one in call.keywords)]  # as in `partial(Model, ...)`
        if any(self._is_bare(model) for model in self._models([call.func, *given])):
            return True
        named = [one for one in call.keywords if not isinstance(one.value, ast.Call)]  # checked separately
        for model in self._models([call.func, *call.args[:1]]):
            secret = self._secret_keys(model)
            if secret and any(one.arg is None or one.arg in secret for one in named):
                return True
        return bool(call.args) and any(map(self._secret_keys, self._models([call.func])))

    def written(self, call: ast.Call) -> Iterator[ast.Constant]:
        """Yield each secret that is a string or bytes literal among the arguments of the call."""
        values = [*call.args, *(one.value for one in call.keywords)]
        if resolved(call.func, self._names) not in (SecretStr, SecretBytes):
            secret = {key for model in self._models([call.func, *call.args[:1]]) for key in self._secret_keys(model)}
            values = [one.value for one in call.keywords if one.arg in secret]
        for one in values:
            if isinstance(one, ast.Constant) and isinstance(one.value, (str, bytes)) and one.value:
                yield one

    def _secret_keys(self, model: type[BaseModel]) -> set[str]:
        return {key for key, field in fields_of(model).items() if confidential(field.shape)}

    def _models(self, expressions: Iterable[ast.AST]) -> Iterator[type[BaseModel]]:
        """Yield the models that the expressions name, also as `Model[int]` or `Model.model_construct`."""
        for expression in expressions:
            one = expression.value if isinstance(expression, ast.Subscript) else expression
            found = resolved(one, self._names)
            if found is None and isinstance(one, ast.Attribute):
                found = resolved(one.value, self._names)
            if isinstance(found, type) and issubclass(found, BaseModel):
                yield found

    def _is_bare(self, model: type) -> bool:
        return not self._bare.isdisjoint(model.__mro__)


def without_secrets(text: str, names: Mapping[str, object]) -> tuple[str, list[str]]:
    """Replace each secret in the source code of a module by an empty literal.

    A secret is a string or bytes literal in one of two places: an argument of `SecretStr` or `SecretBytes`, or the
    argument for a secret field in a call that creates a pydantic model.

    Args:
        text: the code.
        names: the names of the module with their objects.

    Returns:
        The code, and one note for each replaced secret.
    """
    source, held = Source(text), Held(names, ())
    found: list[tuple[int, int, bytes]] = []
    notes: list[str] = []
    for statement in source.tree.body:
        where = next(bound(statement), "the module")
        for call in (one for one in ast.walk(statement) if isinstance(one, ast.Call)):
            for value in held.written(call):
                found.append((*source.span(value), b'b""' if isinstance(value.value, bytes) else b'""'))
                notes.append(f"a secret in the code of `{where}`: it is not copied, so it is empty there")
    data = source.data
    for start, end, empty in sorted(found, reverse=True):
        data = data[:start] + empty + data[end:]
    return data.decode(), notes
