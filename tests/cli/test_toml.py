"""The commands on TOML files."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig

SCHEMA = "from pydantic import BaseModel\n\n\nclass Pool(BaseModel):\n    max_size: int = 1\n\n\nclass App(BaseModel):\n    pool: Pool = Pool()\n"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(SCHEMA)


def test_check_finds_and_fixes_a_typo(toriconfig: Toriconfig) -> None:
    Path("app.toml").write_text("[pool]\nmax_szie = 3  # a comment\n")
    found = toriconfig("check", "app.toml", "--settings", "app:App")
    assert 1 == found.code
    assert "app.toml:2:1" in found.out
    assert "did you mean `max_size`?" in found.out
    assert 0 == toriconfig("check", "app.toml", "--fix", "--settings", "app:App").code
    assert "[pool]\nmax_size = 3  # a comment\n" == Path("app.toml").read_text()


def test_a_folder_is_checked_without_its_pyproject(toriconfig: Toriconfig) -> None:
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n")
    Path("app.toml").write_text("pool.max_size = 3\n")
    assert 0 == toriconfig("check", ".", "--settings", "app:App").code


def test_standard_input_is_read_in_the_format_of_its_name(toriconfig: Toriconfig) -> None:
    checked = ("check", "-", "--settings", "app:App")
    assert 0 == toriconfig(*checked, "--stdin-filename", "app.toml", stdin="pool.max_size = 3\n").code
    assert 1 == toriconfig(*checked, "--stdin-filename", "app.yaml", stdin="pool.max_size = 3\n").code


def test_diff_takes_a_toml_file_on_one_side(toriconfig: Toriconfig) -> None:
    Path("a.toml").write_text("pool.max_size = 3\n")
    Path("b.yaml").write_text("pool: {max_size: 4}\n")
    shown = toriconfig("diff", "a.toml", "b.yaml", "--settings", "app:App")
    assert 1 == shown.code
    assert "max_size" in shown.out


def test_explain_names_line_and_column(toriconfig: Toriconfig) -> None:
    Path("app.py").write_text(
        SCHEMA.replace("    pool: Pool", "    model_config = {'config_name': 'app'}\n    pool: Pool")
    )
    Path("app.toml").write_text("[pool]\nmax_size = 3\n")
    assert "app.toml:2:12" in toriconfig("explain", "pool.max_size", "--settings", "app:App").out
