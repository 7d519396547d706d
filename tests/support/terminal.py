"""A process on a terminal, and what it showed there."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

from support.command import clean_environ


def on_terminal(
    arguments: list[str],
    cwd: Path,
    *,
    stdout: int | None = None,
    interrupt_at: bytes = b"",
    environ: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run Python with standard error on a terminal; return its exit code and what the terminal showed.

    Args:
        stdout: standard output, such as `subprocess.DEVNULL`; None: the terminal too.
        interrupt_at: pattern of the text at which the process gets SIGINT, as from Ctrl-C; empty: it gets none.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        start_new_session=True,
        env=clean_environ(**{"TERM": "xterm", **(environ or {})}),
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 1000):
            shown += chunk
            if interrupt_at and re.search(interrupt_at, shown):
                process.send_signal(signal.SIGINT)
                interrupt_at = b""
    except OSError:  # the other end of the terminal is closed
        os.close(ours)
    return process.wait(60), shown.decode()
