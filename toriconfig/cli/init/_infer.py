"""A settings class whose types are inferred from values."""

from __future__ import annotations

import datetime
import keyword
import re
from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import Any

from pydantic import BaseModel

from toriconfig.cli.init._dynaconf_values import Hidden, Values
from toriconfig.cli.init._imports import LINE, Imports

_SCALARS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
    type(None): "None",
}


class Classes:
    """The classes of a settings file and of its sections.

    Args:
        root: name of the settings class.

    Attributes:
        texts: the text of each class, sections before the classes that use them.
        imports: the imports that the classes need.
    """

    def __init__(self, root: str) -> None:
        self.texts: list[str] = []
        self.imports = Imports("")
        self.imports.add("pydantic", "BaseModel")
        self._names = {root, "Any", "BaseModel", "Field", "Secret", "SettingsConfigDict", "datetime", "date", "time"}

    def add(self, name: str, about: str, base: Values | None, others: Sequence[Values], config: str = "") -> None:
        """Add the class of a section.

        Args:
            name: name of the class.
            about: docstring of the class.
            base: the values of the section outside all profiles; None: only profiles have the section.
            others: the values of the section in each profile that has the section.
            config: source lines of the `model_config` of the class.
        """
        layers = [*([] if base is None else [base]), *others]
        keys = dict.fromkeys(key for values in layers for key in values)
        kinds: dict[str, tuple[str, bool]] = {}
        for key in keys:
            every = [values[key] for values in layers if key in values]
            required = key in base if base is not None else len(every) == len(others)
            kinds[key] = self._section(key, name, base, others, every) or self._type(every), required
        # A field with the name of a type would hide the type from the annotations of the class.
        types = frozenset(re.findall(r"\w+", " ".join(kind for kind, _ in kinds.values())))
        taken: set[str] = set()
        lines = [
            self._field(_field_name(key, taken, types), key, kind, required=required)
            for key, (kind, required) in kinds.items()
        ]
        parts = [f'    """{about}"""', *([config] if config else []), *(["\n".join(lines)] if lines else [])]
        self.texts.append(f"class {name}(BaseModel):\n" + "\n\n".join(parts))

    def _section(
        self, key: str, parent: str, base: Values | None, others: Sequence[Values], every: Sequence[Any]
    ) -> str:
        """Add a class for `key` if each value in `every` is a section. Return the name of the class; otherwise "".

        A section is a mapping that is not empty and has valid field names as keys. `every` contains all values of
        `key` in `base` and in `others`. For `base` and `others` of the class `parent`, see the method `add`.
        """
        if not all(isinstance(value, dict) and value for value in every) or not all(
            _is_key(inner) for value in every for inner in value
        ):
            return ""
        name = self._name(key, parent)
        own = base.get(key) if base is not None else None
        self.add(name, f"The section `{key}`.", own, [values[key] for values in others if key in values])
        return name

    def _name(self, key: str, parent: str) -> str:
        plain = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", key, flags=re.ASCII) if part)
        plain = plain if plain[:1].isalpha() else f"Section{plain}"
        candidates = chain((plain, parent + plain), (f"{plain}{number}" for number in count(2)))
        name = next(one for one in candidates if one not in self._names)
        self._names.add(name)
        return name

    def _field(self, field: str, key: str, kind: str, *, required: bool) -> str:
        if not required and "None" not in kind.split(" | ") and kind != "Any":
            kind += " | None"
        if field == key:
            return f"    {field}: {kind}{'' if required else ' = None'}"
        self.imports.add("pydantic", "Field")
        arguments = [*([] if required else ["default=None"]), f"alias={_quoted(key)}"]
        line = f"    {field}: {kind} = Field({', '.join(arguments)})"
        if len(line) <= LINE:
            return line
        return "\n".join([f"    {field}: {kind} = Field(", *(f"        {one}," for one in arguments), "    )"])

    def _type(self, values: Iterable[Any]) -> str:
        """Return the type of values as text."""
        kinds = dict.fromkeys(map(self._one, values))
        if "float" in kinds:
            kinds.pop("int", None)
        if len(kinds) > 1:  # an empty container has no type of items
            kinds = {kind: None for kind in kinds if not kind.endswith("[Any]") and kind != "dict[str, Any]"} or kinds
        ordered = [kind for kind in kinds if kind != "None"] + (["None"] if "None" in kinds else [])
        if ordered in (["None"], []) or "Any" in ordered:
            self.imports.add("typing", "Any")
            return "Any"
        return " | ".join(ordered)

    def _one(self, value: Any) -> str:
        if isinstance(value, Hidden):
            self.imports.add("toriconfig", "Secret")
            return f"Secret[{value.kind}]"
        if isinstance(value, list):
            return f"list[{self._type(value) if value else self._any()}]"
        if isinstance(value, dict):
            return f"dict[str, {self._type(value.values()) if value else self._any()}]"
        kind = _SCALARS.get(type(value), "Any")
        if kind in ("datetime", "date", "time"):
            self.imports.add("datetime", kind)
        return kind

    def _any(self) -> str:
        self.imports.add("typing", "Any")
        return "Any"


def _is_key(key: str) -> bool:
    """Return True if a key has only ASCII letters, digits, `_`, `.` and `-`, and begins with a letter or `_`."""
    return re.fullmatch(r"[A-Za-z_][\w.-]*", key, re.ASCII) is not None


def _field_name(key: str, taken: set[str], types: frozenset[str]) -> str:
    """Return the name of the field for a key, and add the name to `taken`.

    The name differs from the key if the key is no valid name of a field, or is in `taken` or `types`.
    """
    name = re.sub(r"\W", "_", key, flags=re.ASCII).strip("_") or "field"
    name = name if name[:1].isalpha() else f"n_{name}"
    if name.startswith("model_"):
        name = f"the_{name}"
    elif keyword.iskeyword(name) or hasattr(BaseModel, name) or name in types:
        name += "_"
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
