"""A settings class with secrets of every shape, for the sweep for secrets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from toriconfig import Secret, SettingsConfigDict


class Creds(BaseModel):
    account: str
    phrase: str


class Plain(BaseModel):
    kind: Literal["a"] = "a"
    value: str = ""


class Hidden(BaseModel):
    kind: Literal["b"] = "b"
    value: Secret[str]


def _refused(value: str) -> str:
    if value:
        raise ValueError(f"title {value} is bad")
    return value


class Swept(BaseModel):
    model_config = SettingsConfigDict(config_name="swept", env_prefix="SWEPT_")

    peers: list[Secret[str]] = []
    codes: list[SecretStr] = []
    nets: dict[str, Secret[str]] = {}
    badge: SecretStr | None = Field(None, min_length=80)
    pair: tuple[str, Secret[str]] | None = None
    creds: Secret[Creds] | None = None
    way: Plain | Hidden | None = None
    title: Annotated[str, AfterValidator(_refused)] = ""
    count: int = 1
