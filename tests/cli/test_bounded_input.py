"""Input that commands read themselves: its size is bounded, and no command waits for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.command import Toriconfig


def test_standard_input_without_end_is_refused(toriconfig: Toriconfig) -> None:
    endless = toriconfig("check", "-", "--settings", "toriconfig.schema:ToriSettings", stdin=b"# x\n" * (5 << 20))
    assert endless.code == 1
    assert "error[TC004]" in endless.out


def test_a_value_on_standard_input_that_is_too_large_is_refused_without_being_shown(toriconfig: Toriconfig) -> None:
    large = toriconfig("vault", "put", "secret/x#k", "--stdin", stdin=b"hunter2" * (1 << 18))
    assert large.code == 2
    assert "larger than 1,048,576 bytes" in large.err
    assert "hunter2" not in large.err


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a = " + b"[" * 5000, "too deep"), (b"# " + b"x" * (1 << 20), "larger than"), (b"\xff", "not UTF-8 text")],
)
def test_a_pyproject_that_cannot_be_used_is_named(
    content: bytes, says: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    result = toriconfig("check")
    assert result.code == 2
    assert "pyproject.toml cannot be read" in result.err and says in result.err


def test_a_pyproject_that_is_a_pipe_is_ignored(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "pyproject.toml")
    assert toriconfig("show", "--settings", "toriconfig.schema:ToriSettings").code == 0
