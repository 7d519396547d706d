"""A validator of the schema that quotes a secret shows the mask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator, model_validator

from support.loading import problems
from toriconfig import ConfigError, Secret, SettingsConfigDict, load, replace
from toriconfig._render import render_text
from toriconfig.testing import Canary


class Base(BaseModel):
    model_config = SettingsConfigDict(env_prefix="T_", env_nested_delimiter="__")
    key: Secret[str]


class Quoting(Base):
    host: str

    @field_validator("host")
    @classmethod
    def other(cls, host: str, info: ValidationInfo) -> str:
        raise ValueError(f"the host {host} does not take the key {info.data['key'].get()}")


class QuotingInAnAssertion(Base):
    host: str

    @field_validator("host")
    @classmethod
    def other(cls, host: str, info: ValidationInfo) -> str:
        assert host == info.data["key"].get(), f"not {info.data['key'].get()!r}"
        return host


class QuotingAsUrl(Base):
    host: str

    @field_validator("host")
    @classmethod
    def other(cls, host: str, info: ValidationInfo) -> str:
        raise ValueError(f"https://user:{info.data['key'].get()}@{host} is not there")


class QuotingWhole(Base):
    host: str

    @model_validator(mode="after")
    def whole(self) -> Any:
        raise ValueError(f"{self.host} with {self.key.get()}")


class QuotingInAList(Base):
    host: list[str]

    @field_validator("host")
    @classmethod
    def other(cls, host: list[str], info: ValidationInfo) -> list[str]:
        raise ValueError(f"{host} with {info.data['key'].get()}")


KEPT: list[Secret[str]] = []


def elsewhere(host: str) -> str:
    raise ValueError(f"{host} with {KEPT[-1].get()}")


class QuotingFromElsewhere(BaseModel):
    model_config = SettingsConfigDict(env_prefix="T_")
    host: Annotated[str, AfterValidator(elsewhere)] = Field(default="")


SCHEMAS: list[type[BaseModel]] = [Quoting, QuotingInAnAssertion, QuotingAsUrl, QuotingWhole, QuotingFromElsewhere]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_validator_that_quotes_a_secret_shows_the_mask(
    schema: type[BaseModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    canary = Canary()
    KEPT.append(Secret(canary.secret))
    environ = {"T_KEY": canary.secret, "T_HOST": "db"}
    found = problems(schema, environ=environ)
    assert found
    canary.absent_from(render_text(found), repr(found))
    with pytest.raises(ConfigError) as caught:
        load(schema, environ=environ)
    canary.absent_from(caught.value)


def test_the_rest_of_the_message_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    canary = Canary()
    (only,) = problems(Quoting, environ={"T_KEY": canary.secret, "T_HOST": "db"})
    assert "the host db does not take the key **********" in render_text([only])


def test_a_validator_of_a_file_s_value_shows_the_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    canary = Canary()
    found = problems(QuotingInAList, f"key: {canary.secret}\nhost: [a, b]\n")
    assert found
    canary.absent_from(render_text(found), repr(found))


def test_a_replacement_that_a_validator_refuses_shows_the_mask() -> None:
    class Later(Base):
        host: str = ""

        @field_validator("host")
        @classmethod
        def other(cls, host: str, info: ValidationInfo) -> str:
            if host:
                raise ValueError(f"not with {info.data['key'].get()}")
            return host

    canary = Canary()
    settings = load(Later, environ={"T_KEY": canary.secret})
    with pytest.raises(ConfigError) as caught:
        replace(settings, host="other")
    canary.absent_from(caught.value)
