"""The same variables give the same values as in pydantic-settings, if it reads them."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import ipaddress
import pathlib
import re
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ByteSize,
    Field,
    ImportString,
    Json,
    RootModel,
    SecretStr,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    WrapValidator,
    create_model,
)
from typing_extensions import TypeAliasType, TypedDict

from pydantic_settings import BaseSettings, ForceDecode, NoDecode
from pydantic_settings import SettingsConfigDict as TheirConfigDict
from toriconfig import ConfigError, Settings, SettingsConfigDict, load


class Color(enum.Enum):
    RED = "red"
    Big = "BIG"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    WORD = "word"
    ONE = 1


class Point(NamedTuple):
    x: int
    y: float = 2.0


class Sub(BaseModel):
    model_config = {"extra": "ignore"}

    label: str = "none"
    n: int = 0
    many: list[int] = []


class Cat(BaseModel):
    model_config = {"extra": "ignore"}

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    model_config = {"extra": "ignore"}

    kind: Literal["dog"]
    name: str


class Record(TypedDict, total=False):
    a: int
    b: list[str]


@dataclass
class Data:
    a: int = 0
    b: str = "b"


class Names(RootModel[list[str]]):
    pass


class Strict(BaseModel):
    model_config = {"strict": True, "extra": "ignore"}

    n: int = 0
    tags: set[int] = set()
    day: datetime.date | None = None


def split(value: Any) -> Any:
    return value.split("|") if isinstance(value, str) else value


def wrap(value: Any, handler: Any) -> Any:
    return handler(split(value))


UserId = NewType("UserId", int)
Hosts = NewType("Hosts", list[str])
Alias = TypeAliasType("Alias", list[int])

ANNOTATIONS: list[Any] = [
    *(int, float, str, bool, bytes, decimal.Decimal, fractions.Fraction, Any),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, uuid.UUID, pathlib.Path),
    *(AnyUrl, ByteSize, SecretStr, ipaddress.IPv4Address, Json, Json[list[int]], ImportString),
    *(Color, Level, Mixed, Literal["a", "b"], Literal["1"], Literal[Level.LOW]),
    *(StrictInt, StrictFloat, StrictStr, StrictBool, StrictInt | None, StrictInt | StrictStr),
    *(int | None, str | None, int | str, bool | str, int | float, datetime.date | str, decimal.Decimal | None),
    *(list[int], list[str], set[int], frozenset[str], tuple[int, ...], tuple[int, str], deque[int], Sequence[str]),
    *(dict[str, int], dict[int, str], dict[Color, int], dict[Level, str], Mapping[str, Any], dict, list),
    *(dict[str, list[int]], list[dict[str, int]], list[list[int]], dict[str, dict[str, int]]),
    *(
        list[int] | None,
        dict[str, int] | None,
        str | list[str],
        int | list[int] | dict[str, int],
        list[int] | dict[str, int],
    ),
    *(
        Point,
        Point | None,
        Sub,
        Sub | None,
        Record,
        Data,
        Names,
        Strict,
        UserId,
        Hosts,
        Alias,
        list[Sub],
        dict[str, Sub],
    ),
    *(Annotated[Cat | Dog, Field(discriminator="kind")], Cat | Dog | None, Sub | str),
    Annotated[list[str], NoDecode, BeforeValidator(split)],
    Annotated[list[str], BeforeValidator(split)],
    Annotated[list[str], WrapValidator(wrap)],
    Annotated[list[str], ForceDecode],
    Annotated[int, Field(ge=0)],
    Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)],
    list[datetime.timedelta],
    list[Level],
    list[Literal["a", "1"]],
]
TEXTS = [
    *(
        "",
        " ",
        "1",
        "-5",
        "1.10",
        "12345678901234567.89",
        "1e3",
        "true",
        "no",
        "null",
        "None",
        "a",
        "a b",
        "[",
        "{",
        '"q"',
    ),
    *("2024-01-01", "2024-01-01T00:00:00Z", "12:30", "P3D", "PT5M", "90d", "00:05:00", "5MB", "http://example.org/"),
    *("12345678-1234-5678-1234-567812345678", "10.0.0.1", "/etc/x", "math.cos", "red", "BIG", "word"),
    *("[]", "[1, 2]", '["a", "b"]', '["1"]', "[[1], [2]]", '[{"a": 1}]', '[1, "a"]', "[1.5]"),
    *(
        "{}",
        '{"a": 1}',
        '{"1": "a"}',
        '{"red": 1}',
        '{"a": [1]}',
        '{"a": {"b": 1}}',
        '{"x": 3}',
        '{"label": "t", "n": "3"}',
    ),
    *('{"kind": "cat", "lives": 9}', '{"kind": "dog", "name": "d"}', '{"n": 3, "tags": [1], "day": "2024-01-01"}'),
    *("a|b", "a|b,c", "a,b", "1,2"),
]
KEYS = [{"A_V__A": "1"}, {"A_V": '{"a": 1}', "A_V__B": "2"}, {"A_V__A": "[1]"}, {"A_V__B": "x"}, {"A_V__C": "1.50"}]
DEEP = [{"A_V__A__N": "5"}, {"A_V__A__B": "6"}, {"A_V__A__LABEL": "true"}]
FIELDS = [{"A_V__N": "3", "A_V__LABEL": "t"}, {"A_V__MANY": "[1, 2]"}, {"A_V": '{"n": 1}', "A_V__LABEL": "t"}]
NESTED: list[tuple[Any, list[dict[str, str]]]] = [
    *((annotation, KEYS) for annotation in (dict[str, int], dict[str, str], dict[str, list[int]], dict, Record, Data)),
    *((annotation, KEYS) for annotation in (dict[str, Any], dict[str, int | list[int]], dict[str, Level])),
    *((annotation, DEEP) for annotation in (dict[str, dict[str, int]], dict, dict[str, Any])),
    (dict[str, Sub], [{"A_V__A__N": "5"}, {"A_V__A__LABEL": "true"}]),
    *((annotation, FIELDS) for annotation in (Sub, Sub | None, Sub | str)),
    (Annotated[Cat | Dog, Field(discriminator="kind")], [{"A_V__KIND": "cat", "A_V__LIVES": "9"}]),
    (Strict, [{"A_V__DAY": "2024-01-01", "A_V__N": "7"}, {"A_V__TAGS": "[1]"}]),
]
NOT_THE_SAME = {
    ("str | None", "null"),  # None here, as everywhere
    ("typing.Literal[<Level.LOW: 1>]", "true"),  # a truth value is no level
}
_PREFIX = {"env_prefix": "A_", "env_nested_delimiter": "__"}
_MISSING = object()


class Theirs(BaseSettings):
    model_config = TheirConfigDict(env_prefix="A_", env_nested_delimiter="__")


def theirs(annotation: Any, environ: dict[str, str], patch: pytest.MonkeyPatch) -> Any:
    """Result of pydantic-settings; `_MISSING` if it raises."""
    for name, text in environ.items():
        patch.setenv(name, text)
    schema: Any = create_model("Theirs", __base__=Theirs, v=(annotation, ...))
    try:
        return schema().v
    except Exception:  # noqa: BLE001 - SettingsError, ValidationError, and what escapes them
        return _MISSING


def ours(annotation: Any, environ: dict[str, str], base: type[BaseModel], **options: Any) -> Any:
    schema: Any = create_model("Ours", __base__=base, v=(annotation, ...))
    try:
        return load(schema, environ=environ, **options).v
    except ConfigError as error:
        return str(error)


def bare(value: Any) -> Any:
    """A value that can be compared: with the types of scalars, and with plain containers in place of frozen ones."""
    if isinstance(value, BaseModel):
        return {name: bare(held) for name, held in value}
    if isinstance(value, dict):
        return [(bare(key), bare(held)) for key, held in value.items()]
    if isinstance(value, (list, set, frozenset)):
        return [kind for kind in (list, set, frozenset) if isinstance(value, kind)], sorted(map(repr, value))
    return type(value), repr(value)


class Neutral(Settings):
    model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__")


ROADS = {
    "a plain model": lambda annotation, environ: ours(annotation, environ, BaseModel, **_PREFIX),
    "a Settings class": lambda annotation, environ: ours(annotation, environ, Neutral),
}


CASES = [
    *(
        (annotation, [{"A_V": text} for text in TEXTS if (str(annotation), text) not in NOT_THE_SAME])
        for annotation in ANNOTATIONS
    ),
    *NESTED,
]


def case_name(value: object) -> str:
    """A short name of an annotation that is the same in each process; what varies with it has none."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))[:80] if not isinstance(value, list) else ""


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(("annotation", "environs"), CASES, ids=case_name)
def test_values_are_the_same_as_with_pydantic_settings(
    annotation: Any, environs: list[dict[str, str]], road: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    different: list[tuple[dict[str, str], Any, Any]] = []
    for environ in environs:
        with monkeypatch.context() as patch:
            expected = theirs(annotation, environ, patch)
        if expected is _MISSING:
            continue
        found = ROADS[road](annotation, environ)
        if bare(found) != bare(expected):
            different.append((environ, expected, found))
    assert different == []
