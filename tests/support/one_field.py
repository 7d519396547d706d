"""One field `v`, loaded by a plain model and by a `Settings` class, from variables and options."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, create_model

from toriconfig import Settings, SettingsConfigDict, load

PREFIX: dict[str, Any] = {"env_prefix": "A_", "env_nested_delimiter": "__"}


class Base(Settings):
    model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__")


BASES: dict[str, type[BaseModel]] = {"a plain model": BaseModel, "a Settings class": Base}


def value(base: type[BaseModel], annotation: Any, default: Any = ..., /, **given: Any) -> Any:
    """The field `v` of a schema with nothing else; names in upper case are variables, the others are options."""
    environ = {name: text for name, text in given.items() if name.isupper()}
    options = {name: option for name, option in given.items() if not name.isupper()}
    schema: Any = create_model("Schema", __base__=base, v=(annotation, default))
    return load(schema, environ=environ, **{**PREFIX, **options}).v
