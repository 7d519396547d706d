"""The plug-in of pytest, in sessions of its own: found by its entry point, imported for little, and its fixtures."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
OPTIONS = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir=."]
FIXTURES = {"settings_override", "fresh_settings", "fake_backend", "fake_clock", "vault_server", "shared_vault_server"}

SERVICE = """
from pydantic import BaseModel
from toriconfig import Secret, lazy

class App(BaseModel):
    size: int = 1
    token: Secret[str] | None = None

settings = lazy(App, config_name="app", env_prefix="APP_")
"""


def session(folder: Path, tests: str, *arguments: str, conftest: str = "", **variables: str) -> str:
    """Run tests in a project where pytest finds the plug-in by the entry point that pyproject.toml declares."""
    points = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    metadata = folder / "site" / "declared-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: declared\nVersion: 1.0\n")
    lines = "".join(f"{name} = {module}\n" for name, module in points.items())
    (metadata / "entry_points.txt").write_text(f"[pytest11]\n{lines}")
    (folder / "service.py").write_text(SERVICE)
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_it.py").write_text(tests)
    path = [str(folder / "site"), str(folder), *sys.path]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("VAULT_", "BAO_", "APP_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, *arguments],
        cwd=folder,
        env={**environ, "PYTHONPATH": os.pathsep.join(path), **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pytest_finds_the_fixtures_by_the_entry_point(tmp_path: Path) -> None:
    shown = session(tmp_path, "def test(fake_clock): pass", "--fixtures")
    assert FIXTURES <= {line.split()[0] for line in shown.splitlines() if line[:1].isalpha()}


@pytest.mark.parametrize("variables", [{}, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}])
def test_a_conftest_that_names_the_plug_in_itself_gets_it_once(tmp_path: Path, variables: dict[str, str]) -> None:
    conftest = 'pytest_plugins = ["toriconfig.testing.plugin"]'
    assert "1 passed" in session(tmp_path, "def test(fake_clock): pass", conftest=conftest, **variables)


def test_a_session_that_uses_no_fixture_imports_no_more_than_the_plug_in(tmp_path: Path) -> None:
    tests = """
import sys
def test():
    ours = {name for name in sys.modules if name.split(".")[0] == "toriconfig"}
    assert ours == {"toriconfig", "toriconfig.testing", "toriconfig.testing.plugin"}, ours
    assert not {"pydantic", "yaml", "hvac", "requests"} & set(sys.modules)
"""
    assert "1 passed" in session(tmp_path, tests, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", conftest=CONFTEST)


CONFTEST = 'pytest_plugins = ["toriconfig.testing.plugin"]'


def test_fixtures_of_a_project_with_the_same_names_come_first(tmp_path: Path) -> None:
    conftest = "import pytest\n@pytest.fixture\ndef fake_clock():\n    return 'mine'\n"
    assert "1 passed" in session(tmp_path, "def test(fake_clock): assert fake_clock == 'mine'", conftest=conftest)


def test_each_test_with_fresh_settings_loads_its_own(tmp_path: Path) -> None:
    tests = """
import pytest
from service import settings
pytestmark = pytest.mark.usefixtures("fresh_settings")

@pytest.mark.parametrize("size", [2, 3])
def test_own(size, monkeypatch):
    assert repr(settings) == "<lazy App, not loaded>"
    monkeypatch.setenv("APP_SIZE", str(size))
    assert settings.size == size
    assert dict(settings)["size"] == size

def test_between(fresh_settings, monkeypatch):
    assert settings.size == 1
    monkeypatch.setenv("APP_SIZE", "4")
    assert settings.size == 1
    fresh_settings()
    assert settings.size == 4
"""
    assert "3 passed" in session(tmp_path, tests)


def test_without_fresh_settings_a_load_outlives_its_test(tmp_path: Path) -> None:
    tests = """
from service import settings
def test_one(monkeypatch):
    monkeypatch.setenv("APP_SIZE", "2")
    assert settings.size == 2
def test_two():
    assert settings.size == 2
"""
    assert "2 passed" in session(tmp_path, tests)


def test_callbacks_and_watches_of_a_test_end_with_it_and_those_of_modules_stay(tmp_path: Path) -> None:
    tests = """
import pytest
from toriconfig import on_change, reload, watch
from service import settings
heard = []
on_change(settings, "", lambda change: heard.append(("module", change.new)))
watchers = []

@pytest.mark.parametrize("size", [2, 3])
def test_callbacks(size, fresh_settings, monkeypatch):
    on_change(settings, "", lambda change: heard.append(("test", change.new)))
    monkeypatch.setenv("APP_SIZE", str(size))
    reload(settings)
    monkeypatch.setenv("APP_SIZE", str(size * 10))
    reload(settings)
    assert heard == [("module", size * 10), ("test", size * 10)]
    heard.clear()
    watchers.append(watch(settings))

def test_watches():
    assert [one.running for one in watchers] == [False, False]
"""
    assert "3 passed" in session(tmp_path, tests)


def test_an_override_ends_with_its_test_though_the_test_fails(tmp_path: Path) -> None:
    tests = """
import pytest
from service import settings

@pytest.mark.xfail(strict=True, reason="it fails on purpose, with an override in place")
def test_fails(settings_override):
    assert settings_override(settings, {"size": 7}).size == settings.size == 7
    settings_override(settings, size=8)
    assert settings.size == 1

def test_after():
    assert settings.size == 1
    assert not settings._state.overrides

def test_wrong(settings_override):
    with pytest.raises(TypeError, match="lazy settings object"):
        settings_override(object(), size=1)
    with pytest.raises(ValueError, match="unknown key"):
        settings_override(settings, siez=1)
"""
    assert "2 passed, 1 xfailed" in session(tmp_path, tests)


def test_warnings_are_given_in_each_test_with_fresh_settings(tmp_path: Path) -> None:
    tests = """
import pytest
from service import settings

def test_before(monkeypatch):
    monkeypatch.setenv("APP_SIEZ", "1")
    assert settings.size == 1

@pytest.mark.parametrize("number", [1, 2])
def test(number, fresh_settings, caplog, monkeypatch):
    monkeypatch.setenv("APP_SIEZ", "1")
    assert settings.size == 1
    assert "APP_SIEZ" in caplog.text
"""
    assert "3 passed" in session(tmp_path, tests)


def test_a_value_in_vault_is_read_again_by_the_next_test(tmp_path: Path) -> None:
    tests = """
import pytest
from toriconfig import Secret, lazy
from pydantic import BaseModel

class App(BaseModel):
    token: Secret[str]

settings = lazy(App, vault_path="secret/app")

@pytest.mark.parametrize("token", ["one", "two"])
def test(token, fresh_settings, shared_vault_server, monkeypatch):
    for name, value in shared_vault_server.environ.items():
        monkeypatch.setenv(name, value)
    shared_vault_server.put("secret/app", {"token": token})
    assert settings.token.get() == token
"""
    assert "2 passed" in session(tmp_path, tests)


def test_the_tests_of_the_guide_pass_in_the_opposite_order_too() -> None:
    """`tests/pages` runs them in their own order."""
    guide = CHECKOUT / "examples" / "testing"
    names = [
        f"{file}::{line.split('(')[0][4:]}"
        for file in ("test_values.py", "test_secrets.py")
        for line in (guide / file).read_text().splitlines()
        if line[:8] == "def test"
    ]
    assert len(names) > 6
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, *names[::-1]],
        cwd=guide,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert f"{len(names)} passed" in done.stdout, done.stdout + done.stderr
