"""A real MariaDB, of the machine or of the cache; its data live as long as the object."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql

from local_server import LocalServer
from support.mariadb_package import MISSING, Installed, installed

_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)


class MariaDb(LocalServer):
    """A running server; `mariadb_server()` makes one. Every statement is in its general log.

    Attributes:
        user: its administrator.
    """

    title = "MariaDB"
    user = "root"

    def __init__(self, found: Installed, tls: tuple[Path, Path] | None = None, *, timeout: float = 60.0) -> None:
        self.password = secrets.token_urlsafe(16)
        self._found, self._tls = found, tls
        super().__init__(timeout=timeout)

    def _environ(self) -> dict[str, str]:
        return {**super()._environ(), "LD_LIBRARY_PATH": self._found.libraries}

    def _ready(self) -> str:
        return f"port: {self.port}"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _common(self) -> list[str]:
        share = self._found.share
        command = [
            str(self._found.program),
            "--no-defaults",
            f"--datadir={self._data}",
            f"--basedir={share.parents[1]}",
        ]
        command += [f"--lc-messages-dir={share}", f"--character-sets-dir={share / 'charsets'}"]
        command += ["--innodb-buffer-pool-size=8M", "--innodb-use-native-aio=0", f"--plugin-dir={self._data}"]
        return [*command, "--user=root"] if os.getuid() == 0 else command

    def _prepare(self) -> None:
        self._data.mkdir(mode=0o700)
        inner = hashlib.sha1(self.password.encode()).digest()
        hashed = "*" + hashlib.sha1(inner).hexdigest().upper()
        tables = "\n".join((self._found.share / name).read_text() for name in _TABLES)
        account = f"FLUSH PRIVILEGES;\nALTER USER root@localhost IDENTIFIED BY PASSWORD '{hashed}';\n"
        statements = f"CREATE DATABASE mysql;\nUSE mysql;\n{tables}\n{account}DROP USER IF EXISTS ''@localhost;\n"
        subprocess.run(
            [*self._common(), "--bootstrap"],
            input=statements,
            env=self._environ(),
            timeout=self._timeout,
            check=True,
            text=True,
            capture_output=True,
        )

    def _command(self) -> list[str]:
        settings = [f"--bind-address={self.host}", f"--port={self.port}", f"--socket={self.directory / 's'}"]
        if self._tls is not None:
            settings += [f"--ssl-cert={self._tls[0]}", f"--ssl-key={self._tls[1]}", "--require-secure-transport=1"]
        return [*self._common(), *settings, "--general-log=1", f"--general-log-file={self._log}", "--skip-log-bin"]

    @property
    def _log(self) -> Path:
        return self.directory / "general.log"

    @property
    def url(self) -> str:
        """The address for a kind."""
        return f"mysql://{self.host}:{self.port}"

    def logged(self) -> str:
        """Every statement so far, as the general log has it, and the log of errors."""
        return self._log.read_text(errors="replace") + self.output()

    def connect(self, user: str, password: str) -> pymysql.Connection[Any]:
        """Log in."""
        ca = None if self._tls is None else str(self._tls[0])
        host = "localhost" if ca else self.host
        return pymysql.connect(
            host=host, port=self.port, user=user, password=password.encode(), autocommit=True, ssl_ca=ca
        )

    def run(self, *statements: str) -> list[Any]:
        """Run statements as the administrator; return the rows of the last one."""
        rows: list[Any] = []
        with closing(self.connect(self.user, self.password)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = [*cursor.fetchall()]
        return rows

    def logs_in(self, user: str, password: str) -> bool:
        """True if the login is accepted."""
        try:
            self.connect(user, password).close()
        except pymysql.err.OperationalError as error:
            if error.args[0] not in (1045, 4151):
                raise
            return False
        return True


def mariadb_server(tls: tuple[Path, Path] | None = None) -> MariaDb:
    """A MariaDB on a free port of 127.0.0.1, gone at the end of the `with` block and with this process.

    Args:
        tls: files of certificate and key; every connection then needs TLS. None: no TLS.

    Raises:
        RuntimeError: there is no program, or it did not come up.
    """
    found = installed()
    if found is None:
        raise RuntimeError(MISSING)
    return MariaDb(found, tls)
