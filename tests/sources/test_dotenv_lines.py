"""A line of a `.env` file that is no `NAME=value` may be a secret alone: nothing of it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from support.loading import problems
from toriconfig import Secret, SettingsConfigDict
from toriconfig._render import render_text
from toriconfig.sources.dotenv import DotEnv
from toriconfig.testing import Canary


class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="T_", env_file=".env", env_nested_delimiter="__")
    key: Secret[str] | None = None


LINES = [
    "{}", "T_{}", "T_KEY{}", "T_KEY-{}", "T_KEY {}", "T_KEY: {}", "T_KEY\t{}", "export {}", "export T_{}", "  T_{}  ",
    "T_KEY='{}", 'T_KEY="{}', "T_KEY=\n{}", "T_KEY='a' {}", "T_KEY->{}", "'T_{}'", "T_KEY=a\nT_{}\nT_A=b", "\ufeffT_{}",
]  # fmt: skip


@pytest.mark.parametrize("prefix", ["T_", ""])
@pytest.mark.parametrize("line", LINES)
def test_no_part_of_a_bad_line_is_shown(
    line: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    canary = Canary()
    Path(".env").write_text(line.format(canary.secret) + "\n", encoding="utf-8")
    found = [*problems(App, env_prefix=prefix), *DotEnv(".env", prefix).load().problems]
    canary.absent_from(render_text(found), repr(found))


def test_the_place_of_a_bad_line_and_the_remedy_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("T_A=1\nT_KEY\n")
    (only,) = DotEnv(".env", "T_").load().problems
    assert (".env:2", "this line has no `=`", "`NAME=value`") == (str(only.origin), only.message, only.expected)
