"""The core installs eight packages, and imports nothing that an extra adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.import_probe import probe
from support.installed import CORE, dependencies, modules_of_extras
from toriconfig.testing import VaultServer

READ = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, health, lazy, on_change, prefetch, refresh, reload, shutdown
class App(BaseModel):
    size: int = 1
    key: Annotated[Secret[str], Ref("secret/core#key")]
settings = lazy(App, config_name="app", env_prefix="APP_")
assert settings.size == 500
"""
PROGRAMS = {
    "a load": "",
    "a read of Vault": "assert settings.key.get() == 'k'",
    "a whole life": "prefetch(settings, bar=True); on_change(settings, '', print); reload(settings); refresh(settings); "
    "assert health(settings).ok; shutdown()",
    "a login by a function": "from toriconfig import Vault\nfrom toriconfig.vault import Login, client\n"
    "import os\ntoken = os.environ.pop('VAULT_TOKEN')\n"
    "settings = lazy(App, vault=Vault(auth=Login(lambda client: setattr(client, 'token', token))))\n"
    "assert settings.key.get() == 'k'",
}
COMMANDS = [
    ("check", "app.yaml", "--settings", "app:App"),
    ("check", "--online", "--settings", "app:App"),
    ("show", "--html", "-", "--settings", "app:App"),
    ("doctor", "--settings", "app:App"),
    ("rotate", "--due", "--max-age", "0s", "--settings", "app:App"),
    ("rotate", "--status", "--settings", "app:App"),
    ("init", "--dry-run", "--name", "other", "--module", "other"),
]


@pytest.fixture(name="environ")
def _environ(tmp_path: Path, shared_vault_server: VaultServer) -> dict[str, str]:
    shared_vault_server.put("secret/core", {"key": "k"})
    (tmp_path / "app.yaml").write_text("size: 500\n")
    return dict(shared_vault_server.environ)


def imported(program: str, folder: Path, environ: dict[str, str]) -> dict[str, str]:
    """Return the modules of extras that the program imports."""
    modules = {name.partition(".")[0] for name in probe(program, folder, **environ)[0]}
    return {module: package for module, package in modules_of_extras().items() if module in modules}


def test_the_core_depends_on_eight_packages() -> None:
    assert CORE == dependencies()


def test_the_modules_of_extras_are_known() -> None:
    known = {
        "boto3",
        "botocore",
        "httpx",
        "opentelemetry",
        "prometheus_client",
        "psycopg",
        "redis",
        "tqdm",
        "watchfiles",
    }
    assert known <= set(modules_of_extras())
    assert {"pydantic", "requests", "urllib3", "yaml"}.isdisjoint(modules_of_extras())


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_imports_no_module_of_an_extra(program: str, tmp_path: Path, environ: dict[str, str]) -> None:
    assert {} == imported(READ + PROGRAMS[program], tmp_path, environ)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_imports_no_module_of_an_extra(
    command: tuple[str, ...], tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "app.py").write_text(READ.partition("settings =")[0])
    program = f"import contextlib, io\nfrom toriconfig.cli import main\nsys.argv = ['toriconfig', *{command!r}]\n"
    program += "code, out = None, io.StringIO()\nwith contextlib.redirect_stdout(out):\n    try:\n        main()\n"
    program += "    except SystemExit as error:\n        code = error.code\nassert code == 0, (code, out.getvalue())"
    assert {} == imported(program, tmp_path, environ)


def test_the_import_of_an_extra_is_seen(tmp_path: Path, environ: dict[str, str]) -> None:
    assert {"tqdm": "tqdm"} == imported(f"{READ}import tqdm", tmp_path, environ)
