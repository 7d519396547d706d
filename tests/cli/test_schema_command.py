"""`toriconfig schema`: the contract as a file, checked for drift; and an example of the environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Toriconfig

APP = "from pydantic import BaseModel\nclass AppSettings(BaseModel):\n    size: int = 1\n"


def test_the_schema_is_written_where_editors_look_and_found_up_to_date(toriconfig: Toriconfig, tmp_path: Path) -> None:
    result = toriconfig("schema")
    assert (0, "", "wrote schemas/tori.schema.json\n") == result
    assert json.loads((tmp_path / "schemas/tori.schema.json").read_text())["title"] == "ToriSettings"
    assert toriconfig("schema", "--check") == (0, "", "")


def test_drift_is_a_finding_that_names_the_command(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    assert toriconfig("schema", "--settings", "app:AppSettings").code == 0
    file = tmp_path / "schemas" / "app.schema.json"
    file.write_text(file.read_text().replace('"size"', '"sise"'))
    result = toriconfig("schema", "--check", "--settings", "app:AppSettings")
    assert result.code == 1
    assert result.out == (
        "schemas/app.schema.json is out of date for AppSettings: run `toriconfig schema --settings app:AppSettings`\n"
    )
    assert "sise" in file.read_text(), "--check writes nothing"


def test_a_missing_schema_counts_as_drift(toriconfig: Toriconfig, tmp_path: Path) -> None:
    assert toriconfig("schema", "--check").code == 1
    assert not (tmp_path / "schemas").exists()


def test_the_schema_can_be_written_elsewhere(toriconfig: Toriconfig, tmp_path: Path) -> None:
    assert toriconfig("schema", "-O", "deep/er/x.json").code == 0
    assert (tmp_path / "deep/er/x.json").read_text() == toriconfig("schema", "-O", "-").out
    assert toriconfig("schema", "--check", "-O", "deep/er/x.json").code == 0


def test_a_file_that_cannot_be_written_is_reported(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file")
    result = toriconfig("schema")
    assert result.code == 2
    assert "schemas" in result.err


def test_the_example_environment_is_read_by_a_load(toriconfig: Toriconfig, tmp_path: Path) -> None:
    assert toriconfig("schema", "--env-example") == (0, "", "wrote .env.example\n")
    text = (tmp_path / ".env.example").read_text()
    assert "#TORI_CHUNKING__SIZE=800\n" in text
    assert "# Characters per chunk, 50 to 100,000.\n" in text
    assert "#TORI_API_KEY=\n" in text
    assert toriconfig("schema", "--env-example", "--check").code == 0
    plain = [line for line in text.splitlines() if line.startswith("#TORI_") and not line.endswith("=")]
    (tmp_path / ".env").write_text("\n".join(line.removeprefix("#") for line in plain))
    defaults = toriconfig("show", "-f", "json").out
    result = toriconfig("show", "-f", "json", "--env-file", ".env")
    assert result.code == 0, result.out
    assert json.loads(defaults) == json.loads(result.out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str, toriconfig: Toriconfig) -> None:
    result = toriconfig("completion", shell)
    assert result.code == 0
    assert "_TORICONFIG_COMPLETE" in result.out


def test_completion_answers_the_queries_of_the_script(tmp_path: Path) -> None:
    from support.command import in_a_process

    environ = {"_TORICONFIG_COMPLETE": "bash_complete", "COMP_WORDS": "toriconfig che", "COMP_CWORD": "1"}
    assert in_a_process(cwd=tmp_path, environ=environ) == (0, "plain,check\n", "")


def test_every_command_has_help_that_begins_with_a_verb(toriconfig: Toriconfig) -> None:
    from toriconfig.cli import COMMANDS

    overview = toriconfig("--help")
    assert overview.code == 0
    for name in COMMANDS:
        result = toriconfig(name, "--help")
        assert (0, "") == (result.code, result.err)
        assert name == "validate" or name in overview.out
