"""No output of the command line shows a password of an account of Valkey or MariaDB, even after failures."""

from __future__ import annotations

import pytest

from support.accounts import MysqlAccount, RedisAccount, Stored
from support.rotate_command import rotate
from toriconfig.testing import Canary


def sweep(account: Stored, canary: Canary) -> list[int]:
    """Run commands that work and commands that fail; return their exit codes."""
    kind, url = account.kind_name, account.server.url
    account.vault.put("secret/swept-wrong", {"username": "root", "password": canary.secret})
    setup = [account.path, "--kind", kind, "--url", url, "--admin", account.admin, "--min-age", "0s"]
    leaking = [
        account.path,
        "--kind",
        kind,
        "--url",
        url.replace("//", f"//u:{canary.secret}@"),
        "--admin",
        account.admin,
    ]
    commands = [
        [*setup, "--dry-run"],
        [*setup, "-v"],
        [account.path, "--status"],
        [*setup, "--verify", "false"],
        [account.path, "--rollback", "-v"],
        [*setup[:-4], "--admin", "secret/swept-wrong"],
        [*setup[:4], "1", "--admin", "secret/swept-wrong", "--timeout", "1"],
        [*setup[:4], account.nowhere(), "--admin", account.admin, "--timeout", "1"],
        leaking,
        [*leaking[:4], f"{url}?password={canary.secret}"],
    ]
    codes = []
    for command in commands:
        for form in ("text", "json"):
            code, out, err = rotate(account.vault.environ, *command, "-o", form)
            canary.absent_from(out, err)
            codes.append(code)
    return codes


def test_no_output_shows_a_password_of_valkey(redis_account: RedisAccount) -> None:
    canary = Canary()
    redis_account.client.execute_command("ACL SETUSER", redis_account.name, "resetpass", f">{canary.secret}")
    redis_account.vault.put(redis_account.path, {"username": redis_account.name, "password": canary.secret})
    assert {0, 1, 2, 3} == {*sweep(redis_account, canary)}


@pytest.mark.databases
def test_no_output_shows_a_password_of_mariadb(mysql_account: MysqlAccount) -> None:
    canary = Canary()
    mysql_account.server.run(f"ALTER USER `{mysql_account.name}`@`%` IDENTIFIED BY '{canary.secret}'")
    mysql_account.vault.put(mysql_account.path, {"username": mysql_account.name, "password": canary.secret})
    assert {0, 1, 2, 3} == {*sweep(mysql_account, canary)}
