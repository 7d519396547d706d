"""One scenario with either base: the environment of all scenarios, and their results."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pydantic_settings import SettingsError


def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables, and files in the working directory."""
    for name, text in {
        "PORT": "81",
        "TAGS": "[1, 2]",
        "NAME": "from env",
        "TEXT": "no number",
        "CSV": "a,b",
        "EMPTY": "",
        "NOTHING": "nil",
        "COLOUR": "RED",
        "DOLLAR": "${env:PORT} $${x}",
        "APP_DATABASE__HOST": "db1",
        "APP_DATABASE__POOL__NAMES": '["x"]',
        "APP_DATABASE__UNKNOWN": "ignored",
        "APP_FREE__A__B": "[3]",
        "APP_FLAT_KEY_WITH_MORE": "v",
        "APP_UNKNOWN": "ignored",
    }.items():
        monkeypatch.setenv(name, text)
    Path(".env").write_text("LEVEL=debug\nOTHER=1\nX=${PORT}\n")
    Path("other.env").write_text("LEVEL=info\n")
    Path("data.json").write_text('{"from_json": 2, "port": 5}')
    Path("data.yaml").write_text("from_yaml: ${env:PORT}\nport: 6\n")
    for folder, name, text in (
        ("secrets", "token", "s3cret\n"),
        ("secrets", "blob", '{"a": 1}'),
        ("nested/db", "x", "y"),
    ):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, name).write_text(text)


def outcome(play: Callable[[Any], Any], base: Any) -> Any:
    """Result of a scenario: its return value or exception, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            end: Any = play(base)
        except ValidationError as error:
            end = type(error).__name__, error.title, error.errors()
        except AttributeError as error:  # what an older pydantic-settings does not have yet
            end = type(error).__name__, error.name
        except SettingsError as error:
            end = type(error).__name__, str(error), type(error.__cause__).__name__
    return end, [(warning.category, str(warning.message)) for warning in caught]
