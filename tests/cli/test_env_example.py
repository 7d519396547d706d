"""`.env.example`: every variable, with a default that the library itself reads back, and never a secret."""

from __future__ import annotations

import datetime
import enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import VERSION, BaseModel, Field, SecretStr, create_model

from toriconfig import ConfigError, Secret, SettingsConfigDict, load
from toriconfig.cli._env_example import env_example

VALUE = "c4nary-value"


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


class Host(BaseModel):
    port: int = 1


def of(kind: Any, default: Any) -> type[BaseModel]:
    return create_model(
        "App", __config__=SettingsConfigDict(env_prefix="APP_"), x=(kind, Field(default, description="What it is."))
    )


def test_each_variable_is_listed_with_description_and_default() -> None:
    assert env_example(of(int, 3)).splitlines()[1:] == ["", "# What it is.", "#APP_X=3"]


def test_a_meaning_of_several_lines_stays_a_comment() -> None:
    class App(BaseModel):
        model_config = SettingsConfigDict(env_prefix="APP_")
        x: int = Field(3, description="One.\nTwo.")

    assert "# One. Two.\n" in env_example(App)


def test_a_name_that_no_line_can_set_is_left_out() -> None:
    class App(BaseModel):
        model_config = SettingsConfigDict(env_prefix="APP_")
        x: int = Field(3, validation_alias="si mple")

    assert "MPLE" not in env_example(App)


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        (Mode, Mode.FAST),
        (dict[Mode, int], {Mode.SLOW: 2}),
        (list[Mode], [Mode.FAST]),
        (bytes, b"abc"),
        (set[str], {"a,b", "c"}),
        (list[Host], [Host(port=2)]),
        (Host | None, Host(port=3)),
        (Host | None, None),
        (datetime.timedelta, datetime.timedelta(days=2, seconds=90)),
        (str, 'it\'s # "x"'),
        (str, "# $HOME"),
        (bool, True),
    ],
)
def test_a_default_reads_back_to_itself(kind: Any, default: Any, tmp_path: Path) -> None:
    cls = of(kind, default)
    (tmp_path / ".env").write_text(env_example(cls).rpartition("\n#")[2])
    read = load(of(kind, None), env_file=tmp_path / ".env", environ={})
    assert default == read.x  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        (Secret[str], VALUE),
        (dict[str, Secret[str]], {"a": VALUE}),
        (list[SecretStr], [SecretStr(VALUE)]),
        (tuple[SecretStr, int], (SecretStr(VALUE), 1)),
        (str, f"https://u:{VALUE}@host/"),
        pytest.param(
            bytes,
            b"\xff",
            marks=pytest.mark.skipif(VERSION < "2.14", reason="pydantic 2.13 has no JSON Schema of such a default"),
        ),
        (Any, None),  # text `null` there
        (Any, [1]),
    ],
)
def test_a_secret_or_inexpressible_value_has_no_default(kind: Any, default: Any) -> None:
    assert env_example(of(kind, default)).endswith("\n#APP_X=\n")


class Factories(BaseModel):
    model_config = SettingsConfigDict(env_prefix="MADE_")

    whole: Host = Field(default_factory=Host)
    other: Host = Field(default_factory=lambda: Host(port=4))


def test_no_problem_is_reported_for_a_model_from_a_factory() -> None:
    text = env_example(Factories)
    assert "#MADE_WHOLE=\n" in text
    assert "#MADE_OTHER=\n" in text


def test_an_annotation_that_is_not_defined_is_named() -> None:
    class App(BaseModel):
        model_config = SettingsConfigDict(env_prefix="APP_")
        x: "Nowhere | None" = None  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(ConfigError, match="`Nowhere`"):
        env_example(App)
