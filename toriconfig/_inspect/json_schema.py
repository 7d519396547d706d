"""JSON Schema 2020-12 of the settings files of a class."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code
from toriconfig._inspect.json_types import Generator, without_infinity
from toriconfig._load.variable_names import names
from toriconfig._masking.shown import conceals
from toriconfig._schema.options import Options
from toriconfig._schema.renames import Renamed, renamed
from toriconfig._schema.shape import Shape, root_shape
from toriconfig.sources import stem_of

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = ("description", "default", "title", "deprecated", "deprecationMessage", "x-toriconfig-env")
_OF_ONE_NAME = ("default", "title", "x-toriconfig-env")
_VALUES = ("default", "examples")
_NO_REFERENCE = {"const", "x-toriconfig-secret"}
REFERENCE = r"\$\{[^}]+\}"


def schema_of_files(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema for a settings file of the class.

    No key is required, because another layer may set it. Every value may be a reference. Unknown keys are rejected, as
    in a load. `x-toriconfig-env` names the variable of a key; `x-toriconfig-secret` marks secrets.
    """
    made = without_infinity(made_by_pydantic(cls))
    options = Options.of(cls.model_config, {})
    shape = root_shape(cls)
    variables = {path: name for name, path in variables_of(cls)}
    defs = made.pop("$defs", {})
    body = _inlined(made, defs)
    _hide_values(body)
    _annotate(body, shape, (), variables)
    for key in renamed(shape):
        _put_renamed(body, key)
    body.setdefault("properties", {}).setdefault("vault", {"type": "object", "description": "Connection to Vault."})
    if options.extension_keys:
        body["patternProperties"] = {"^x-": {"description": "A place for YAML anchors; ignored."}}
    head: dict[str, Any] = {"$schema": DIALECT, "title": cls.__name__}
    if options.config_name:
        head["$id"] = f"urn:toriconfig:{stem_of(options.config_name)}"
    return {**head, **{key: value for key, value in body.items() if key not in head}}


