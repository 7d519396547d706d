"""The promises of the README, and of the map of the package for contributors."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "toriconfig"
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (ROOT / "examples" / "house" / "README.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (ROOT / "examples" / "command_line" / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert 250 >= len(README.splitlines())


def test_the_readme_names_both_commands() -> None:
    assert "./examples/demo" in README
    assert "./tests/run" in README


def test_the_table_of_the_readme_has_every_extra_for_users() -> None:
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


def test_every_test_that_a_table_of_a_guide_names_is_there() -> None:
    missing = []
    for page in sorted((ROOT / "examples").glob("*/*.md")):
        for heading, rows in re.findall(
            r"^\| .* \| (?:tests in|test)(.*?)\|\n\|[-|]+\n((?:\|.*\n)+)",
            page.read_text(encoding="utf-8"),
            re.MULTILINE,
        ):
            folder = re.search(r"`tests/(\w+)/`", heading)
            for name in re.findall(r"`((?:\w+/)*test_\w+\.py)", rows):
                file = ROOT / "tests" / (folder[1] if folder else "") / name
                missing += [] if file.exists() else [f"{page.parent.name}/{page.name}: {name}"]
    assert [] == missing


def test_the_floors_of_the_map_are_those_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    declared = [re.findall(r"\w+", layer) for layer in layers]
    floors = MAP.partition("```text\n")[2].partition("```")[0]
    assert declared == [re.findall(r"\w+", re.split("  +", line)[0]) for line in floors.splitlines()]


def test_every_table_and_file_that_the_map_names_for_an_addition_exists() -> None:
    section = MAP.partition("\n## Where the next piece goes\n")[2].partition("\n## ")[0]
    tables = re.findall(r"(?:table|class) `(\w+)`[^|]*? of `([\w/]+\.py)`", section)
    assert 8 == len(tables)
    for name, file in tables:
        source = (PACKAGE / file).read_text(encoding="utf-8")
        assert re.search(rf"^(class )?{name}\b", source, re.MULTILINE), f"{name} of {file}"
    files = set(re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", section))
    assert {"_schema/options.py", "vault/logins.py", "tests/cli/test_canary_sweep.py"} <= files
    assert [] == sorted(file for file in files if not any((top / file).exists() for top in (PACKAGE, ROOT)))


def test_the_map_has_the_number_of_modules_that_a_load_imports() -> None:
    number = re.search(r"imports (\d+)\s+modules of ours", MAP)
    assert number is not None
    budget = (ROOT / "tests" / "test_import_budget.py").read_text(encoding="utf-8")
    assert f"at_most_{number[1]}_modules_of_ours" in budget
