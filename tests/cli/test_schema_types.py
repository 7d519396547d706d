"""`toriconfig schema` of a class with types that JSON does not have."""

from __future__ import annotations

from pathlib import Path

from support.command import Toriconfig

SCHEMA = """
from typing import Callable
from pydantic import BaseModel
class App(BaseModel):
    call: Callable[[int], int] | None = None
    built_in: Callable = print
    limit: float = float("inf")
"""


def test_the_fields_are_named_and_the_schema_is_written(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SCHEMA)
    done = toriconfig("schema", "--settings", "app:App")
    assert done.code == 0
    assert "`call` (Callable), `built_in` (Callable)" in done.err
    assert "Warning" not in done.err
    assert "Infinity" not in (tmp_path / "schemas/app.schema.json").read_text()
    assert toriconfig("schema", "--check", "--settings", "app:App").code == 0


def test_an_undefined_annotation_is_a_finding_and_no_schema_is_written(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text('from pydantic import BaseModel\nclass App(BaseModel):\n    x: "Nowhere" = None\n')
    done = toriconfig("schema", "--settings", "app:App", "--output", "-")
    assert (1, "") == (done.code, done.out)
    assert "you should define `Nowhere`" in done.err
    assert "TYPE_CHECKING" in done.err
    assert "a bug of" not in done.err
