"""A load of any input returns settings or raises ConfigError, shows no secret, and does the same twice."""

from __future__ import annotations

import datetime
import enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, SecretStr
from typing_extensions import TypedDict

from toriconfig import ConfigError, Merge, Secret, load, replace
from toriconfig._load.attempt import try_load
from toriconfig._load.snapshot import Recipe

CANARY = "hunter2hunter2hunter2"


class Color(enum.Enum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]
    a: int = 1
    key: Secret[str] = Secret("x")


class Dog(BaseModel):
    kind: Literal["dog"]
    b: list[int] = []


class Account(BaseModel):
    a: str
    b: str


class Typed(TypedDict, total=False):
    a: int
    key: Secret[str]


class Words(RootModel[dict[str, list[int]]]):
    pass


class Wide(BaseModel):
    a: int = 1
    b: Cat | Dog | None = None
    c: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    d: dict[str, dict[str, int]] = {"a": {"b": 1}}
    e: Annotated[list[str], Merge("unique")] = ["a"]
    f: Typed = {}
    g: Words = Words({})
    h: Any = None
    i: int | list[int] | dict[str, int] = 0
    j: Color | None = None
    k: SecretStr = SecretStr("x")
    cats: list[Cat] = []
    key: Secret[str] = Secret("x")
    account: Secret[Account] | None = None
    next: Wide | None = None


_FIELDS = [*Wide.model_fields, "kind", "vault", "zz"]
_TEXTS = st.sampled_from(
    [
        "", "a", "red", "cat", "dog", "1", "null", "a,b", "a=1", "{", "[1]", '{"a": 1}', "${a}", "${key}", "${account.a}",
        "x${account.b}y", "${env:X}", "${env:X:-y}", "${env:X:?z}", "${vault:s/x#k}", "${file:x}", "${next.key}", "${h}",
        "${d.a.b}", "$${a}", "${", "${}", "${profile}", "${i[0]}", "**********", "é", "\u2028", CANARY,
    ]
)  # fmt: skip
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 10**20), st.floats(), _TEXTS)
_VALUES = st.recursive(
    _LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from(_FIELDS), below, max_size=4)),
    max_leaves=12,
)
_TREES = st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=6)
_ODD = st.one_of(
    _VALUES,
    st.sampled_from([datetime.date(2026, 1, 1), b"\xff", {1, 2}, Secret(CANARY), Account(a="1", b="2"), object]),
)
_NAMES = st.lists(
    st.sampled_from([name.upper() for name in _FIELDS] + ["", "X", "PROFILE"]), min_size=1, max_size=4
).map("__".join)

_SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def yaml(value: Any) -> str:
    """Flow style, as YAML reads it and JSON cannot write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(str(value), str(value))
    return (
        {None: "null", True: "true", False: "false"}.get(value, str(value))
        if not isinstance(value, int) or isinstance(value, bool)
        else str(value)
    )


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@_SLOW
@given(
    low=_TREES,
    high=_TREES,
    variables=st.dictionaries(_NAMES, _TEXTS, max_size=4),
    code=st.dictionaries(st.sampled_from(_FIELDS), _ODD, max_size=3),
)
def test_any_layers_load_or_are_refused_and_show_no_secret(
    low: dict[str, Any], high: dict[str, Any], variables: dict[str, str], code: dict[str, Any]
) -> None:
    Path("low.yaml").write_text(yaml(low))
    Path("high.yaml").write_text(yaml(high))
    environ = {f"W_{name}": text for name, text in variables.items()}
    given_options: dict[str, Any] = {
        "config_files": ["low.yaml", "high.yaml"], "env_prefix": "W_", "env_nested_delimiter": "__", "vault_path": "s/app",
    }  # fmt: skip
    recipe = Recipe(Wide, given_options, code, environ, True)
    first = try_load(recipe)
    assert [(one.code, str(one.origin), one.path) for one in first.problems] == [
        (one.code, str(one.origin), one.path) for one in try_load(recipe).problems
    ]
    errors = [one for one in first.problems if one.severity == "error"]
    assert (first.loaded is None) == bool(errors)
    told = [(one.message, one.expected, one.help, one.label, one.layer, one.related) for one in first.problems]
    # The text of a plain field may be shown in its line; no sentence contains it, except as a key or a hint.
    assert CANARY not in repr(told)
    if first.loaded is not None:
        model: Any = first.loaded.model
        for secret in first.loaded.snapshot.secrets.values():
            assert CANARY not in repr(secret)
        assert replace(model) == model or "nan" in repr(model)


@_SLOW
@given(
    updates=st.dictionaries(
        st.sampled_from([*_FIELDS, "d.a", "b.a", "next.next.a", "account.a", "..", 'x."y']), _ODD, max_size=4
    )
)
def test_any_replacement_succeeds_or_is_refused(updates: dict[str, Any]) -> None:
    base = load(Wide, overrides={"d": {"x": {"y": 1}}}, environ={}, offline=True)
    before = base.model_dump()
    error: ConfigError | None = None
    try:
        replace(base, updates)
    except ConfigError as caught:
        error = caught
    if error is not None:
        assert error.problems
        assert (None, None) == (error.__cause__, error.__context__)
    assert before == base.model_dump()
