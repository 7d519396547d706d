"""Verifiers of a new secret: a function, or a program that receives the secret through a pipe."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toriconfig._core.clean_call import clean_methods, expect
from toriconfig._vault.config import may_log_in
from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._run_with_timeout import run_with_timeout

Verify = Callable[[Any], object]
"""Function that receives the new value: text for a reference with a key, else a dict of the changed keys.

An exception, or the result False, means that the value does not work. The function must not be a coroutine function."""

_FD = "{fd}"
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_OPERATOR = re.compile(r".*?(;+|\|{1,2}|&&|>{1,2})", re.DOTALL)


@clean_methods
class Command:
    """Verifier that runs a program, which receives the secret on standard input or on a file descriptor.

    If an argument contains `{fd}`, the number of a file descriptor replaces `{fd}`; otherwise standard input is used. A
    secret of several keys is passed as JSON. Exit code 0 means that the secret works. The output is discarded, because
    it may hold the secret.

    The program inherits the environment without the credentials of Vault. Of the variables with `VAULT` or `BAO` in
    their name, only the address, the namespace, timeouts, and the TLS settings for the server's certificate remain.

    Args:
        arguments: program and arguments, such as `["curl", "--config", "/dev/fd/{fd}", "https://api/me"]`.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        expect(arguments, (list, tuple), "a Command takes a list of program and arguments")
        for one in arguments:
            expect(one, str, "the arguments of a Command must be text")
        if not arguments:
            raise ValueError("a verifier needs a program")
        self.arguments = tuple(arguments)

    def run(
        self, value: Any, seconds: float, *, what: str = "the verifier", variables: Mapping[str, str] | None = None
    ) -> str:
        """Run the program.

        Args:
            value: the secret: text, or a mapping of keys to values.
            seconds: time limit.
            what: beginning of the returned text, before the file name of the program.
            variables: further environment variables; None: none.

        Returns:
            The reason why the value does not work, or "".
        """
        text = value if isinstance(value, str) else json.dumps(value)
        name = f"{what} {os.path.basename(self.arguments[0])}"
        try:
            data = text.encode()
        except UnicodeEncodeError:
            return f"{name} cannot be given the value: it holds an unpaired surrogate, which is not a character"
        reading, writing = os.pipe()
        by_descriptor = any(_FD in one for one in self.arguments)
        command = [one.replace(_FD, str(reading)) for one in self.arguments]
        try:
            process = subprocess.Popen(  # noqa: S603  (the user configures the command)
                command,
                stdin=subprocess.DEVNULL if by_descriptor else reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**environment_of_verifier(os.environ), **(variables or {})},
                pass_fds=(reading,) if by_descriptor else (),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            os.close(writing)
            return f"{name} cannot be run: {getattr(error, 'strerror', None) or type(error).__name__}"
        finally:
            os.close(reading)
        # Writing a secret larger than the pipe blocks until it is read, which may never happen.
        threading.Thread(target=_pour, args=(writing, data), daemon=True).start()
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"{name} did not end within {seconds:g} s"
        finally:
            _end(process)
        if code < 0:
            return f"{name} was ended by {_signal(-code)}"
        return f"{name} ended with exit code {code}" if code else ""

    def __repr__(self) -> str:
        return f"Command({self.arguments[0]!r})"


def split_command(text: str) -> list[str]:
    """Return the arguments of a command in the syntax of a shell.

    Raises:
        ValueError: a quote is not closed. Or an argument ends with an unquoted operator of a shell (`;`, `|`, `||`,
            `&&`, `>`, `>>`), such as `a;` or `>`.
    """
    arguments = shlex.split(text)
    for word in _QUOTED.sub("x", text).split():
        found = _OPERATOR.fullmatch(word)
        if found:
            raise ValueError(f"no shell is started: write sh -c '…' to use `{found[1]}`")
    return arguments


def verified(verify: Verify | Command | None, value: Any, seconds: float) -> None:
    """Run the verifier on the value. Do nothing if `verify` is None.

    Raises:
        RotationError: the value does not work, the verifier is asynchronous, or the verifier did not end in time. The
            message does not contain the value.
    """
    if isinstance(verify, Command):
        reason = verify.run(value, seconds)
        if reason:
            raise RotationError(reason)
    elif verify is not None:
        said: list[object] = []
        error = run_with_timeout(seconds, lambda: said.append(verify(value)), "the verifier")
        if error is not None:
            raise RotationError(error.message)
        if hasattr(said[0], "__await__"):
            getattr(said[0], "close", lambda: None)()  # else Python warns that it was never awaited
            raise RotationError("the verifier is asynchronous, so it gave no result: wrap it with `run_sync`")
        if said[0] is False:
            raise RotationError("the verifier rejected the value")


def environment_of_verifier(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variables that may contain credentials for Vault."""
    return {name: value for name, value in environ.items() if not may_log_in(name, value)}


def _pour(descriptor: int, data: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(data)
    except BrokenPipeError:
        return  # the command has closed its input


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that is still running, and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
