"""Rotate an account of a MariaDB twice, while a reader keeps logging in with what Vault holds.

    VAULT_ADDR=... VAULT_TOKEN=... python examples/rotate_mariadb.py mysql://db:3306 secret/shop secret/mysql-admin

`secret/shop` holds `username` and `password` of the account, and `secret/mysql-admin` those of an account that may
change it. The extra `mysql` is needed.
"""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

import pymysql

from toriconfig.rotation import Rotation, kinds


def log_in(url: str, username: str, password: str) -> str:
    """Log in and return the account that the server sees."""
    parts = urlsplit(url)
    with (
        pymysql.connect(
            host=parts.hostname or "", port=parts.port or 3306, user=username, password=password
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT CURRENT_USER()")
        row = cursor.fetchone()
        return str(row[0]) if row else ""


def main(url: str, secret: str, admin: str) -> None:
    """Rotate twice, and log in with every credential that a reader may still have."""
    former: list[tuple[str, str]] = []
    for _ in range(2):
        rotation = Rotation(secret, kinds.MysqlUser(url, admin), environ=os.environ, min_age=0.0)
        print(*rotation.plan().actions, sep="\n")
        before = rotation.preflight().work.read(secret)
        former = [(before["username"], before["password"])]
        rotation.run()
        after = rotation.preflight().work.read(secret)
        for username, password in [*former, (after["username"], after["password"])]:
            print("logged in as", log_in(url, username, password))


if __name__ == "__main__":
    main(*sys.argv[1:])
