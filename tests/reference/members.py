"""Functions, classes and data as Markdown."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel

from pydantic_settings import BaseSettings
from reference.docstrings import Docstring, cell, parsed
from reference.names import OTHERS, attribute_doc, definition, fields_of, public_names, type_text
from toriconfig._core.clock import SystemClock
from toriconfig._core.trust import Declared, file_may_set
from toriconfig._core.value import Value
from toriconfig.rotation import Kind

_WIDTH = 100
_PLAIN_BASES = (object, Value, Declared)
Row = tuple[str, str, str, str, str]


def is_ours(value: Any) -> bool:
    """Return True for a class or function of the package."""
    return str(getattr(value, "__module__", "")).startswith("toriconfig")


def function_text(function: Callable[..., Any], name: str) -> str:
    """Return the signature of a function and the content of its docstring."""
    return "\n\n".join([f"```text\n{signature(function, name)}\n```", *_described(function)])


def signature(function: Callable[..., Any], name: str) -> str:
    """Return the signature of a function, on one line if it fits."""
    inner = inspect.unwrap(function)
    found = inspect.signature(inner)
    module = str(inner.__module__)
    parts: list[str] = []
    starred = False
    bound = ("self", "cls") if "." in inner.__qualname__ else ()
    parameters = [one for one in found.parameters.values() if one.name not in bound]
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and not starred:
            parts.append("*")
        starred = starred or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        parts.append(_parameter(one, module))
        if one.kind is one.POSITIONAL_ONLY and not any(
            other.kind is one.POSITIONAL_ONLY for other in parameters[parameters.index(one) + 1 :]
        ):
            parts.append("/")
    returns = "" if found.return_annotation is found.empty else f" -> {type_text(found.return_annotation, module)}"
    start = "async " if inspect.iscoroutinefunction(inner) else ""
    line = f"{start}{name}({', '.join(parts)}){returns}"
    if len(line) <= _WIDTH:
        return line
    return f"{start}{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"


def _stars(one: inspect.Parameter) -> str:
    return "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""


def _parameter(one: inspect.Parameter, module: str) -> str:
    stars = _stars(one)
    kind = "" if one.annotation is one.empty else type_text(one.annotation, module)
    if kind.startswith("Unpack["):
        kind = ""  # a table of the options says more
    default = "" if one.default is one.empty else f" = {default_text(one.default)}"
    return f"{stars}{one.name}{f': {kind}' if kind else ''}{default if kind else default.replace(' ', '')}"


def default_text(value: Any) -> str:
    """Return a default value as text; `...` for an object without a short form."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if inspect.isclass(value) or inspect.isfunction(value):
        return str(value.__name__)
    if isinstance(value, bool | int | float | str | bytes | None | tuple | dict | list):
        return repr(value) if not isinstance(value, str) else f'"{value}"'
    return "..."


def _described(owner: Any, *, with_args: bool = True) -> Iterator[str]:
    doc = parsed(owner.__doc__)
    if doc.prose:
        yield doc.prose
    if with_args and doc.entries.get("Args"):
        yield _bullets(doc.entries["Args"])
    if doc.returns:
        yield wrapped(f"Returns: {doc.returns}")
    if doc.entries.get("Raises"):
        yield "Raises:\n\n" + _bullets(doc.entries["Raises"])
    if doc.example:
        yield doc.example


def _bullets(entries: dict[str, str]) -> str:
    return "\n".join(wrapped(f"- `{name}`: {text}", "  ") for name, text in entries.items())


