"""A service with settings of its module, as programs have them."""

from __future__ import annotations

from pydantic import BaseModel

from toriconfig import Change, Secret, SettingsConfigDict, lazy, on_change


class App(BaseModel):
    """Settings of the service."""

    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", vault_path="secret/app")

    greeting: str = "hello"
    token: Secret[str]


settings = lazy(App)
rotated: list[str] = []


def greet(name: str) -> str:
    """Return a greeting, with the length of the token as a proof that it was read."""
    return f"{settings.greeting} {name} ({len(settings.token.get())})"


def note(change: Change) -> None:
    """Note that a secret was rotated."""
    rotated.append(change.path)


def start() -> None:
    """Begin to note rotations."""
    on_change(settings, "token", note)
