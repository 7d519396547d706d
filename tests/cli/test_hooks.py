"""The pre-commit hooks and the workflows run commands that exist, with options that exist."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from support.command import Toriconfig
from toriconfig.cli import cli

HOUSE = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((HOUSE / ".pre-commit-hooks.yaml").read_text())
GUIDE = HOUSE / "examples/ci"
WORKFLOWS = [*HOUSE.glob(".github/workflows/*.yml"), *GUIDE.glob(".github/workflows/*.yml")]


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


def test_every_hook_has_the_fields_that_pre_commit_requires() -> None:
    for hook in HOOKS:
        assert {"id", "name", "entry", "language"} <= set(hook)
    assert len({hook["id"] for hook in HOOKS}) == len(HOOKS)


def test_a_hook_that_is_given_files_starts_once_for_all_of_them() -> None:
    """Several processes at once would each import the settings class, and mix their findings."""
    local = [
        hook
        for repo in yaml.safe_load((GUIDE / ".pre-commit-config.yaml").read_text())["repos"]
        for hook in repo["hooks"]
    ]
    assert all(hook["require_serial"] for hook in HOOKS + local if hook.get("pass_filenames", True))


def test_the_hook_checks_the_given_files(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {size: many}\n")
    entry = next(hook["entry"] for hook in HOOKS if hook["id"] == "toriconfig-check")
    assert toriconfig(*entry.split()[1:], "tori.yaml").code == 1


def test_the_workflow_of_the_guide_passes_on_the_settings_of_the_guide(toriconfig: Toriconfig, tmp_path: Path) -> None:
    shutil.copytree(GUIDE, tmp_path, dirs_exist_ok=True)
    commands = [command for command in commands_of(WORKFLOWS[-1]) if command.startswith("toriconfig ")]
    assert len(commands) == 4
    for command in commands:
        assert toriconfig(*shlex.split(command.partition(" > ")[0])[1:]).code == 0, command


def test_the_hooks_of_the_guide_are_those_of_the_manifest() -> None:
    published = {hook["id"]: hook["entry"] for hook in HOOKS}
    local, by_address = (
        [hook for repo in yaml.safe_load((GUIDE / name).read_text())["repos"] for hook in repo["hooks"]]
        for name in (".pre-commit-config.yaml", "by_address.yaml")
    )
    assert {hook["id"] for hook in by_address} <= published.keys()
    assert all(published[hook["id"]] == hook["entry"] for hook in local)


def test_the_workflow_of_this_project_runs_the_documented_commands() -> None:
    assert "./tests/run" in commands_of(HOUSE / ".github/workflows/tests.yml")
