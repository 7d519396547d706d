"""Secrets in the defaults of a schema: in lists, mappings and tuples each is a handle; models there are not changed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from toriconfig import Secret, load


class Containers(BaseModel):
    mapping: dict[str, Secret[str]] = {"x": "s3cr3t"}  # type: ignore[dict-item]
    sequence: list[Secret[str]] = ["s3cr3t"]  # type: ignore[list-item]
    pair: tuple[Secret[str], ...] = ("s3cr3t",)  # type: ignore[assignment]
    empty: dict[str, Secret[str]] = {}


def test_the_secrets_of_default_containers_are_handles_too() -> None:
    settings = load(Containers)
    assert "s3cr3t" not in repr(settings)
    secrets = [settings.mapping["x"], settings.sequence[0], settings.pair[0]]
    assert ["s3cr3t"] * 3 == [secret.get() for secret in secrets]


def test_an_empty_default_container_is_left_to_pydantic() -> None:
    assert "empty" not in load(Containers).model_fields_set


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: Secret[str] | None = None


class Wider(Strict):
    size: int = 1


class Subclasses(BaseModel):
    one: Strict = Wider(size=2)
    several: list[Strict] = [Wider(size=2)]


def test_subclasses_are_allowed_as_defaults() -> None:
    settings = load(Subclasses)
    assert Strict() == settings.one
    assert [Wider(size=2)] == settings.several
