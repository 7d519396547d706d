"""Many findings: all are counted, some are written, and neither memory nor output grows without bound."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Toriconfig, clean_environ

APP = (
    "from pydantic import BaseModel\nfrom toriconfig import SettingsConfigDict\n"
    "class Section(BaseModel):\n    size: int = 1\n"
    "class App(BaseModel):\n"
    "    model_config = SettingsConfigDict(config_name='app', env_prefix='APP_')\n"
    "    items: list[int] = []\n    host: str = ''\n"
    "    sections: dict[str, Section] = {}\n    rows: list[Section] = []\n"
)
COUNT = 30
FILE = "host: no\n" + "".join(f"key{at}: 1\n" for at in range(COUNT))


@pytest.fixture(name="check")
def _check(toriconfig: Toriconfig, tmp_path: Path) -> Callable[..., str]:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(FILE)

    def check(*more: str) -> str:
        result = toriconfig("check", "app.yaml", "--settings", "app:App", *more)
        assert result.code == 1
        return result.out

    return check


def test_text_writes_the_requested_number_of_findings_and_counts_all(check: Callable[..., str]) -> None:
    out = check("--max-findings", "3")
    assert out.count("error[TC101]") == 3
    assert out.endswith(f"{COUNT} errors, 1 note in App; 3 of them are shown\n")


def test_zero_writes_all_findings(check: Callable[..., str]) -> None:
    out = check("--max-findings", "0")
    assert out.count("error[TC101]") == COUNT
    assert out.endswith(f"{COUNT} errors, 1 note in App\n")


def test_errors_are_written_before_notes_at_earlier_positions(check: Callable[..., str]) -> None:
    assert "TC201" in check()
    assert "TC201" not in check("--max-findings", "3")


def test_written_nodes_have_their_lines(check: Callable[..., str]) -> None:
    assert check("--max-findings", "3").count("^^^^ not a key") == 3


def test_concise_counts_the_rest_on_a_last_line(check: Callable[..., str]) -> None:
    lines = check("--max-findings", "3", "-o", "concise").splitlines()
    assert len(lines) == 4
    assert lines[-1] == f"-: {COUNT} errors, 1 note; 3 of them are shown"


def test_json_counts_all_and_the_omitted_ones(check: Callable[..., str]) -> None:
    found = json.loads(check("--max-findings", "3", "-o", "json"))
    assert (len(found["diagnostics"]), found["error_count"], found["omitted_count"]) == (3, COUNT, COUNT - 2)


def test_github_counts_the_rest_in_a_notice(check: Callable[..., str]) -> None:
    lines = check("--max-findings", "3", "-o", "github").splitlines()
    assert len(lines) == 4
    assert lines[-1] == f"::notice title=toriconfig::{COUNT} errors, 1 note; 3 of them are shown"


def test_sarif_counts_the_rest_in_a_notification(check: Callable[..., str]) -> None:
    (run,) = json.loads(check("--max-findings", "3", "-o", "sarif"))["runs"]
    assert len(run["results"]) == 3
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == f"{COUNT} errors, 1 note; 3 of them are shown"


def test_the_exit_code_is_that_of_all_findings(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(FILE)
    (tmp_path / "bad.yaml").write_bytes(b"\xff")
    both = toriconfig("check", "app.yaml", "missing.yaml", "--settings", "app:App", "--max-findings", "1")
    assert both.code == 2


def test_the_text_of_an_error_shows_a_thousand_problems_and_counts_all() -> None:
    from toriconfig._core.problem import Problem
    from toriconfig.errors import ConfigError

    error = ConfigError([Problem("TC101", f"key{at}") for at in range(1500)], schema="App")
    assert len(error.problems) == 1500
    assert str(error).count("error[TC101]") == 1000
    assert str(error).endswith("1500 errors in App; 1000 of them are shown")


PEAK = """
import atexit, re, sys
def peak():  # since this program began: the peak of `resource` includes that of the process it was forked from
    with open("/proc/self/status") as status:
        sys.stderr.write(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1])
atexit.register(peak)
from toriconfig.cli import main
main()
"""

LARGE: dict[str, tuple[Callable[[], str], int]] = {
    "100,000 unknown keys": (lambda: "".join(f"key{at}: 1\n" for at in range(100_000)), 100_000),
    "100,000 wrong items": (lambda: "items:\n" + "".join(f"  - a{at}\n" for at in range(100_000)), 100_000),
    "100,000 wrong items on one line": (lambda: f"items: [{', '.join(['a'] * 100_000)}]\n", 100_000),
    "100,000 sections with a wrong value": (
        lambda: "sections:\n" + "".join(f"  s{at}: {{size: x}}\n" for at in range(100_000)),
        100_000,
    ),
    "100,000 sections with an unknown key": (
        lambda: "sections:\n" + "".join(f"  s{at}: {{sise: 1}}\n" for at in range(100_000)),
        100_000,
    ),
    "a list of 100,000 sections with a wrong value": (lambda: "rows:\n" + "  - {size: x}\n" * 100_000, 100_000),
    "16 MB refused at line 101": (
        lambda: "".join(f"key{at}: 1\n" for at in range(100)) + "- x\n" + "name: some value or other\n" * 620_000,
        101,
    ),
    "more than 16 MB": (lambda: "host: " + "x" * (16 << 20), 1),
}


@pytest.mark.parametrize("large", LARGE)
def test_a_large_wrong_file_takes_less_than_300_mb(large: str, tmp_path: Path) -> None:
    text, count = LARGE[large]
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(text())
    command = [sys.executable, "-c", PEAK, "check", "app.yaml", "--settings", "app:App", "-o", "json"]
    with open(tmp_path / "out", "wb") as out:
        done = subprocess.run(
            command, cwd=tmp_path, env=clean_environ(), stdout=out, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode in (1, 2)
    assert count == json.loads((tmp_path / "out").read_text())["error_count"]
    assert int(done.stderr) < 300 * 1024
