"""The table beside other libraries shows what the libraries do: each cell is run and compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from comparison.case import LOSING, ROWS
from comparison.run import LIBRARIES
from support.pages import ROOT

PAGE = (ROOT / "examples" / "comparison" / "README.md").read_text(encoding="utf-8")
SPRING = "Spring Cloud Vault"
CELLS = {"yes", "partly", "no"}


def table(page: str) -> dict[str, dict[str, str]]:
    """Return the rows of the table that has a column `toriconfig`, by title and library."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|"]
    head = next(line for line in lines if "toriconfig" in line and not line[0])
    rows = [line for line in lines if len(line) == len(head) and line[0] in ROWS.values()]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


SHORT = ("toriconfig", "pydantic-settings")
"""Libraries whose cells the default run compares; `./tests/run comparison` compares all of them."""


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "library",
    [pytest.param(one, marks=[] if one in SHORT else [pytest.mark.comparison]) for one in LIBRARIES],
)
def test_every_cell_is_what_the_library_does(library: str) -> None:
    if library == "dature" and sys.version_info < (3, 12):
        pytest.skip("dature needs Python 3.12")
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("VAULT_", "BAO_", "APP_"))}
    command = [sys.executable, str(ROOT / "tests" / "comparison" / "run.py"), library]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    printed = dict(re.findall(r"^(\w+): (yes|partly|no)$", done.stdout, re.MULTILINE))
    said = {row: table(PAGE)[title][library] for row, title in ROWS.items()}
    assert said == printed, done.stderr


def test_the_table_has_every_row_and_every_library() -> None:
    rows = table(PAGE)
    assert list(rows) == list(ROWS.values())
    assert all(list(row) == [*LIBRARIES, SPRING] for row in rows.values())


def test_no_cell_of_the_library_that_is_not_run_looks_like_a_run_one() -> None:
    assert {row[SPRING].removesuffix("\\*") for row in table(PAGE).values()} <= CELLS | {"–"}
    assert all(row[SPRING].endswith("\\*") or row[SPRING] == "–" for row in table(PAGE).values())


def test_the_table_has_rows_in_which_toriconfig_is_not_the_best() -> None:
    rows = table(PAGE)
    order = ("no", "partly", "yes")
    for row in LOSING:
        cells = rows[ROWS[row]]
        assert any(order.index(cells[other]) > order.index(cells["toriconfig"]) for other in LIBRARIES), row


def test_each_row_of_the_readme_is_a_row_of_the_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Beside other libraries\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "toriconfig" not in line]
    assert [] == [line for line in lines if line not in PAGE.splitlines()]
