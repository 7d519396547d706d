"""The variables of a settings class as an example `.env` file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.path import Path, show
from toriconfig._core.printable import clean
from toriconfig._inspect.json_schema import made_by_pydantic, variables_of
from toriconfig._load.text_values import can_mean
from toriconfig._masking.shown import conceals, plain
from toriconfig._schema.shape import Field, Shape, confidential, root_shape
from toriconfig.cli._variable_text import env_text, is_env_name

if TYPE_CHECKING:
    from pydantic import BaseModel


def env_example(cls: type[BaseModel]) -> str:
    """Return a `.env` file with the variable of each field, commented out, with description and default.

    Secrets have no value. Deprecated fields are left out.

    Raises:
        ConfigError: an annotation of the class is not defined.
    """
    made_by_pydantic(cls)
    lines = [f"# Every variable that {cls.__name__} reads. Uncomment the variables to set."]
    shape = root_shape(cls)
    for name, path in variables_of(cls):
        field = _field(shape, path)
        if field is None or field.info.deprecated or not is_env_name(name):
            continue
        about = clean(
            " ".join((field.info.description or show(path)).split())
        )  # on one line, because a second line would not be a comment
        secret = " A secret: store it in Vault rather than here." if field.shape.kind == "secret" else ""
        lines += ["", f"# {about}{secret}", f"#{name}={_default(field)}"]
    return "\n".join(lines) + "\n"


def is_env_example(text: str) -> bool:
    """Return True if a text is an example `.env` file in which no variable is set."""
    first, *lines = text.splitlines()
    return first.startswith("# Every variable that ") and all(line.startswith("#") or not line for line in lines)


def _field(shape: Shape, path: Path) -> Field | None:
    parent = shape.at(path[:-1])
    return parent.fields.get(str(path[-1])) if parent is not None else None


def _default(field: Field) -> str:
    """Return the default of a field as one line of text for a variable; "" if no default can be shown."""
    from pydantic_core import PydanticUndefined

    default = PydanticUndefined if field.required or confidential(field.shape) else field.default()
    made = field.info.default_factory is not None and hasattr(default, "model_fields_set")
    if default is PydanticUndefined or made:  # a new model may contain values of the current environment
        return ""
    try:
        value = plain(default)
    except ValueError:  # bytes that are no text
        return ""
    said = can_mean(field.shape, value) and not conceals(field.keys[0], value)
    text = (env_text(value) if said else None) or ""
    return "" if "\n" in text else text  # the next line would not be a comment