def made_by_pydantic(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema that pydantic generates for the class.

    Raises:
        ConfigError: an annotation of the class is not defined.
    """
    from pydantic import PydanticUndefinedAnnotation, PydanticUserError

    try:
        return cls.model_json_schema(mode="validation", by_alias=True, schema_generator=Generator)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        from toriconfig._core.problem import Problem
        from toriconfig._validation.validation_errors import INCOMPLETE
        from toriconfig.errors import ConfigError

        if getattr(error, "code", None) not in ("class-not-fully-defined", "undefined-annotation"):
            raise
        said = str(error).partition("\n")[0]
    problem = Problem(Code.BROKEN_RULE, "", None, help=INCOMPLETE, message=f"the schema is not complete: {said}")
    raise ConfigError([problem], schema=cls.__name__)


def schema_text(cls: type[BaseModel]) -> str:
    """Return the JSON Schema of the class as the text of a file."""
    return json.dumps(schema_of_files(cls), indent=2, ensure_ascii=False, sort_keys=False, allow_nan=False) + "\n"


def is_schema_of(text: str, name: str) -> bool:
    """Return True if a text is a JSON Schema that any version of this library generated for a class with this name."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and (found.get("$schema"), found.get("title")) == (DIALECT, name)


def variables_of(cls: type[BaseModel], *, sections: bool = False) -> list[tuple[str, Path]]:
    """Return `(variable, key path)` for each key of the class that an environment variable can set.

    Args:
        cls: the settings class.
        sections: True: include the variables that set a whole model.
    """
    options = Options.of(cls.model_config, {})
    if options.env_prefix is None:
        return []
    return list(names(root_shape(cls), options.env_nested_delimiter, options.env_prefix, sections=sections))


def _inlined(node: Any, defs: dict[str, Any], open_: tuple[str, ...] = ()) -> Any:
    """Return the schema with each `$ref` replaced by its definition, so that each use has its own `x-toriconfig-env`.

    A `$ref` inside its own definition is removed. The schema accepts any value there.
    """
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


def _hide_values(node: Any) -> bool:
    """Remove defaults and examples that may be credentials, and return True if the schema contains a secret.

    If a part of the schema contains a secret (`writeOnly`), the `default` and `examples` of this part are removed.
    In any other part, `default` or `examples` is removed only if the value looks like a credential.
    """
    if isinstance(node, list):
        return True in list(map(_hide_values, node))
    if not isinstance(node, dict):
        return False
    properties = node.get("properties") or {}
    others = [child for key, child in node.items() if key not in ("properties", *_VALUES)]
    hides = _hide_values([*properties.values(), *others]) or node.get("writeOnly") is True
    for value in _VALUES:
        if hides and node.get(value) is not None:
            node.pop(value)
        for name, child in properties.items():
            if conceals(name, child.get(value)):
                child.pop(value)
    return hides


def _annotate(node: dict[str, Any], shape: Shape, path: Path, variables: dict[Path, str]) -> None:
    node.pop("required", None)
    if path in variables:
        node["x-toriconfig-env"] = variables[path]
    if shape.kind == "secret":
        _secret(node, shape)
        return
    properties = node.get("properties")
    if properties is not None:
        if shape.kind == "model" and not shape.extra:
            node["additionalProperties"] = False
        for key, child in properties.items():
            _annotate(child, shape.child(key) or shape, (*path, key), variables)
        _put_names(properties, shape)
    elif shape.kind == "model":
        for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            if isinstance(branch, dict) and "properties" in branch:
                _annotate(branch, shape, path, {})
    elif path:
        _or_reference(node)


def _put_names(properties: dict[str, Any], shape: Shape) -> None:
    """Add a property for each further name of a field, such as a second alias. Add the messages of deprecated fields.

    `properties` is the part of a JSON schema that has one name per field.
    """
    for key, field in shape.fields.items():
        known = properties.get(field.keys[0], {})
        child = properties.setdefault(key, {name: said for name, said in known.items() if name not in _OF_ONE_NAME})
        if isinstance(field.info.deprecated, str):
            child["deprecationMessage"] = field.info.deprecated


def _put_renamed(body: dict[str, Any], key: Renamed) -> None:
    """Add a renamed key under its former path, marked as deprecated. Its description names the new path."""
    target = body
    for part in key.new:
        target = target.get("properties", {}).get(part, {})
    node = body
    for part in key.old[:-1]:
        node = node.setdefault("properties", {}).setdefault(part, {"type": "object", "additionalProperties": False})
    words = f"Renamed to `{show(key.new)}`."
    known = {name: value for name, value in target.items() if name not in _OF_ONE_NAME}
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
        node["x-toriconfig-ref"] = shape.ref.shown


def _or_reference(node: dict[str, Any]) -> None:
    """Change the schema `node`, and the schema of each value inside, to accept a reference too."""
    _references_within(node)
    kinds = node.get("type")
    if kinds == "string" and "enum" not in node and "pattern" not in node and "const" not in node:
        return
    keep: dict[str, Any] = {key: node.pop(key) for key in _ABOUT if key in node}
    branches = node.pop("anyOf", None) or [dict(node)]
    node.clear()
    node.update(keep)
    node["anyOf"] = [*branches, {"type": "string", "pattern": REFERENCE}]


def _references_within(node: dict[str, Any]) -> None:
    """Change the JSON schema `node` so that each value inside a list, mapping or model may also be a reference."""
    free, items = node.get("additionalProperties"), node.get("items")
    if isinstance(free, dict):
        free.pop("required", None)  # another layer may set the key: mappings are merged key by key, and lists are not
    for place in (*node.get("properties", {}).values(), *node.get("prefixItems", ()), items, free):
        # A constant distinguishes the models of a union, and a secret is a reference already.
        if isinstance(place, dict) and not place.keys() <= set(_ABOUT) and place.keys().isdisjoint(_NO_REFERENCE):
            (_references_within if _is_model(place) else _or_reference)(place)
    for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        if isinstance(branch, dict):
            _references_within(branch)


def _is_model(node: dict[str, Any]) -> bool:
    """Return True if the schema allows only a model, or a model and null."""
    branches = (*node.get("anyOf", ()), *node.get("oneOf", ()))
    return "properties" in node or node.get("type") == "null" or (bool(branches) and all(map(_is_model, branches)))
