"""The edits that turn a class of pydantic-settings into a class of toriconfig."""

from __future__ import annotations

import ast
import builtins
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeGuard

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretBytes, SecretStr, field_validator

from pydantic_settings import BaseSettings, SettingsConfigDict
from toriconfig.cli.init._held import Held
from toriconfig.cli.init._imports import LINE
from toriconfig.cli.init._source import Edit, Source, annotations_of, bound, resolved, used

_SECRETS: dict[object, str] = {SecretStr: "[str]", SecretBytes: "[bytes]"}
_BUILTIN: dict[object, str] = {
    getattr(typing, name): name.lower() for name in ("List", "Dict", "Tuple", "Set", "FrozenSet", "Type")
}
_EMPTY = (list, dict, set, tuple, frozenset)
_LIMITS = frozenset({"min_length", "max_length", "pattern", "strict"})
"""Arguments of `Field` that limit the text of a `SecretStr`. On a `Secret` they would limit the handle."""
_IN_TEXT = re.compile(r"\bSecret(Str|Bytes)\b")


class Converter:
    """The edits of the classes of one module.

    Args:
        source: source of the module.
        names: the names of the module with their objects.
        kept: the statements that are copied.
        base: base name of the settings files, written as `config_name` of the class `target`.
        target: name of the settings class.

    Attributes:
        edits: the edits.
        notes: one line for each part of the old code that was not converted, or must be checked.
        ours: the names of toriconfig that the edits use.
        pydantic: the names of pydantic that the new module must import for the edits.
    """

    def __init__(
        self, source: Source, names: Mapping[str, object], kept: list[ast.stmt], base: str, target: str
    ) -> None:
        self._source, self._names, self._base = source, names, base
        self.edits: list[Edit] = []
        self.notes: list[str] = []
        self.ours: set[str] = set()
        self.pydantic: set[str] = set()
        self.taken = {name for statement in kept for name in bound(statement)}
        self._held = Held(names, kept)
        self._removed: list[str] = []
        for statement in kept:
            self._options(statement)
            for annotation in annotations_of(statement):
                self._modernize(annotation)
            if isinstance(statement, ast.ClassDef):
                self._class(statement, names.get(statement.name), is_target=statement.name == target)

    def own(self, name: str) -> str:
        """Return the expression for the object `name` of toriconfig, and record that the edits use the object.

        If a copied statement of the old module defines the same name, the expression is `toriconfig.NAME`.
        """
        self.ours.add(name)
        return f"toriconfig.{name}" if name in self.taken else name

    def _replace(self, node: ast.AST, text: str) -> None:
        self.edits.append(Edit(*self._source.span(node), text))

    def _options(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Name, ast.Attribute)) and resolved(node, self._names) is SettingsConfigDict:
                self._replace(node, self.own("SettingsConfigDict"))

    def _class(self, node: ast.ClassDef, found: object, *, is_target: bool) -> None:
        if not isinstance(found, type) or not issubclass(found, BaseModel):
            return
        for base in node.bases:
            if resolved(base, self._names) is BaseSettings:
                self._replace(base, self.own("Settings"))
        if is_target and not any(_local_settings(base, self._names, self.taken) for base in node.bases):
            self._foreign_base(node)
        for annotation in annotations_of(node):
            self._secret_types(annotation)
        for one in node.body:
            if isinstance(one, ast.ClassDef) and one.name != "Config":
                self._held.nested(one.name, vars(found).get(one.name))
                self._class(one, vars(found).get(one.name), is_target=False)
        self._fields(node, found)
        if is_target:
            self._config(node)

    def _fields(self, node: ast.ClassDef, found: type[BaseModel]) -> None:
        """Edit the defaults of the fields, and the methods that read secrets."""
        before = len(self._removed)
        self._held.lost = set()
        secrets = {name for one in node.body if (name := self._field(one))}
        removed = self._removed[before:]
        if removed:
            self._held.strip(found)
        for one in node.body if issubclass(found, BaseSettings) else ():
            for maker, names in ((Field, found.model_fields), (PrivateAttr, found.__private_attributes__)):
                if not names.keys().isdisjoint(bound(one)):
                    self._mutable(one, {*secrets, *removed}, maker)
        for one in node.body:
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._function(one, secrets)

    def _foreign_base(self, node: ast.ClassDef) -> None:
        """Add the base `Settings` to a class whose base is a settings class of another module."""
        bases = [base for base in node.bases if _is_settings(resolved(base, self._names))]
        if bases and resolved(bases[0], self._names) is not BaseSettings:
            last = node.bases[-1]
            self._replace(last, f"{self._source.text(last)}, {self.own('Settings')}")
            self.notes.append(f"the base class `{self._source.text(bases[0])}` is imported unchanged")

    def _secret_types(self, annotation: ast.expr) -> None:
        for node in ast.walk(annotation):
            if kind := self._named(node, _SECRETS):
                self._replace(node, self.own("Secret") + kind)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _IN_TEXT.search(node.value):
                text = _IN_TEXT.sub(lambda found: f"{self.own('Secret')}[{found[1].lower()}]", node.value)
                later = used(ast.parse(text, mode="eval")) - {"Secret", "toriconfig", *dir(builtins)}
                known = not later & self.taken and later <= self._names.keys()
                self._replace(node, text if known else f'"{text}"')

    def _modernize(self, annotation: ast.expr) -> None:
        """Write `Optional[X]`, `Union[X, Y]` and `List[X]` as `X | None`, `X | Y` and `list[X]`."""
        for node in ast.walk(annotation):
            if builtin := self._named(node, _BUILTIN):
                self._replace(node, builtin)
            elif isinstance(node, ast.Subscript):
                found = resolved(node.value, self._names)
                if found is typing.Optional or found is typing.Union:
                    self._union(node, optional=found is typing.Optional)

    def _union(self, node: ast.Subscript, *, optional: bool) -> None:
        several = isinstance(node.slice, ast.Tuple)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts) or (
            optional and several
        ):
            return  # text has no `|`
        spans = [self._source.span(part) for part in parts]
        start, end = self._source.span(node)
        self.edits.append(Edit(start, spans[0][0], ""))
        self.edits += [Edit(one[1], other[0], " | ") for one, other in pairwise(spans)]
        self.edits.append(Edit(spans[-1][1], end, " | None" if optional else ""))

    def _field(self, node: ast.stmt) -> str:
        """Remove the default of the field `node` if the field is secret, or if the default may hold a secret.

        An empty default is kept. Return the name of a secret field; for any other statement, return "".
        """
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            return ""
        name, value = node.target.id, node.value
        in_annotation = [one for one in ast.walk(node.annotation) if self._is_field(one)]
        if not any(self._is_secret(one) for one in ast.walk(node.annotation)):
            note = f"the default of `{name}`: it may hold a secret, or need one that is not copied"
            if value is not None and self._held.in_default(value, node.annotation):
                self._remove(node, value, name, note)
            for call in in_annotation:
                if self._held.in_default(call, node.annotation):
                    self._arguments(node, call, name, note, frozenset())
            return ""
        for call in in_annotation:
            self._arguments(node, call, name, f"the default of the secret `{name}`: a secret is not copied", _LIMITS)
        if value is None:
            return name
        if isinstance(value, ast.Constant) and value.value is None:
            if self._named(node.annotation, _SECRETS):  # type checkers reject None for `SecretStr`
                end = self._source.span(node.annotation)[1]
                self.edits.append(Edit(end, end, " | None"))
                self._drop_ignore(value)
            return name
        self._remove(node, value, name, f"the default of the secret `{name}`: a secret is not copied", _LIMITS)
        return name

    def _remove(
        self, node: ast.AnnAssign, value: ast.expr, name: str, note: str, limiting: frozenset[str] = frozenset()
    ) -> None:
        """Remove the default of a field, and record `note`. An empty default, such as None or `[]`, is kept.

        Args:
            node: the field.
            value: the expression after `=`.
            name: name of the field.
            note: line about the removed default.
            limiting: names of arguments of `Field`, such as `max_length`, that are also removed and noted.
        """
        if not self._is_field(value):
            if not _holds_nothing(value):
                self._drop_default(node, value, name, note)
            return
        self._arguments(node, value, name, note, limiting)

    def _is_field(self, node: ast.AST) -> TypeGuard[ast.Call]:
        return isinstance(node, ast.Call) and resolved(node.func, self._names) is Field

    def _arguments(self, node: ast.AnnAssign, call: ast.Call, name: str, note: str, limiting: frozenset[str]) -> None:
        """From `call`, a call of `Field`, remove the default and the arguments whose names are in `limiting`.

        An empty default (None, `...`, or an empty container) is kept. If the default is removed, `note` is recorded.
        `node` is the field that contains `call`.
        """
        named = [one for one in call.keywords if one.arg in ("default", "default_factory")]
        limits = [one.arg for one in call.keywords if one.arg in limiting]
        self.notes += [f"`{limit}` of the secret `{name}`: write Secret[Annotated[str, ...]]" for limit in limits]
        empty = all(map(_holds_nothing, [*call.args, *(one.value for one in named)]))
        if empty and not limits:
            return
        kept = [self._source.text(one) for one in call.args if empty]
        dropped = {*limits, *(() if empty else ("default", "default_factory"))}
        kept += [self._source.text(one) for one in call.keywords if one.arg not in dropped]
        if kept or call is not node.value:
            self._replace(call, f"{self._source.text(call.func)}({', '.join(kept)})")
        else:
            self._drop_default(node, call, name, "" if empty else note)
            return
        if not empty:
            self._note_default(name, note)

    def _drop_default(self, node: ast.AnnAssign, value: ast.expr, name: str, note: str) -> None:
        self.edits.append(Edit(self._source.span(node.annotation)[1], self._source.span(value)[1], ""))
        if note:
            self._note_default(name, note)

    def _note_default(self, name: str, note: str) -> None:
        self._removed.append(name)
        self._held.lost.add(name)
        self.notes.append(note)

    def _drop_ignore(self, value: ast.expr) -> None:
        """Remove the comment `# type: ignore` after `value`, if there is one."""
        end = self._source.span(value)[1]
        rest = self._source.data[end:].partition(b"\n")[0]
        if re.fullmatch(rb"\s*# type: ignore(\[assignment\])?\s*", rest):
            self.edits.append(Edit(end, end + len(rest), ""))

    def _mutable(self, node: ast.stmt, secrets: set[str], maker: Callable[..., object]) -> None:
        """Wrap a default that is a list, set or mapping, so that linters accept it: `[]` becomes `maker(default=[])`.

        `maker` is pydantic's `Field` or `PrivateAttr`. If `secrets` has the field, only an empty default is wrapped.
        """
        value = node.value if isinstance(node, ast.AnnAssign) else None
        if value is None or (set(bound(node)) & secrets and not _holds_nothing(value)):
            return
        if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
            start, end = self._source.span(value)
            self.edits += [Edit(start, start, f"{self._pydantic_name(maker)}(default="), Edit(end, end, ")")]

    def _pydantic_name(self, function: Callable[..., object]) -> str:
        known = next((name for name, found in self._names.items() if found is function and name not in self.taken), "")
        self.pydantic |= set() if known else {function.__name__}
        return known or function.__name__

    def _is_secret(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return _IN_TEXT.search(node.value) is not None
        return self._named(node, _SECRETS) != ""

    def _named(self, node: ast.AST, texts: Mapping[object, str]) -> str:
        """If the name `node` stands for an object that is a key of `texts`, return the text of the key; otherwise "".

        Objects are compared by identity, because an annotation may name an object that has no hash.
        """
        found = resolved(node, self._names)
        return next((text for one, text in texts.items() if found is one), "")

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, secrets: set[str]) -> None:
        opened = [one for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr == "get_secret_value"]
        for one in opened:
            end = self._source.span(one)[1]
            self.edits.append(Edit(end - len(one.attr), end, "get"))
        if opened:
            self.notes.append(f"`{node.name}` calls `.get()` of a Secret now: check it")
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and resolved(decorator.func, self._names) is field_validator:
                named = {one.value for one in decorator.args if isinstance(one, ast.Constant)}
                if secrets & named or (secrets and "*" in named):
                    self.notes.append(f"the validator `{node.name}` gets a Secret instead of its value: check it")

    def _config(self, node: ast.ClassDef) -> None:
        """Add the option `config_name` to the class."""
        for one in node.body:
            if isinstance(one, ast.ClassDef) and one.name == "Config":
                start = self._source.span(one.body[0])[0]
                indent = " " * one.body[0].col_offset
                self.edits.append(Edit(start, start, f'config_name = "{self._base}"\n{indent}'))
                return
            value = one.value if isinstance(one, (ast.Assign, ast.AnnAssign)) and _sets_config(one) else None
            if value is not None:
                self._configure(value, " " * one.col_offset)
                return
        first = node.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        line = f'model_config = {self.own("SettingsConfigDict")}(config_name="{self._base}")'
        indent = " " * first.col_offset
        start, end = self._source.span(first)
        if first.lineno == node.lineno:  # `class App(BaseSettings): ...`
            empty = isinstance(first, (ast.Pass, ast.Expr)) and len(node.body) == 1
            indent = " " * (node.col_offset + 4)
            text = f"\n{indent}{line}" + ("" if empty else f"\n{indent}")
            start = self._source.data.rfind(b":", 0, start) + 1
            self.edits.append(Edit(start, end if empty else self._source.span(first)[0], text))
            return
        gap = ""
        if isinstance(first, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            gap = "\n"
            start = self._source.span(first.decorator_list[0])[0] - 1 if first.decorator_list else start
        edit = Edit(end, end, f"\n\n{indent}{line}") if documented else Edit(start, start, f"{line}\n{gap}{indent}")
        self.edits.append(edit)

    def _configure(self, value: ast.expr, indent: str) -> None:
        if isinstance(value, ast.Call):
            arguments: list[ast.expr | ast.keyword] = [*value.args, *value.keywords]
            if resolved(value.func, self._names) in (ConfigDict, dict):
                self._replace(value.func, self.own("SettingsConfigDict"))
            self._insert(value, arguments, f'config_name="{self._base}"')
        elif isinstance(value, ast.Dict) and all(_text_of(key).isidentifier() for key in value.keys):
            pairs = zip(value.keys, value.values, strict=True)
            given = [f"{_text_of(one)}={self._source.text(of)}" for one, of in pairs]
            self._replace(value, self._call([f'config_name="{self._base}"', *given], value.col_offset, indent))
        else:
            text = self._source.text(value)
            self._replace(value, f'{self.own("SettingsConfigDict")}(config_name="{self._base}", **({text}))')

    def _call(self, arguments: list[str], column: int, indent: str) -> str:
        """Return the code of a call of `SettingsConfigDict` that begins at `column`.

        If the line would be too long, each argument is on its own line.
        """
        function = self.own("SettingsConfigDict")
        line = f"{function}({', '.join(arguments)})"
        return line if column + len(line) <= LINE else f"{function}({_lines(arguments, indent)})"

    def _insert(self, whole: ast.Call, parts: Sequence[ast.expr | ast.keyword], text: str) -> None:
        """Insert `text` as the first argument of the call `whole`, whose present arguments are `parts`.

        If the line would be too long, write each argument on its own line.
        """
        end = self._source.span(whole)[1]
        if not parts:
            self.edits.append(Edit(end - 1, end - 1, text))
            return
        first = self._source.span(parts[0])[0]
        line = self._source.data.rfind(b"\n", 0, first) + 1
        if whole.end_lineno != whole.lineno:  # one part a line
            indent = self._source.data[line:first].decode()
            between = f"\n{indent}" if not indent.strip() else " "
            self.edits.append(Edit(first, first, f"{text},{between}"))
            return
        line_end = end + len(self._source.data[end:].partition(b"\n")[0])
        if line_end - line + len(text) + 2 + len("Settings") <= LINE:
            self.edits.append(Edit(first, first, f"{text}, "))
            return
        indent = " " * (len(self._source.data[line:first]) - len(self._source.data[line:first].lstrip()))
        exploded = _lines([text, *map(self._source.text, parts)], indent)
        self.edits.append(Edit(first, end - 1, exploded))


def _lines(arguments: list[str], indent: str) -> str:
    return "".join(f"\n{indent}    {one}," for one in arguments) + f"\n{indent}"


def _text_of(key: ast.expr | None) -> str:
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _sets_config(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(one, ast.Name) and one.id == "model_config" for one in targets)


def _is_settings(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, BaseSettings)


def _local_settings(base: ast.expr, names: Mapping[str, object], taken: set[str]) -> bool:
    """Return True if `base` is the name of a settings class that `toriconfig init` copies into the new module."""
    return isinstance(base, ast.Name) and base.id in taken and _is_settings(names.get(base.id))


def _holds_nothing(value: ast.expr) -> bool:
    """Return True for None, `...`, an empty container, and the class of a container, such as `list`."""
    if isinstance(value, ast.Constant):
        return value.value is None or value.value is ...
    if isinstance(value, ast.Name):
        return value.id in {one.__name__ for one in _EMPTY}
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        return not value.elts
    return isinstance(value, ast.Dict) and not value.keys
