"""Types that checkers must infer or refuse for a `Settings` class; read by mypy --strict and pyright, never run."""

from __future__ import annotations

from typing import Any, assert_type

from pydantic import BaseModel

from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource
from pydantic_settings import SettingsConfigDict as TheirConfigDict
from toriconfig import Secret, Settings, SettingsConfigDict, lazy, load, replace, snapshot


class Database(BaseModel):
    host: str = "localhost"


class App(Settings):
    model_config = SettingsConfigDict(
        env_prefix="X_",
        env_nested_delimiter="__",
        config_name="app",
        frozen=True,
        vault_path="secret/app",
        layers=("code", "env", "files", "defaults"),
        unknown_keys="warn",
    )

    port: int = 1
    database: Database = Database()
    token: Secret[str] = Secret("none")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, EnvSettingsSource(settings_cls, env_prefix="Y_"), file_secret_settings


class BaseChanged(Settings):
    model_config = TheirConfigDict(env_prefix="X_", frozen=True)


class Below(BaseChanged):
    model_config = SettingsConfigDict(config_name="app")


class InTheHead(Settings, env_prefix="X_", config_name="app"):
    port: int = 1


def inferred() -> None:
    assert_type(App(), App)
    assert_type(App(port=2).port, int)
    assert_type(load(App, environ={"X_PORT": "2"}), App)
    assert_type(lazy(App).database.host, str)
    assert_type(load(App).token.get(), str)
    assert_type(replace(load(App), port=3), App)
    assert_type(snapshot(lazy(App)), App)
    assert_type(lazy("app:App"), Any)


def refused() -> None:
    App(port="x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    print(load(App).nowhere)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

    class Misspelt(Settings, config_nmae="x"): ...  # pyright: ignore[reportCallIssue]

    SettingsConfigDict(config_nmae="x")  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportCallIssue]
