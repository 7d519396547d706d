"""A process on a terminal, and its output there."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from support.command import clean_environ

WITHOUT_TQDM = """
import importlib.util, sys
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "tqdm" else find_spec(name, *more)
sys.argv[0] = "toriconfig"
from toriconfig.cli import main
main()
"""
"""The program `toriconfig` on a machine without tqdm."""


def on_terminal(
    arguments: list[str],
    cwd: Path,
    *,
    stdout: int | None = None,
    interrupt_at: bytes = b"",
    answers: Mapping[bytes, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run Python with standard error on a terminal; return its exit code and what the terminal showed.

    Args:
        stdout: standard output, such as `subprocess.DEVNULL`; None: the terminal too.
        interrupt_at: pattern of the text at which the process gets SIGINT, as from Ctrl-C; empty: it gets none.
        answers: questions and their answers, in order; each is typed when the terminal shows no echo.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        stdin=theirs if answers else subprocess.DEVNULL,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        start_new_session=True,
        env=clean_environ(**{"TERM": "xterm", **(environ or {})}),
    )
    os.close(theirs)
    shown = b""
    left = list((answers or {}).items())
    with suppress(OSError):  # the other end of the terminal is closed
        while chunk := os.read(ours, 1000):
            shown += chunk
            if interrupt_at and re.search(interrupt_at, shown):
                process.send_signal(signal.SIGINT)
                interrupt_at = b""
            if left and left[0][0] in shown:
                while termios.tcgetattr(ours)[3] & termios.ECHO:
                    time.sleep(0.01)
                os.write(ours, left.pop(0)[1].encode() + b"\n")
    os.close(ours)
    return process.wait(60), shown.decode()
