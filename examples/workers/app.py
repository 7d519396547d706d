# app.py
import os
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from toriconfig import Secret, lazy


class App(BaseModel):
    api_key: Secret[str]


settings = lazy(App, config_name="app")


def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the number of the process and the length of its key."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {len(settings.api_key.get())}".encode()]
