"""`reload` with an input that was emptied, which may be a write in progress, or deleted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from toriconfig import ConfigError, Secret, Settings, SettingsConfigDict, health, lazy, reload
from toriconfig.testing import FakeClock


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env", secrets_dir="run")
    n: int = 0
    name: str = "-"


class OfSettings(Settings):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env", secrets_dir="run")
    n: int = 0
    name: str = "-"


INPUTS = [
    ("app.yaml", "n: 5\n"),
    ("app.local.json", '{"n": 5}'),
    ("app.toml", "n = 5\n"),
    (".env", "APP_N=5\n"),
    ("run/n", "5"),
]


def loaded_from(name: str, text: str, schema: Any = App) -> Any:
    """Settings whose `n` comes from one file."""
    Path("run").mkdir(exist_ok=True)
    Path(name).write_text(text)
    settings = lazy(schema, environ={})
    assert settings.n == 5
    return settings


@pytest.mark.parametrize("schema", [App, OfSettings])
@pytest.mark.parametrize(("name", "text"), INPUTS[:4])
@pytest.mark.parametrize("nothing", ["", "\n", "   \n\n"], ids=repr)
def test_a_file_that_was_emptied_keeps_the_old_settings(schema: Any, name: str, text: str, nothing: str) -> None:
    settings = loaded_from(name, text, schema)
    Path(name).write_text(nothing)
    with pytest.raises(ConfigError, match="emptied") as caught:
        reload(settings)
    assert [("TC007", name)] == [(one.code, str(one.origin)) for one in caught.value.problems]
    assert (5, True) == (settings.n, "emptied" in health(settings).error)
    Path(name).write_text(text.replace("5", "6"))
    reload(settings)
    assert (6, "") == (settings.n, health(settings).error)


@pytest.mark.parametrize("text", ["# a head that is written first\n", "---\n", "---\n# a head\n"], ids=repr)
def test_a_settings_file_that_holds_only_comments_counts_as_emptied(text: str) -> None:
    settings = loaded_from("app.yaml", "n: 5\n")
    Path("app.yaml").write_text(text)
    with pytest.raises(ConfigError, match="emptied"):
        reload(settings)


@pytest.mark.parametrize(
    ("name", "old", "text"),
    [
        ("app.yaml", "n: 5\n", "{}"),
        ("app.yaml", "n: 5\n", "# nothing to say\n{}\n"),
        ("app.yaml", "n: 5\n", "--- {}\n"),
        ("app.toml", "n = 5\n", "# nothing to say\n"),
    ],
    ids=repr,
)
def test_a_settings_file_may_be_empty_on_purpose(name: str, old: str, text: str) -> None:
    settings = loaded_from(name, old)
    Path(name).write_text(text)
    assert ["n"] == [change.path for change in reload(settings)]
    assert settings.n == 0


def test_a_value_in_a_directory_of_secrets_that_was_emptied_keeps_the_old_settings() -> None:
    settings = loaded_from("run/name", "x", type("Named", (App,), {"n": 5, "__annotations__": {"n": int}}))
    Path("run/name").write_text("")
    with pytest.raises(ConfigError, match="emptied"):
        reload(settings)
    assert settings.name == "x"


@pytest.mark.parametrize(("name", "text"), INPUTS)
def test_a_deleted_file_is_reported_for_each_deletion(name: str, text: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = loaded_from(name, text)
    for _ in range(2):
        Path(name).unlink()
        assert ["n"] == [change.path for change in reload(settings)]
        assert settings.n == 0
        assert ["deleted" in line for line in health(settings).warnings if name in line] == [True]
        reload(settings)
        Path(name).write_text(text)
        reload(settings)
        assert settings.n == 5
    assert 2 == sum("this file was deleted" in message and name in message for message in caplog.messages)


def test_a_file_of_another_profile_is_neither_emptied_nor_deleted(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"APP_PROFILE": "dev"}
    Path("run").mkdir()
    Path("app.dev.yaml").write_text("n: 5\n")
    Path("app.prod.yaml").write_text("n: 6\n")
    settings = lazy(App, environ=environ)
    assert settings.n == 5
    environ["APP_PROFILE"] = "prod"
    reload(settings)
    assert settings.n == 6
    assert [] == [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_names_of_other_programs_may_be_all_that_a_dotenv_file_holds() -> None:
    settings = loaded_from(".env", "APP_N=5\nOTHER=1\n")
    Path(".env").write_text("OTHER=1\n")
    reload(settings)
    assert settings.n == 0


def test_a_secret_s_file_that_was_emptied_keeps_the_last_value() -> None:
    from toriconfig._core.origin import Origin
    from toriconfig._secrets.file import CHECK_SECONDS, FileProvider

    clock = FakeClock()
    Path("token").write_text("t1")
    provider = FileProvider("token", Origin("files", "token"), clock)
    assert "t1" == provider.settle().value
    Path("token").write_text("")
    clock.advance(CHECK_SECONDS + 1)
    assert ("t1", "stale") == (provider.settle().value, provider.state)
    Path("token").write_text("t2")
    clock.advance(CHECK_SECONDS + 1)
    assert ("t2", "fresh") == (provider.settle().value, provider.state)


def test_a_reload_while_a_secret_s_file_is_empty_keeps_the_old_handle() -> None:
    class Sealed(App):
        token: Secret[str]

    Path("run").mkdir()
    Path("run/token").write_text("t1")
    settings = lazy(Sealed, environ={})
    assert "t1" == settings.token.get()
    Path("run/token").write_text("")
    with pytest.raises(ConfigError, match="emptied"):
        reload(settings)
    assert "t1" == settings.token.get()


def test_a_table_that_was_taken_out_of_a_toml_file_empties_nothing() -> None:
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n[tool.app]\nn = 5\n")
    settings = lazy(App, environ={}, config_files=["pyproject.toml"])
    assert settings.n == 5
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n")
    reload(settings)
    assert settings.n == 0
