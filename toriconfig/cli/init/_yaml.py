"""The settings file of a class: each default as a comment, and a reference for each secret without a default."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from toriconfig._core.path import Path, show
from toriconfig._load.text_values import can_mean
from toriconfig._masking.shown import conceals, plain
from toriconfig._schema.shape import Field, Shape, confidential, root_shape
from toriconfig.cli._scalar import yaml_key, yaml_scalar

if TYPE_CHECKING:
    from pydantic import BaseModel


class Settings(NamedTuple):
    """The settings file of a class.

    Attributes:
        text: its text.
        missing: keys that are no secrets, and have no default.
        references: True if a line sets a reference to a secret.
    """

    text: str
    missing: tuple[Path, ...]
    references: bool


def settings_of(cls: type[BaseModel], name: str) -> Settings:
    """Generate the settings file that `toriconfig init` writes for a class.

    Args:
        cls: the settings class.
        name: base name of the file. The same name is used in references to Vault: `${vault:secret/NAME#KEY}`.
    """
    missing: list[Path] = []
    lines, references = _section(root_shape(cls), (), name, missing, required=True)
    head = "# Remove the `#` of a line to set its key. Variables have precedence, except over references to Vault.\n"
    return Settings(head + "".join(f"{line}\n" for line in lines), tuple(missing), references)


def reference(name: str, path: Path) -> str:
    """Return the reference `${vault:secret/NAME#KEY}`: NAME is `name`, and KEY is `path` joined by `_`."""
    return f"${{vault:secret/{name}#{'_'.join(map(str, path))}}}"


def _section(
    shape: Shape, path: Path, name: str, missing: list[Path], *, required: bool, seen: tuple[object, ...] = ()
) -> tuple[list[str], bool]:
    """Return `(lines, sets)`: the lines of a section, and True if a line sets a key, False if all are comments.

    Args:
        shape: shape of the section.
        path: key path of the section.
        name: base name of the settings files.
        missing: list to which the function adds each key that must be set and has no value.
        required: False: the section may be absent, so all lines are comments.
        seen: models of this section and the enclosing sections. A field whose type is one of these models is not
            expanded, against endless recursion.
    """
    lines: list[str] = []
    sets = False
    indent = "  " * len(path)
    for field in {one.name: one for one in shape.fields.values()}.values():  # a field may have several keys
        key, at = field.keys[0], (*path, field.keys[0])
        inner = field.shape
        if inner.kind == "model" and len(inner.models) == 1 and inner.models[0] not in seen:
            within, active = _section(
                inner, at, name, missing, required=required and field.required, seen=(*seen, *inner.models)
            )
            lines += [f"{indent}{'' if active else '# '}{yaml_key(str(key))}:", *within]
            sets = sets or active
            continue
        text, active = _leaf(field, at, name)
        if field.required and not active and required:
            missing.append(at)
        if text is not None:
            lines.append(f"{indent}{'' if active and required else '# '}{yaml_key(str(key))}:{text and ' '}{text}")
            sets = sets or (active and required)
    return lines, sets


def _leaf(field: Field, path: Path, name: str) -> tuple[str | None, bool]:
    """Return `(text, sets)` for the line of a field. If `sets` is False, the line is a comment.

    `text` is the default, or the reference of a secret; "": there is no default that may be shown; None: the
    default cannot be written as text.
    """
    if field.shape.kind == "secret":
        return reference(name, path), field.required
    if field.required or confidential(field.shape) or field.info.default_factory is not None:
        return "", False
    try:
        value = plain(field.default())
    except ValueError:
        return None, False
    if not can_mean(field.shape, value) or conceals(field.keys[0], value):
        return "", False
    return yaml_scalar(value), False


def described(path: Path, variable: str, name: str) -> str:
    """Return a line that names the places where a key without a value can be set.

    Args:
        path: the key path.
        variable: name of the variable for the key; "": no variable can set the key.
        name: base name of the settings files.
    """
    there = f"{name}.yaml" if not variable else f"{variable} or {name}.yaml"
    return f"{show(path)}: set it in {there}"
