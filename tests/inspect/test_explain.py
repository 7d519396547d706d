"""Explanations of a path without a key, and of a secret that a backend and a variable set."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from support.memory_backend import App, Memory
from toriconfig import explain, load
from toriconfig._inspect.explain import explain_in
from toriconfig._load.attempt import try_load
from toriconfig._load.snapshot import Recipe


class Pool(BaseModel):
    size: int = 1


class Schema(BaseModel):
    pool: Pool | None = None


def test_a_key_below_a_section_that_is_none_is_an_error_with_the_reason() -> None:
    with pytest.raises(KeyError, match=r"no key `pool\.size`: `pool` is None"):
        explain(load(Schema), "pool.size")
    assert "1" == explain(load(Schema, overrides={"pool": {}}), "pool.size").value


class Unconfigured(Memory):
    def unconfigured(self) -> tuple[str, str] | None:
        return "it is switched off", "switch it on"


@pytest.mark.parametrize(
    ("memory", "marked"),
    [(Memory({}), "memory:db#password"), (Unconfigured({}), "APP_TOKEN")],
    ids=["usable", "unusable"],
)
def test_without_a_request_a_backend_is_marked_if_it_can_be_used(memory: Memory, marked: str, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\n")
    options = {"config_files": [tmp_path / "app.yaml"], "backends": [memory], "env_prefix": "APP_"}
    loaded = try_load(Recipe(App, options, environ={"APP_TOKEN": "of a variable"}).unasked()).loaded
    assert loaded is not None
    assert (str(explain_in(loaded, "token").origin), memory.fetches) == (marked, [])
