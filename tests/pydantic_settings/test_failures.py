"""A source of a `Settings` class that fails is a problem of the load, without the text of its exception."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pydantic_settings import (
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
    YamlConfigSettingsSource,
)
from toriconfig import ConfigError, Secret, Settings, SettingsConfigDict, health, lazy, load, reload
from toriconfig._inspect.check import check_whole
from toriconfig._load.snapshot import Recipe
from toriconfig.testing import reset_warnings

CANARY = "c4nary-value"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


class Remote(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        raise ConnectionError(f"https://user:{CANARY}@host/")


class NotEvenMade(Remote):
    def __init__(self, settings_cls: Any) -> None:
        raise ConnectionError(f"https://user:{CANARY}@host/")


def no_source(settings_cls: Any) -> Any:
    raise ConnectionError(f"https://user:{CANARY}@host/")


def own_file(settings_cls: Any) -> Any:
    return YamlConfigSettingsSource(settings_cls, "own.yaml")


def no_folder(settings_cls: Any) -> Any:
    return NestedSecretsSettingsSource(settings_cls, "none", "error")


def with_source(make: Callable[[Any], Any]) -> type[Settings]:
    class Sourced(Settings):
        model_config = SettingsConfigDict(env_prefix="S_")
        port: int = 1
        token: Secret[str]
        name: str

        @classmethod
        def settings_customise_sources(cls, *classes: Any, **_made: Any) -> tuple[Any, ...]:
            return (make(classes[0]),)

    return Sourced


@pytest.mark.parametrize(
    ("make", "words", "name"),
    [
        (Remote, "Remote raises ConnectionError", "Remote"),
        (NotEvenMade, "NotEvenMade raises ConnectionError", "NotEvenMade"),
        (no_source, "Sourced.settings_customise_sources raises ConnectionError", "Sourced.settings_customise_sources"),
        (
            own_file,
            "YamlConfigSettingsSource raises yaml.parser.ParserError",
            "YamlConfigSettingsSource",
        ),
        (no_folder, "none", "NestedSecretsSettingsSource"),
    ],
)
@pytest.mark.parametrize("read", [load, lambda cls: lazy(cls).port])
def test_a_source_that_fails_is_the_one_problem_of_a_load(
    read: Callable[[Any], Any], make: Any, words: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    Path("own.yaml").write_text(f"port: [{CANARY}\n")
    with pytest.raises(ConfigError) as caught:
        read(with_source(make))
    assert [(problem.code, str(problem.origin)) for problem in caught.value.problems] == [("TC505", name)]
    assert words in caught.value.problems[0].message
    assert CANARY not in str(caught.value)
    assert caplog.messages == []


def test_the_constructor_raises_the_error_of_the_source() -> None:
    make: Any = with_source(Remote)
    with pytest.raises(ConnectionError, match=CANARY):
        make()


def test_a_source_that_fails_later_leaves_the_settings_as_they_were() -> None:
    class Filed(Settings):
        port: int = 1

        @classmethod
        def settings_customise_sources(cls, *classes: Any, **_made: Any) -> tuple[Any, ...]:
            return (own_file(classes[0]),)

    Path("own.yaml").write_text("port: 4\n")
    settings = lazy(Filed)
    assert settings.port == 4
    Path("own.yaml").write_text("port: [4\n")
    with pytest.raises(ConfigError):
        reload(settings)
    assert settings.port == 4
    assert "ParserError" in health(settings).error


def test_a_command_line_that_cannot_be_read_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cli(Settings):
        model_config = SettingsConfigDict(cli_parse_args=True, cli_exit_on_error=False)
        port: int = 1

    monkeypatch.setattr(sys, "argv", ["app", f"--token={CANARY}"])
    with pytest.raises(
        ConfigError, match="CliSettingsSource raises pydantic_settings.exceptions.SettingsError"
    ) as caught:
        load(Cli)
    assert CANARY not in str(caught.value)


class Ported(Settings):
    model_config = SettingsConfigDict(env_prefix="A_")
    token: Secret[str]
    ports: list[int] = []  # noqa: RUF012 - defaults of a model are copied


def test_no_secret_is_reported_missing_after_a_failed_source(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"A_TOKEN": CANARY, "A_PORTS": "[80,81"}
    with pytest.raises(ConfigError):
        load(Ported, environ=environ)
    assert [problem.code for problem in check_whole(Recipe(Ported, {}, environ=environ))] == ["TC505"]
    assert caplog.messages == []


def test_a_missing_secret_is_reported_when_the_source_can_be_read(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError):
        load(Ported, environ={"A_PORTS": "[80,81"})
    load(Ported, environ={"A_PORTS": "[80]"})
    assert "`token`: the secret is not set" in caplog.text


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_a_dotenv_file_that_may_never_end_is_refused_without_being_opened(kind: str, tmp_path: Path) -> None:
    class App(Settings):
        a: str = ""

    path = tmp_path / "env"
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            listener.bind(str(path))
        else:
            path = Path("/dev/zero")
        with pytest.raises(ConfigError, match="name a regular file"):
            load(App, env_file=path, env_prefix="T_", environ={})


@pytest.mark.parametrize("loads", [True, False])
def test_a_dotenv_file_that_links_to_the_environment_of_the_process_is_refused(
    loads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class App(Settings):
        model_config = SettingsConfigDict(env_file=".env", env_prefix="T_", file_suffix="_FILE")
        a: str = ""

    monkeypatch.chdir(tmp_path)
    Path(".env").symlink_to("/proc/self/environ")
    with pytest.raises((ConfigError, SettingsError), match="files below /proc are not read"):
        partial(load, App, environ={})() if loads else App()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["#" * (1 << 20), "#" * ((1 << 20) + 1), "T_A=1\n" * 50_001, "T_A=1\r" * 50_001])
@pytest.mark.parametrize("loads", [True, False])
def test_a_dotenv_file_beyond_the_limits_is_refused_before_pydantic_settings_reads_it(
    loads: bool, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class App(Settings):
        model_config = SettingsConfigDict(env_file=".env", env_prefix="T_", file_suffix="_FILE")
        a: str = ""

    monkeypatch.chdir(tmp_path)
    Path(".env").write_bytes(text.encode())
    make = partial(load, App, environ={}) if loads else App
    if len(text) == 1 << 20:
        make()
    else:
        with pytest.raises((ConfigError, SettingsError), match="at most"):
            make()
