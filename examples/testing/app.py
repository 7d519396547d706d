# app.py
from threading import Event

from pydantic import BaseModel

from toriconfig import Secret, lazy, on_change


class App(BaseModel):
    greeting: str = "hello"
    api_key: Secret[str]


settings = lazy(App, config_name="app", env_prefix="APP_")
changed = Event()


def greet(name: str) -> str:
    """Use a setting and a secret."""
    return f"{settings.greeting} {name}, with a key of {len(settings.api_key.get())} characters"


def start() -> None:
    """Follow the secret."""
    on_change(settings, "api_key", lambda _: changed.set())
