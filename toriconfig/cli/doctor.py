"""`toriconfig doctor`: what stands between this program and its secrets."""

from __future__ import annotations

import os

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import load_options, output_options, recipe, settings_option, wants_color, write_problems

_COLORS = {"ok": "green", "warning": "yellow", "error": "red", "unreached": "red"}


@click.command()
@settings_option
@load_options
@output_options
def doctor(target: str | None, profile: str | None, config_dir: str | None, form: str, color: str) -> int:
    """Examine address, TLS, login, token, clock, variables, and every declared path; 403 is told from 404."""
    from toriconfig._doctor import examine
    from toriconfig._load import try_load
    from toriconfig._vault.resolve import VARIABLES

    asked = recipe(target, profile, config_dir)
    attempt = try_load(asked)
    if attempt.loaded is None:
        write_problems(attempt.problems, form, color, asked.schema.__name__)
        return code_of(attempt.problems)
    snapshot = attempt.loaded.snapshot
    unused = [problem for problem in attempt.problems if problem.code == "TC501"]
    if unused:
        write_problems(unused, form, color, asked.schema.__name__)
    declared = [reference for found in snapshot.declared.values() for reference in found]
    marks: set[str] = set()
    for finding in examine(snapshot.session, declared, os.environ, VARIABLES):
        marks.add(finding.mark)
        word = click.style(f"{finding.mark:9}", fg=_COLORS[finding.mark]) if wants_color(color) else f"{finding.mark:9}"
        click.echo(
            f"{word} {finding.subject}: {finding.message}" + (f"\n          {finding.help}" if finding.help else "")
        )
    return Exit.UNREACHED if "unreached" in marks else Exit.FINDINGS if "error" in marks else Exit.FINE
