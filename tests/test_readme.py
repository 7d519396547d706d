"""What the README promises about the project: its extras, both commands, and its length."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from toriconfig._core.problem import CODES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (ROOT / "examples" / "command_line" / "README.md").read_text(encoding="utf-8")


def test_it_is_read_in_a_few_minutes() -> None:
    assert 250 >= len(README.splitlines())


def test_it_names_both_commands() -> None:
    assert "./examples/demo" in README
    assert "./tests/run" in README


def test_its_table_has_every_extra_for_users() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = README.partition("| extra |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([\w-]+)`", row.split("|")[1])}
    assert set(project["optional-dependencies"]) - {"demo", "test", "bench"} == named


def test_the_page_of_commands_has_every_command_and_exit_code() -> None:
    from toriconfig.cli import COMMANDS
    from toriconfig.cli._exit import Exit

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", COMMANDS_PAGE, re.MULTILINE)} == {
        int(code) for code in Exit
    }
    for name in COMMANDS:
        assert f"`{name}" in COMMANDS_PAGE, name


def test_the_page_of_commands_has_every_code_with_its_meaning() -> None:
    assert dict(re.findall(r"^\| (TC\d+) \| (.*) \|$", COMMANDS_PAGE, re.MULTILINE)) == CODES


def test_every_test_that_a_table_of_a_guide_names_is_there() -> None:
    missing = []
    for page in sorted((ROOT / "examples").glob("*/README.md")):
        for heading, rows in re.findall(
            r"^\| .* \| (?:tests in|test)(.*?)\|\n\|[-|]+\n((?:\|.*\n)+)",
            page.read_text(encoding="utf-8"),
            re.MULTILINE,
        ):
            folder = re.search(r"`tests/(\w+)/`", heading)
            for name in re.findall(r"`((?:\w+/)*test_\w+\.py)", rows):
                file = ROOT / "tests" / (folder[1] if folder else "") / name
                missing += [] if file.exists() else [f"{page.parent.name}: {name}"]
    assert [] == missing
