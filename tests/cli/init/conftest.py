"""A folder without a pyproject.toml: `init` writes one."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(name="named", autouse=True)
def _named(tmp_path: Path) -> None:
    """An empty folder."""
    (tmp_path / ".git").mkdir()  # the root of the project
