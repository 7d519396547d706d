"""The pre-commit hooks and the workflows run commands that there are, with options that they have."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from support.command import Toriconfig
from toriconfig.cli import cli

HOUSE = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((HOUSE / ".pre-commit-hooks.yaml").read_text())
WORKFLOWS = [*HOUSE.glob(".github/workflows/*.yml"), *HOUSE.glob("examples/workflows/*.yml")]


def commands_of(workflow: Path) -> list[str]:
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


COMMANDS = [hook["entry"] for hook in HOOKS] + [
    command for workflow in WORKFLOWS for command in commands_of(workflow) if command.startswith("toriconfig ")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_and_its_options_exist(command: str) -> None:
    _, name, *arguments = shlex.split(re.sub(r" > .*", "", command))
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    found.make_context(name, arguments, resilient_parsing=False)


def test_every_hook_has_what_pre_commit_wants() -> None:
    for hook in HOOKS:
        assert {"id", "name", "entry", "language"} <= set(hook)
    assert len({hook["id"] for hook in HOOKS}) == len(HOOKS)


def test_the_hook_checks_what_it_is_given(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {size: many}\n")
    entry = next(hook["entry"] for hook in HOOKS if hook["id"] == "toriconfig-check")
    assert toriconfig(*entry.split()[1:], "tori.yaml").code == 1


def test_the_workflow_of_this_project_runs_what_the_readme_says() -> None:
    assert "./tests/run" in commands_of(HOUSE / ".github/workflows/tests.yml")
