"""A JSON Schema is valid JSON for every settings class: infinite numbers, functions, classes of other libraries."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from toriconfig._inspect.json_schema import schema_of_files, schema_text
from toriconfig._inspect.json_types import unsaid


class Sub(BaseModel):
    limit: float = -math.inf


class Infinite(BaseModel):
    plain: float = math.inf
    no_number: float = math.nan
    bounded: float = Field(1.0, le=math.inf, ge=0)
    several: list[float] = [1.0, math.inf]
    by_name: dict[str, float] = {"a": math.inf}
    sub: Sub = Sub()
    shown: float = Field(1.0, examples=[math.inf, 2.0])


class Thing:
    pass


class Unsaid(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    call: Callable[[int], int] | None = None
    built_in: Callable[..., Any] = print
    thing: Thing | None = None
    made: Annotated[Any, PlainValidator(len)] = None
    several: list[Callable[..., Any]] = []
    port: int = 1


def strict_json(text: str) -> Any:
    """Parse the text with a JSON reader that does not accept `Infinity`."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


def test_infinite_numbers_are_left_out() -> None:
    said = strict_json(schema_text(Infinite))["properties"]
    assert not any("default" in said[name] for name in ("plain", "no_number", "several", "by_name", "sub"))
    assert said["bounded"]["default"] == 1
    assert "Infinity" not in json.dumps(said)
    assert "minimum" in json.dumps(said["bounded"])
    assert "maximum" not in json.dumps(said["bounded"])


def test_a_type_without_json_is_left_open_and_named() -> None:
    found = dict(unsaid(schema_of_files(Unsaid)))
    assert strict_json(schema_text(Unsaid))["properties"]["port"]["default"] == 1
    assert {("call",): "Callable", ("built_in",): "Callable", ("thing",): "Thing", ("several",): "Callable"} == {
        path: kind for path, kind in found.items() if path != ("made",)
    }
