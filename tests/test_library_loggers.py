"""The library's own loggers are silent until the application configures logging, and never change the root."""

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
def test_a_warning_is_shown_if_logging_is_configured(configure: str, root_handlers: int, lines: int) -> None:
    code = CODE.format(configure=configure, root_handlers=root_handlers)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("WARNING:toriconfig:") == lines


def test_without_a_handler_logging_is_not_imported_for_a_warning() -> None:
    code = CODE.format(configure="", root_handlers=0).replace("import logging\n", "").partition("assert")[0]
    code += "import sys\nassert 'logging' not in sys.modules"
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"], check=False)
    assert done.returncode == 0


def test_a_warning_without_a_handler_is_given_by_a_later_reload_with_one() -> None:
    code = CODE.format(configure="", root_handlers=0).replace("import logging\n", "").partition("assert")[0]
    code = code.replace("lazy(S", "settings = lazy(S").replace(".token", "\nsettings.token")
    code += "import logging\nlogging.basicConfig()\nfrom toriconfig import reload\nreload(settings)\nreload(settings)"
    path = f"import sys; sys.path[:0] = {sys.path!r}\n"
    done = subprocess.run([sys.executable, "-S", "-c", path + code], capture_output=True, text=True, check=False)
    assert done.stderr.count("WARNING:toriconfig:") == 1, done.stderr