def wrapped(text: str, indent: str = "") -> str:
    """Return a paragraph in lines of at most 120 characters."""
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def class_text(owner: type, name: str) -> str:
    """Return the content of the docstrings of a class and its members, with one table of its fields."""
    bases = [base.__name__ for base in owner.__bases__ if base.__name__ in public_names()]
    exceptions = [base.__name__ for base in owner.__bases__ if issubclass(base, BaseException) and not is_ours(base)]
    parts = [f"Extends {', '.join(f'`{base}`' for base in [*bases, *exceptions])}."] if bases + exceptions else []
    parts += list(_described(owner, with_args=False))
    same = next((base for base in owner.__bases__ if base.__name__ in public_names() and _has_same(owner, base)), None)
    rows = list(_rows(owner)) if same is None else []
    if same is not None:
        parts.append(f"It has the fields of `{same.__name__}`.")
    if rows:
        parts.append(table(("name", "type", "default", "meaning", "settings files may set it"), rows))
    tests = [one for one in vars(owner) if one.startswith("test_")]
    if tests:
        parts.append("Tests:\n\n" + "\n".join(f"- `{one}`" for one in tests))
    known: dict[Any, str] = {}
    for method, function in _methods(owner):
        parts.append(f"**`{name}.{method}`**")
        other = known.setdefault(function, method)
        parts.append(function_text(function, method) if other == method else f"The same as `{other}`.")
    return "\n\n".join(parts)


def _has_same(owner: type, base: type) -> bool:
    """Return True if a class has fields, and its base has the same ones."""
    rows = list(_rows(base))
    return bool(rows) and list(_rows(owner)) == rows


