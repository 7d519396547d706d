"""Options that checkers must take, and misspelt ones that they must refuse; read by mypy --strict and pyright, never run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from pydantic import BaseModel

from toriconfig import Vault, lazy, load


class App(BaseModel):
    port: int = 1


assert_type(load(App, config_name="app", config_dir=Path(), required=True, local=False, case_sensitive=True), App)
assert_type(lazy(App, overrides={"port": 2}, environ={}, vault=Vault(), offline=True, unknown_keys="warn"), App)

load(App, config_nam="app")  # type: ignore[call-arg]
lazy(App, config_nam="app")  # type: ignore[call-overload]
lazy("app:App", config_nam="app")  # type: ignore[call-overload]
load(App, unknown_keys="allow")  # type: ignore[arg-type]
