"""Exit codes, and the function that runs a command and exits with its code."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import click

from toriconfig._core.problem import Code
from toriconfig.cli._say import note, note_lines

if TYPE_CHECKING:
    from toriconfig._core.problem import Problem


class Exit(IntEnum):
    """Exit codes of the commands. The meaning of a code does not change in later releases."""

    FINE = 0
    """Success; warnings alone count as success."""
    FINDINGS = 1
    """Findings, or a difference."""
    USAGE = 2
    """Wrong usage, or input that cannot be read."""
    UNREACHED = 3
    """A source could not be reached, and nothing else is wrong: another try may help."""
    INTERRUPTED = 130
    """Interrupted by the user (Ctrl-C)."""


UNREADABLE = frozenset({Code.UNREADABLE_FILE, Code.MISSING_FILE})
"""Codes of problems that mean unreadable input."""


def code_of(problems: Sequence[Problem], *, strict: bool = False) -> Exit:
    """Return the exit code for problems.

    FINE without errors. USAGE if an error is an unreadable input. UNREACHED if every error is an unreachable source.
    FINDINGS for any other errors.

    Args:
        problems: the problems.
        strict: True: warnings count as errors.
    """
    counting = ("error", "warning") if strict else ("error",)
    errors = {problem.code for problem in problems if problem.severity in counting}
    if errors & UNREADABLE:
        return Exit.USAGE
    if errors == {Code.BACKEND_UNREACHABLE}:
        return Exit.UNREACHED
    return Exit.FINDINGS if errors else Exit.FINE


def run(command: click.Command, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command, and exit with its exit code. No message or traceback shows a value.

    Args:
        command: the command.
        arguments: its arguments; None: those of `sys.argv`.
    """
    _prepare_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.argv = sys.argv[:1]  # a source may read `sys.argv` as the command line of its program, not of this command
    code = _outcome(command, given)
    pending = sys.modules.get("toriconfig._runtime.warn_once")
    if pending is not None:
        pending.reset()  # a command writes its findings itself
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unheard(error)
    sys.exit(int(code))


def _outcome(command: click.Command, arguments: list[str]) -> int:
    stdout = sys.stdout
    try:
        result = command.main(arguments, "toriconfig", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        from toriconfig.cli._usage import quiet

        _show(quiet(error))
        return Exit.USAGE
    except click.ClickException as error:
        _show(error)
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        _tell("interrupted")
        return Exit.INTERRUPTED
    except OSError as error:
        return _unheard(error)
    except SystemExit as ended:
        if sys.stdout is not stdout:  # click replaces stdout when its reader has closed the pipe
            sys.stdout = stdout
            return _unheard(BrokenPipeError(errno.EPIPE, ""))
        return ended.code if isinstance(ended.code, int) else Exit.USAGE
    except Exception as error:  # noqa: BLE001 - the message and the local variables may contain a value
        _tell_of_bug(error)
        return Exit.USAGE
    return result if isinstance(result, int) else Exit.FINE


def _show(error: click.ClickException) -> None:
    """Print an error as click formats it, without control characters."""
    written = io.StringIO()
    error.show(written)
    note_lines(written.getvalue().removesuffix("\n"))


class _Closed(io.RawIOBase):
    """Replacement for a closed standard input. Reading raises an error, because empty input would be valid."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise OSError(errno.EBADF, "standard input is closed")


def _prepare_streams() -> None:
    """Make the standard streams safe to use: missing streams are replaced, and unencodable output is escaped."""
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_Closed()))
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until exit
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _unheard(error: OSError) -> Exit:
    """Return the exit code for a failed output: FINE for a closed pipe, USAGE for other failures such as a full disk.

    For USAGE, write the reason to standard error. Standard output is replaced, so that Python's flush at exit does not
    fail again.
    """
    if sys.__stdout__ is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    if error.errno == errno.EPIPE:
        return Exit.FINE
    where = f": {error.filename}" if error.filename else ""
    _tell(f"toriconfig: {error.strerror}{where}")
    return Exit.USAGE


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # stderr is closed
        note(text)


def _tell_lines(text: str) -> None:
    with contextlib.suppress(OSError):
        note_lines(text)


def _tell_of_bug(error: Exception) -> None:
    """Print the location of a bug, without the message and the locals, which may hold values."""
    import traceback

    lines = "".join(traceback.format_tb(error.__traceback__)[-3:])
    _tell_lines(f"{lines}toriconfig: a bug of toriconfig or of the settings class: {type(error).__name__}")
