"""`toriconfig vault`: a development server, and reading and writing of single secrets, for development."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.printable import clean
from toriconfig.cli._exit import Exit
from toriconfig.cli._say import note, note_lines, say, say_value
from toriconfig.cli._usage import refuse_value
from toriconfig.cli._value import given_value

if TYPE_CHECKING:
    from toriconfig._core.markers import ParsedReference
    from toriconfig._vault.session import Session
    from toriconfig.errors import SecretError


@click.group()
def vault() -> None:
    """Run a development server; read and write single secrets."""


@vault.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False),
    help="YAML file of initial secrets: Vault paths to mappings of keys.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def dev(seed: str | None, command: tuple[str, ...]) -> int:
    """Start an OpenBao server with secrets, run COMMAND with VAULT_ADDR and VAULT_TOKEN set, and stop the server.

    COMMAND gets no other variables of Vault or OpenBao: they could name another server. The exit code is that of
    COMMAND.

    The server keeps its data in memory, with KV v2 at `secret/`. Write `--` before the command.
    """
    from toriconfig._devserver import EngineError, without_vault
    from toriconfig.testing import vault_server

    seeds = _seeds(seed) if seed else {}
    try:
        with vault_server() as server:
            for path, data in seeds.items():
                server.put(path, data)
            note(f"OpenBao at {server.address}")
            return _run(command, {**without_vault(os.environ), **server.environ})
    except EngineError as error:
        raise click.ClickException(str(error)) from None


def _run(command: tuple[str, ...], environ: dict[str, str]) -> int:
    """Run the command and return its exit code. SIGTERM and SIGINT are passed on to the command.

    Raises:
        click.ClickException: the command cannot be run.
    """
    try:
        child = subprocess.Popen(command, env=environ)  # noqa: S603  (the user passes the command to run)
    except OSError as error:
        raise click.ClickException(f"{command[0]} cannot be run: {error.strerror}") from None

    def pass_on(number: int, _frame: Any) -> None:
        received = number == signal.SIGINT and _gets_terminal_signals(child)
        if child.poll() is None and not received:
            child.send_signal(number)

    former = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        code = child.wait()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _gets_terminal_signals(child: subprocess.Popen[bytes]) -> bool:
    """Return True if Ctrl-C in the terminal reaches the child process, so that it must not be forwarded."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgid(child.pid)
    except OSError:  # there is no terminal, or it has ended
        return False


def _seeds(file: str) -> dict[str, dict[str, Any]]:
    from toriconfig._core.markers import check_named
    from toriconfig._render import render_text
    from toriconfig.sources.settings_file import SettingsFile

    tree = SettingsFile(file, required=True).load()
    if any(problem.severity == "error" for problem in tree.problems):
        raise click.UsageError(render_text(tree.problems))
    if tree.problems:
        note_lines(render_text(tree.problems))
    seeds: dict[str, dict[str, Any]] = tree.root.plain()
    for path, data in seeds.items():
        try:
            check_named(path)
        except ValueError as error:
            raise click.UsageError(f"{file}: {path!r}: {error}") from None
        if not path.startswith("secret/"):
            raise click.UsageError(f"{file}: {path!r}: a development server has only the mount `secret/`")
        if not isinstance(data, dict):
            raise click.UsageError(f"{file}: {path!r} must be a mapping of keys to values")
        try:
            json.dumps(data, allow_nan=False)
        except ValueError:
            raise click.UsageError(f"{file}: {path!r}: Vault stores neither NaN nor infinity") from None
    return seeds


@vault.command()
@click.argument("reference")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the value from standard input.")
def put(reference: str, from_stdin: bool) -> int:
    """Store one value at REFERENCE (`secret/app#key`); other keys of the path stay.

    The value is read from a prompt or standard input. It is never an argument, because other users can see arguments.
    """
    from toriconfig._vault.engines.put_key import put_key

    place = _reference(reference)
    path, key = place.path, place.key or ""
    refuse_value(key)
    if place.version is not None or place.parameters:
        plain = place.replaced(version=None, parameters=())
        raise click.UsageError(f"REFERENCE: a write always creates a new version: use `{plain}`")
    value = given_value(from_stdin, "value")
    version = with_session(lambda session: put_key(session.client, path, key, value))
    note(f"stored {reference}" + (f" as version {version}" if version else ""))
    return Exit.FINE


@vault.command()
@click.argument("reference")
@click.option("--reveal", is_flag=True, help="Show the value; without it only the version is shown.")
def get(reference: str, reveal: bool) -> int:
    """Read one value at REFERENCE; the value is shown only with --reveal."""
    from toriconfig._core.markers import Ref
    from toriconfig._load.secrets.compose import Parts, provider_at
    from toriconfig._secrets.secret import handle

    _reference(reference)

    def read(session: Session) -> Any:
        provider = provider_at(Ref(reference), Parts(session.provider, _no_other), reference)
        secret = handle(provider, None, "")  # without conversion
        secret.get()
        return secret

    secret = with_session(read)
    if reveal:
        note(f"revealing {reference}")
        value = secret.get()
        say_value(value if isinstance(value, str) else json.dumps(value))
    else:
        say(clean(str(secret.origin)))
    return Exit.FINE


def _no_other(path: Any) -> Any:
    raise LookupError(f"no other secret at {path}")


def _reference(reference: str) -> ParsedReference:
    from toriconfig._core.markers import split

    try:
        place = split(reference)
    except ValueError as error:
        raise click.UsageError(f"REFERENCE: {error}") from None
    if place.key is None:
        raise click.UsageError("REFERENCE names no key: write `PATH#key`")
    return place


def with_session(work: Any) -> Any:
    """Call `work` with a session to the Vault that the environment variables name, and return its result.

    Raises:
        click.exceptions.Exit: `work` raised a `SecretError`, which was written to standard error.
        click.UsageError: Vault is not configured.
    """
    outcome = _try(work)
    if isinstance(outcome, Exception):
        from toriconfig.errors import VaultSealed, VaultUnreachable

        note(str(outcome))
        unreached = isinstance(outcome, (VaultUnreachable, VaultSealed))
        raise click.exceptions.Exit(int(Exit.UNREACHED if unreached else Exit.FINDINGS))
    return outcome


def _try(work: Any) -> Any | SecretError:
    from toriconfig._vault import connect
    from toriconfig.errors import SecretError
    from toriconfig.vault import Vault

    try:
        session = connect(Vault(), os.environ)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if session is None:
        raise click.UsageError("Vault is not configured: set VAULT_ADDR, or use `toriconfig vault dev -- COMMAND`")
    try:
        return work(session)
    except SecretError as error:
        return error.with_traceback(None)
