"""`toriconfig doctor`: check of the connection to Vault and other backends, and of the access to each secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.printable import clean
from toriconfig._core.problem import Code
from toriconfig.cli._exit import Exit
from toriconfig.cli._options import (
    env_file_option,
    load_options,
    output_options,
    recipe,
    settings_option,
    wants_color,
    write_problems,
)
from toriconfig.cli._say import say

if TYPE_CHECKING:
    from toriconfig._core.problem import Problem
    from toriconfig._inspect.doctor import Finding
    from toriconfig._load.attempt import Attempt

_COLORS = {"ok": "green", "warning": "yellow", "error": "red", "unreached": "red"}


@click.command()
@settings_option
@load_options
@env_file_option
@output_options
def doctor(target: str | None, form: str, color: str, **how: Any) -> int:
    """Examine the access to Vault, other backends and each secret.

    The steps are address, TLS, login, token, clock, variables, other backends, and every path. A denied path (403) is
    distinguished from a missing one (404).
    """
    from toriconfig._inspect.doctor import examine
    from toriconfig._inspect.doctor.backends import examine_backends
    from toriconfig._load.attempt import try_load
    from toriconfig._vault.config import VARIABLES

    asked = recipe(target, **how)
    attempt = try_load(asked)
    unused = [problem for problem in attempt.problems if problem.code in (Code.UNKNOWN_VARIABLE, Code.INVALID_OPTION)]
    text = form == "text"
    if text:
        write_problems(unused, form, color, asked.schema.__name__, asked.most)
    steps = chain(
        examine(attempt.session, attempt.references, os.environ, VARIABLES),
        examine_backends(attempt.elsewhere, attempt.backends),
    )
    findings: list[Finding] = []
    for finding in chain(() if _mistaken(unused) else steps, _settings(attempt)):
        findings.append(finding)
        if text:
            say(_line(finding, wants_color(color)), styled=True)
    if not text:
        found = [problem for finding in findings if (problem := finding.problem) is not None]
        write_problems([*unused, *found], form, color, asked.schema.__name__, asked.most)
    marks = {finding.mark for finding in findings}
    if "error" in marks or _mistaken(unused):
        return Exit.FINDINGS  # a second run after reaching the other servers would report them again
    return Exit.UNREACHED if "unreached" in marks else Exit.FINE


def _mistaken(problems: list[Problem]) -> bool:
    """Return True if one of the problems has the severity "error"."""
    return any(problem.severity == "error" for problem in problems)


def _settings(attempt: Attempt) -> Iterator[Finding]:
    """Yield one finding with the number of errors in the settings; nothing if there are none.

    Invalid options are not counted.
    """
    from toriconfig._inspect.doctor import Finding

    errors = sum(problem.severity == "error" and problem.code != Code.INVALID_OPTION for problem in attempt.problems)
    if errors:
        message = f"{errors} error{'s' * (errors != 1)}, so references to Vault may be missing here"
        yield Finding("error", "settings", message, "run `toriconfig check`", Code.BROKEN_RULE)


def _line(finding: Finding, color: bool) -> str:
    word = f"{finding.mark:9}"
    word = click.style(word, fg=_COLORS[finding.mark]) if color else word
    told = f"{word} {clean(f'{finding.subject}: {finding.message}')}"
    return told + (f"\n{'':10}{clean(finding.help)}" if finding.help else "")
