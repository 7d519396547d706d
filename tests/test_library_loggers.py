"""The library's own loggers say nothing until the application configures logging, and never touch the root."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import logging
{configure}
from pydantic import BaseModel
from toriconfig import Secret, SettingsConfigDict, lazy
class S(BaseModel):
    model_config = SettingsConfigDict(vault_path="secret/x", env_prefix="NOWHERE_")
    token: Secret[str]
lazy(S, environ={{}}).token
assert len(logging.getLogger().handlers) == {root_handlers}
assert logging.getLogger("toriconfig").propagate
"""


@pytest.mark.parametrize(("configure", "root_handlers", "lines"), [("", 0, 0), ("logging.basicConfig()", 1, 1)])
def test_a_warning_is_shown_where_logging_is_configured(configure: str, root_handlers: int, lines: int) -> None:
    code = CODE.format(configure=configure, root_handlers=root_handlers)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("WARNING:toriconfig:") == lines
