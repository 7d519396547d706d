"""Servers as child processes, which are ended when the parent process ends or crashes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from toriconfig._core.clean_call import clean_init

# Reason for a shell that reads a pipe instead of PR_SET_PDEATHSIG: that signal is sent when the *thread* that started
# the child ends, needs code between fork and exec, is Linux only, and does not remove the directory. The kernel closes
# the pipe even after SIGKILL. The shell has its own session, so Ctrl-C in a terminal does not reach it.
# `rm` fails while a process of another watcher still writes into a subdirectory, so it is repeated.
_WATCH = """
trap '' INT TERM HUP
pids=
while read -r word pid; do
  case $word in
    start) pids="$pids $pid" ;;
    end) left=; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left ;;
    quit) break ;;
  esac
done
if [ "$pids" ]; then
  kill -CONT $pids; kill -"$1" $pids
  n=0; while [ $n -lt 50 ] && kill -0 $pids; do sleep 0.1; n=$((n + 1)); done
  kill -KILL $pids
fi
n=0; until rm -rf -- "$2" || [ $n -ge 50 ]; do sleep 0.1; n=$((n + 1)); done
"""


@clean_init
class Keeper:
    """Temporary directory for servers, with a watcher process.

    When the process that created the `Keeper` ends, the watcher ends the servers and removes the directory.

    Args:
        name: start of the directory's name.
        last_signal: signal that the watcher sends to servers that still run; SIGKILL follows after five seconds.
    """

    def __init__(self, name: str, *, last_signal: signal.Signals = signal.SIGKILL) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self._owner = os.getpid()
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, "keeper", last_signal.name.removeprefix("SIG"), str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def tell(self, word: str, pid: int = 0) -> None:
        """Send one command to the watcher.

        Args:
            word: "start": a server was started. "end": a server has ended. "quit": end the watcher.
            pid: process id of the server, for "start" and "end".
        """
        pipe = self._watcher.stdin
        assert pipe is not None
        try:
            pipe.write(f"{word} {pid}\n".encode())
            pipe.flush()
        except (BrokenPipeError, ValueError):
            return

    @property
    def is_ours(self) -> bool:
        """True if this process created this object. A forked child must not stop the servers of its parent."""
        return os.getpid() == self._owner

    def close(self) -> None:
        """Remove the directory and end the watcher. Do nothing in a forked child, and at a second call."""
        if not self.is_ours or self._watcher.returncode is not None:
            return
        self.tell("quit")
        self._watcher.communicate()
        shutil.rmtree(self.directory, ignore_errors=True)


@clean_init
class ServerProcess:
    """One server process that can be started, paused, stopped and started again.

    Args:
        command: program and arguments.
        keeper: provides the working directory, and stops the server when the process that created the keeper ends.
        environ: the complete environment of the server.
        user: user id to run as, which requires root; None: the current user.
        log: name of the log file in the keeper's directory, without `.log`.
    """

    def __init__(
        self,
        command: Sequence[str],
        keeper: Keeper,
        environ: Mapping[str, str],
        *,
        user: int | None = None,
        log: str = "server",
    ) -> None:
        self.command = list(command)
        self.log = keeper.directory / f"{log}.log"
        self._keeper = keeper
        self._environ = dict(environ)
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, with an empty log."""
        with open(self.log, "wb") as log:
            self._process = self._spawn(log)
        self._keeper.tell("start", self._process.pid)

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        no_groups: list[int] | None = None if self._user is None else []
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self._keeper.directory,
            env=self._environ,
            start_new_session=True,
            user=self._user,
            group=self._user,
            extra_groups=no_groups,
        )

    @property
    def pid(self) -> int:
        """Process id of the server.

        Raises:
            RuntimeError: the server is not running.
        """
        if self._process is None:
            raise RuntimeError(f"{self.command[0]} is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """True if the server was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """Return the output of the server since its start, standard output and standard error together."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def pause(self) -> None:
        """Suspend the process. The kernel still accepts connections, but they get no answer."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def resume(self) -> None:
        """Continue the process after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self, stop_signal: signal.Signals = signal.SIGTERM, *, timeout: float = 10.0) -> None:
        """End the process and wait for it. Do nothing in a forked child, and at a second call.

        Args:
            stop_signal: first signal; SIGKILL simulates a crash.
            timeout: seconds until SIGKILL is sent.
        """
        process = self._process
        if process is None or not self._keeper.is_ours:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(stop_signal)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._keeper.tell("end", process.pid)
        self._process = None
