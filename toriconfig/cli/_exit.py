"""Exit codes, and how a command ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import NoReturn

import click

from toriconfig.errors import Problem


class Exit(IntEnum):
    """What the exit code says; stable."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    UNREACHED = 3
    INTERRUPTED = 130


UNREADABLE = frozenset({"TC003", "TC006"})
"""Codes of input that could not be read at all."""


def code_of(problems: Sequence[Problem]) -> Exit:
    """The exit code for what was found; warnings alone are fine."""
    errors = {problem.code for problem in problems if problem.severity == "error"}
    if errors & UNREADABLE:
        return Exit.USAGE
    if "TC405" in errors:
        return Exit.UNREACHED
    return Exit.FINDINGS if errors else Exit.FINE


def run(command: click.Command, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command to its exit code; whatever happens, no traceback that could show a value."""
    try:
        result = command.main(list(arguments) if arguments is not None else None, "toriconfig", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        _end(error.exit_code)
    except click.ClickException as error:
        error.show()
        _end(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        _end(Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that Python's own flush is quiet
        _end(Exit.FINE)
    _end(result if isinstance(result, int) else Exit.FINE)


def _end(code: int) -> NoReturn:
    sys.exit(int(code))
