"""The contract of the settings files as JSON Schema 2020-12, and as an example environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from toriconfig._fit import names
from toriconfig._options import Options
from toriconfig._path import Path, show
from toriconfig._renamed import Renamed, renamed
from toriconfig._shape import Shape, root_shape

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = ("description", "default", "title", "deprecated", "deprecationMessage", "x-toriconfig-env")
REFERENCE = r"\$\{[^}]+\}"


def schema_of_files(cls: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of one settings file of the class.

    No key is required, since another layer may say it; every value may be a reference; keys that the class does not
    know are refused, as in a load. `x-toriconfig-env` names the variable of a key, `x-toriconfig-secret` marks secrets.
    """
    made = cls.model_json_schema(mode="validation", by_alias=True)
    options = Options.of(cls.model_config, {})
    shape = root_shape(cls)
    variables = {path: name for name, path in variables_of(cls)}
    defs = made.pop("$defs", {})
    body = _inlined(made, defs)
    _annotate(body, shape, (), variables)
    for key in renamed(shape):
        _put_renamed(body, key)
    body.setdefault("properties", {}).setdefault("vault", {"type": "object", "description": "How to reach Vault."})
    head: dict[str, Any] = {"$schema": DIALECT, "title": cls.__name__}
    if options.config_name:
        head["$id"] = f"urn:toriconfig:{options.config_name}"
    return {**head, **{key: value for key, value in body.items() if key not in head}}


def schema_text(cls: type[BaseModel]) -> str:
    """The schema as the text of its file."""
    return json.dumps(schema_of_files(cls), indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def env_example(cls: type[BaseModel]) -> str:
    """A `.env` file with every variable, commented out, with its meaning and default; secrets without a value."""
    lines = [f"# Every variable that {cls.__name__} reads. Uncomment what you set."]
    shape = root_shape(cls)
    for name, path in variables_of(cls):
        field = _field(shape, path)
        below = shape.at(path)
        if field is None or below is None:
            continue
        if field.info.deprecated:
            continue
        description = field.info.description or show(path)
        secret = below.kind == "secret"
        default = "" if secret or field.required else _as_text(field.default())
        lines += ["", f"# {description}" + (" A secret: keep it in Vault rather than here." if secret else "")]
        lines.append(f"#{name}={default}")
    return "\n".join(lines) + "\n"


def variables_of(cls: type[BaseModel]) -> list[tuple[str, Path]]:
    """The variable of each key of the class that has one, with its path."""
    options = Options.of(cls.model_config, {})
    if options.env_prefix is None:
        return []
    return list(names(root_shape(cls), options.env_nested_delimiter, options.env_prefix))


def _inlined(node: Any, defs: dict[str, Any], open_: tuple[str, ...] = ()) -> Any:
    """The schema without `$ref`, so that each place can say its own variable; what refers to itself is left open."""
    if isinstance(node, list):
        return [_inlined(item, defs, open_) for item in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).rpartition("/")[2]
    if not name:
        return {key: _inlined(value, defs, open_) for key, value in node.items()}
    rest = {key: _inlined(value, defs, open_) for key, value in node.items() if key != "$ref"}
    if name in open_:
        return rest
    return {**_inlined(defs[name], defs, (*open_, name)), **rest}


def _annotate(node: dict[str, Any], shape: Shape, path: Path, variables: dict[Path, str]) -> None:
    node.pop("required", None)
    if path in variables:
        node["x-toriconfig-env"] = variables[path]
    if shape.kind == "secret":
        _secret(node, shape)
        return
    for name, child in (node.get("properties") or {}).items():
        said = shape.fields[name].info.deprecated if name in shape.fields else None
        if isinstance(said, str):
            child["deprecationMessage"] = said
    properties = node.get("properties")
    if properties is not None:
        if shape.kind == "model" and not shape.extra:
            node["additionalProperties"] = False
        for key, child in properties.items():
            _annotate(child, shape.child(key) or shape, (*path, key), variables)
    elif shape.kind == "model":
        for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            if isinstance(branch, dict) and "properties" in branch:
                _annotate(branch, shape, path, {})
    elif path:
        _or_reference(node)


def _put_renamed(body: dict[str, Any], key: Renamed) -> None:
    """The old key beside the others: allowed, told to be deprecated, and with what took its place."""
    target = body
    for part in key.new:
        target = target.get("properties", {}).get(part, {})
    node = body
    for part in key.old[:-1]:
        node = node.setdefault("properties", {}).setdefault(part, {"type": "object", "additionalProperties": False})
    words = f"Renamed to `{show(key.new)}`."
    known = {name: value for name, value in target.items() if name not in ("default", "title", "x-toriconfig-env")}
    told = {"description": words, "deprecated": True, "deprecationMessage": words}
    node.setdefault("properties", {})[str(key.old[-1])] = {
        **known,
        **told,
        "x-toriconfig-replacement": show(key.new),
    }


def _secret(node: dict[str, Any], shape: Shape) -> None:
    node["x-toriconfig-secret"] = True
    node["description"] = f"{node.get('description', '')} A secret: `${{vault:path#key}}`, never the value.".strip()
    if shape.ref is not None:
        node["x-toriconfig-ref"] = shape.ref.reference
    if shape.models:
        node.pop("type", None)
        node["type"] = ["string", "object"]


def _or_reference(node: dict[str, Any]) -> None:
    """A value that is not text may also be a reference, which is text."""
    kinds = node.get("type")
    if kinds == "string" and "enum" not in node and "pattern" not in node and "const" not in node:
        return
    keep: dict[str, Any] = {key: node.pop(key) for key in _ABOUT if key in node}
    branches = node.pop("anyOf", None) or [dict(node)]
    node.clear()
    node.update(keep)
    node["anyOf"] = [*branches, {"type": "string", "pattern": REFERENCE}]


def _field(shape: Shape, path: Path) -> Any:
    parent = shape.at(path[:-1])
    return parent.fields.get(str(path[-1])) if parent is not None else None


def _as_text(value: Any) -> str:
    if hasattr(value, "model_fields_set") or value is PydanticUndefined:
        return ""  # nothing that a variable is read from, and a model may hold what the environment says just now
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (set, frozenset)):
        value = sorted(value)
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