def table(titles: tuple[str, ...], rows: list[Any]) -> str:
    """Return a table; a column without any text is left out."""
    used = [index for index in range(len(titles)) if index == 0 or any(row[index] for row in rows)]
    lines = [[titles[index] for index in used], ["---"] * len(used), *([row[index] for index in used] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |").replace("|  |", "| |") for line in lines)


def _rows(owner: type) -> Iterator[Row]:
    """Yield a row for each parameter of the constructor, each described attribute, and each property."""
    docs: list[Docstring] = [parsed(vars(base).get("__doc__")) for base in owner.__mro__ if is_ours(base)]
    meaning: dict[str, str] = {}
    for doc in reversed(docs):
        for section in ("Attributes", "Args"):
            for names, text in doc.entries.get(section, {}).items():
                meaning |= dict.fromkeys(names.split(", "), text)
    written = fields_of(owner)
    seen = set()
    for name, kind, default in _parameters(owner):
        seen.add(name)
        if name in meaning or owner.__name__ not in OTHERS:
            yield _row(name, kind or _written(written, name), default, meaning.get(name, ""), _from_files(owner, name))
    own = parsed(owner.__doc__).entries.get("Attributes", {})
    for name in [one for names in own for one in names.split(", ") if one not in seen]:
        seen.add(name)
        member = inspect.getattr_static(owner, name, None)
        default = "" if member is None or not _is_data(member) else _shown(member)
        yield _row(name, _written(written, name) or _property_type(member), default, own[_key(own, name)])
    for name, member in _members(owner):
        if isinstance(member, property) and name not in seen:
            yield _row(name, _property_type(member), "", parsed(member.__doc__).summary)


def _written(fields: dict[str, tuple[str, str]], name: str) -> str:
    return type_text(*fields[name]) if name in fields else ""


def _key(entries: dict[str, str], name: str) -> str:
    return next(names for names in entries if name in names.split(", "))


def _is_data(member: Any) -> bool:
    descriptors = (property, staticmethod, classmethod)
    return not (callable(member) or isinstance(member, descriptors) or hasattr(member, "__get__"))


def _from_files(owner: type, name: str) -> str:
    """Return the trust class of a field of `Vault` or of a login; "" for all other classes."""
    if not issubclass(owner, Declared) or name not in getattr(owner, "__dataclass_fields__", {}):
        return ""
    return "yes" if file_may_set(owner, name) or name == "auth" else "with permission"


def _row(name: str, kind: str, default: str, text: str, files: str = "") -> Row:
    return f"`{name}`", f"`{cell(kind)}`" if kind else "", cell(default), cell(text), files


def _property_type(member: Any) -> str:
    getter = member.fget if isinstance(member, property) else None
    if getter is None:
        return ""
    annotation = inspect.unwrap(getter).__annotations__.get("return")
    return type_text(annotation, getter.__module__) if annotation is not None else ""


def _parameters(owner: type) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and default of each parameter of the constructor."""
    if issubclass(owner, BaseModel | BaseSettings):
        return
    if issubclass(owner, Value):
        for name in owner._fields:
            yield name, "", _shown(owner._defaults[name]) if name in owner._defaults else "required"
    elif dataclasses.is_dataclass(owner) and not _has_own_init(owner):
        for one in dataclasses.fields(owner):
            missing = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
            made = one.default_factory() if one.default_factory is not dataclasses.MISSING else one.default
            if not one.name.startswith("_") and one.init:
                yield one.name, "", "required" if missing else _shown(made)
    elif issubclass(owner, tuple):
        for name in getattr(owner, "_fields", ()):
            defaults: dict[str, Any] = getattr(owner, "_field_defaults", {})
            yield name, "", _shown(defaults[name]) if name in defaults else "required"
    elif "__init__" in {name for base in owner.__mro__ if is_ours(base) for name in vars(base)}:
        if getattr(owner, "_is_protocol", False):
            return
        function = inspect.unwrap(owner.__init__)
        for each in list(inspect.signature(function).parameters.values())[1:]:
            stars = _stars(each)
            kind = "" if each.annotation is each.empty else type_text(each.annotation, function.__module__)
            default = "required" if each.default is each.empty and not stars else "" if stars else _shown(each.default)
            yield each.name, kind, default


def _has_own_init(owner: type) -> bool:
    """Return True if a dataclass defines its constructor itself."""
    return "__init__" in vars(owner) and not vars(owner)["__dataclass_params__"].init


def _shown(default: Any) -> str:
    text = default_text(default)
    if isinstance(default, SystemClock):
        return "the system clock"
    return "" if text == "..." else f"`{text}`"


def _members(owner: type) -> Iterator[tuple[str, Any]]:
    """Yield the public members of a class and of its internal bases, in the order of their definition."""
    seen: set[str] = set()
    for base in owner.__mro__:
        if not is_ours(base) or base in _PLAIN_BASES or (base is not owner and base.__name__ in public_names()):
            continue
        for name, member in vars(base).items():
            if name not in seen and (not name.startswith("_") or name == "__call__"):
                seen.add(name)
                yield name, member


def _methods(owner: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    inherited = [base for base in owner.__mro__[1:] if base.__name__ in public_names()]
    for name, member in _members(owner):
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        documented = any(name in vars(base) for base in inherited)
        if owner.__module__.startswith("toriconfig.rotation.kinds"):
            documented = documented or name in vars(Kind)
        if inspect.isfunction(function) and not documented and not name.startswith("test_") and _is_public(function):
            yield name, function


def _is_public(function: Callable[..., Any]) -> bool:
    """Return True if the types of a function are no internal classes."""
    inner = inspect.unwrap(function)
    return all(type_text(one, inner.__module__) for one in inner.__annotations__.values())


def data_text(value: Any, module: str, name: str) -> str:
    """Return the description of a public object that is no function and no class, with its value if it is short."""
    doc = re.sub(r"\s+", " ", attribute_doc(module, name))
    shown = f"`{default_text(value)}`" if isinstance(value, str | int | float) else ""
    if not shown and not isinstance(value, dict | tuple):
        found = definition(module, name)
        is_type = found is not None and isinstance(found.node, ast.Subscript | ast.BinOp)
        shown = f"`{type_text(ast.unparse(found.node), found.module)}`" if found is not None and is_type else ""
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        shown = wrapped("Keys: " + ", ".join(f"`{key}`" for key in value))
    return "\n\n".join(filter(None, [doc, shown]))
