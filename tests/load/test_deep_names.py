"""A variable whose name has more parts than a settings file may be deep means no key, however the schema nests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from toriconfig import SettingsConfigDict, load


class Nest(BaseModel):
    below: Nest | None = None
    items: list[Nest] = []
    text: str = ""


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="none", env_prefix="T_", env_file=".env", env_nested_delimiter="__")
    nest: Nest | None = None
    any: Any = None
    free: dict[str, Any] = {}
    plain: dict = {}  # type: ignore[type-arg]
    items: list[Any] = []


NAMES = [
    ("NEST", "BELOW"),
    ("NEST", "ITEMS__0"),
    ("ANY", "A"),
    ("FREE", "A"),
    ("PLAIN", "A"),
    ("ITEMS", "0"),
    ("NO", "A"),
]


@pytest.mark.parametrize(("head", "part"), NAMES)
@pytest.mark.parametrize("count", [101, 3_000, 40_000])
def test_a_name_of_too_many_parts_means_no_key(
    head: str, part: str, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert load(App, environ={f"T_{head}{f'__{part}' * count}": "1"}) == App()
    assert "is not a key of the schema" in caplog.text


@pytest.mark.parametrize(("head", "part"), NAMES)
def test_a_name_of_too_many_parts_in_a_file_means_no_key(
    head: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(f"T_{head}{f'__{part}' * 90_000}=1\n")
    assert load(App, environ={}) == App()
    assert "is not a key of the schema" in caplog.text


def test_a_name_as_deep_as_a_file_may_be_is_read() -> None:
    found = load(App, environ={f"T_NEST{'__BELOW' * 40}__TEXT": "x"}).nest
    for _ in range(40):
        assert found is not None
        found = found.below
    assert found is not None
    assert "x" == found.text
