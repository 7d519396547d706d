"""A command of another package: declared by an entry point, run as `toriconfig NAME`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toriconfig.testing import Canary

GREET = """
import click

@click.command()
@click.option("--name", default="you")
def greet(name: str) -> int:
    "Greet somebody."
    click.echo(f"hello {name}")
    return 1 if name == "nobody" else 0
"""


def install(folder: Path, distribution: str, module: str, points: dict[str, str], source: str) -> None:
    """Install a distribution of one module, as pip leaves it."""
    metadata = folder / f"{distribution}-1.2.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (metadata / "entry_points.txt").write_text(f"[toriconfig.commands]\n{lines}")
    (folder / f"{module}.py").write_text(source)


def run(folder: Path, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "toriconfig.cli", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]), **environ},
        cwd=folder.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "installed"
    install(folder, "greeting", "greeting", {"greet": "greeting:greet"}, GREET)
    return folder


def test_an_installed_command_runs_with_its_options_and_its_exit_code(folder: Path) -> None:
    assert (0, "hello Ada\n", "") == run(folder, "greet", "--name", "Ada")
    assert 1 == run(folder, "greet", "--name", "nobody")[0]
    assert "Greet somebody." in run(folder, "greet", "--help")[1]


def test_the_help_lists_an_installed_command_with_its_package(folder: Path) -> None:
    code, out, _ = run(folder, "--help")
    assert 0 == code
    assert ["greet", "greeting", "1.2"] in [line.split() for line in out.splitlines()]


def test_a_misspelt_installed_command_is_suggested(folder: Path) -> None:
    code, _, err = run(folder, "gret")
    assert (2, True) == (code, "no such command `gret`; did you mean `greet`?" in err)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("check", "--help"), ("completion", "bash")])
def test_an_installed_command_is_imported_for_no_other(folder: Path, arguments: tuple[str, ...]) -> None:
    trace = folder / "imported"
    text = f"open({str(trace)!r}, 'w').close()\n"
    install(folder, "tracing", "tracing", {"trace": "tracing:trace"}, text)
    assert 0 == run(folder, *arguments)[0]
    assert not trace.exists()
    assert 2 == run(folder, "trace")[0]
    assert trace.exists()


BROKEN = {
    "raise RuntimeError('{c}')": "RuntimeError",
    "import a_module_that_is_not_there": "No module named 'a_module_that_is_not_there'",
    "x = 1": "has no attribute 'broken'",
    "broken = 5": "is no click command but int",
    "raise SystemExit('{c}')": "SystemExit",
}


@pytest.mark.parametrize("source", BROKEN)
def test_a_broken_command_is_named_with_its_remedy_and_breaks_no_other(folder: Path, source: str) -> None:
    canary = Canary()
    install(folder, "breaking", "breaking", {"broken": "breaking:broken"}, source.format(c=canary.secret))
    code, out, err = run(folder, "broken")
    assert (2, "") == (code, out)
    told = " ".join(err.split())
    assert "the command `broken` of breaking 1.2 cannot be loaded" in told
    assert BROKEN[source] in told
    assert "update or uninstall breaking" in told
    canary.absent_from(out, err)
    assert (0, "hello you\n", "") == run(folder, "greet")
    assert 0 == run(folder, "--help")[0]


def test_an_installed_command_does_not_replace_a_command_of_ours(folder: Path) -> None:
    install(folder, "taking", "taking", {"check": "taking:check", "validate": "taking:check"}, "raise SystemExit(9)")
    for name in ("check", "validate"):
        code, out, _ = run(folder, name, "--help")
        assert (0, True) == (code, "--online" in out)
    assert "taking" not in run(folder, "--help")[1]


def test_a_command_that_two_packages_declare_is_refused_by_name(folder: Path) -> None:
    install(folder, "rival", "rival", {"greet": "rival:greet"}, GREET)
    code, _, err = run(folder, "greet")
    assert 2 == code
    assert "greeting 1.2" in err
    assert "rival 1.2" in err


def test_an_error_of_an_installed_command_shows_no_value(folder: Path) -> None:
    canary = Canary()
    source = "import click, os\n@click.command()\ndef fails():\n    raise ValueError(os.environ['WORTH'])\n"
    install(folder, "failing", "failing", {"fails": "failing:fails"}, source)
    code, out, err = run(folder, "fails", WORTH=canary.secret)
    assert (2, True) == (code, "ValueError" in err)
    canary.absent_from(out, err)
