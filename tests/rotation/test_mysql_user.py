"""Rotation of an account of a real MariaDB."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from support.accounts import MysqlAccount
from support.mariadb import MariaDb
from support.rotate_command import rotate, rotate_json
from support.rotating import killed_after
from toriconfig.rotation import DatabaseUnreachable, RotationError, RotationRefused
from toriconfig.rotation.kinds import MysqlUser, _account
from toriconfig.rotation.kinds._mysql import Address
from toriconfig.rotation.kinds._mysql_accounts import password_hash
from toriconfig.testing import Canary, VaultServer

pytestmark = pytest.mark.databases
BOTH = pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])


@pytest.fixture
def new_account(vault: VaultServer, mariadb: MariaDb) -> Callable[[], MysqlAccount]:
    return lambda: MysqlAccount(vault, mariadb)


def grants(account: MysqlAccount, user: str) -> set[str]:
    rows = account.server.run(f"SHOW GRANTS FOR '{user}'@'{account.host}'")
    return {row[0].partition(" IDENTIFIED")[0].replace(user, "x") for row in rows}


def test_the_second_user_has_the_privileges_the_roles_and_the_limits_of_the_first(mysql_account: MysqlAccount) -> None:
    name, role = mysql_account.name, f"role_{secrets.token_hex(4)}"
    mysql_account.server.run(
        f"CREATE ROLE {role}",
        f"GRANT {role} TO '{name}'@'%'",
        f"SET DEFAULT ROLE {role} FOR '{name}'@'%'",
        f"GRANT UPDATE (a) ON shop.`odd``, name` TO '{name}'@'%' WITH GRANT OPTION"
        if mysql_account.server.run("CREATE TABLE IF NOT EXISTS shop.`odd``, name` (a int)") == []
        else "",
        f"ALTER USER '{name}'@'%' WITH MAX_USER_CONNECTIONS 7",
    )
    mysql_account.rotation().run()
    assert f"{name}_clone" == mysql_account.stored()[0]
    assert grants(mysql_account, name) == grants(mysql_account, f"{name}_clone")
    assert 5 == len(grants(mysql_account, name))
    limits = mysql_account.server.run(f"SELECT max_user_connections FROM mysql.user WHERE User LIKE '{name}%'")
    assert [(7,), (7,)] == limits
    mysql_account.rotation().run()
    assert name == mysql_account.stored()[0]
    assert mysql_account.logs_in()


@pytest.mark.parametrize("locked", ["", "ACCOUNT LOCK"])
def test_an_unrelated_account_of_that_name_is_not_changed(mysql_account: MysqlAccount, locked: str) -> None:
    other = f"'{mysql_account.name}_clone'@'%'"
    mysql_account.server.run(
        f"CREATE USER {other} IDENTIFIED BY 'theirs' {locked}", f"GRANT DELETE ON shop.* TO {other}"
    )
    before = mysql_account.server.run(f"SHOW CREATE USER {other}")
    for act in (mysql_account.rotation().plan, mysql_account.rotation().run):
        with pytest.raises(RotationRefused, match="which has other privileges than"):
            act()
    assert before == mysql_account.server.run(f"SHOW CREATE USER {other}")
    assert "" == mysql_account.rotation().status().step


@BOTH
@pytest.mark.parametrize("act", ["resume", "rollback"])
def test_a_rotator_that_is_killed_after_any_change_is_followed_by_another(
    new_account: Callable[[], MysqlAccount], single: bool, act: str
) -> None:
    for acts in itertools.count(1):
        account = new_account()
        kind = account.kind(single=single)
        if not killed_after(acts, lambda: account.rotation(kind=kind, grace=0.0)):  # noqa: B023
            break
        assert single or account.logs_in(), acts
        getattr(account.rotation(kind=kind), act)()
        assert account.logs_in(), acts
        assert not account.rotation(kind=kind).status().open
        if act == "rollback":
            assert (account.name, account.first) == account.stored(), acts
    assert acts > (9 if single else 14), "the statements that create a user count one by one"


def test_the_host_is_stated_if_several_accounts_have_one_name(mysql_account: MysqlAccount) -> None:
    name = mysql_account.name
    mysql_account.server.run(f"CREATE USER '{name}'@'10.0.0.%' IDENTIFIED BY 'x'")
    with pytest.raises(RotationRefused, match=rf"several accounts {name}: {name}@%, {name}@10.0.0.%") as caught:
        mysql_account.rotation().run()
    assert "--account-host '%'" in caught.value.help
    stated = mysql_account.kind(account_host="%")
    assert "rotated" == mysql_account.rotation(kind=stated).run().result
    assert mysql_account.logs_in()
    with pytest.raises(RotationRefused, match="there is no account .* with the host 10.9.%"):
        mysql_account.rotation(kind=mysql_account.kind(account_host="10.9.%", single=True)).run()


def test_a_name_that_is_stored_with_its_host_is_reported(mysql_account: MysqlAccount) -> None:
    mysql_account.vault.put(
        mysql_account.path, {"username": f"{mysql_account.name}@%", "password": mysql_account.first}
    )
    with pytest.raises(RotationRefused, match="does not log in to MySQL at") as caught:
        mysql_account.rotation().run()
    assert f"without its host, `{mysql_account.name}`, and add `--account-host '%'`" in caught.value.help


@BOTH
@pytest.mark.parametrize("name", ["o'; DROP USER root -- ", "back\\'slash", '`"`@`%`', "ünï %s %(x)s"])
def test_a_name_is_never_a_part_of_a_statement(mysql_account: MysqlAccount, name: str, single: bool) -> None:
    name = f"{secrets.token_hex(4)}{name}"
    server = mysql_account.server
    with server.connect(server.user, server.password) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (name, mysql_account.first))
        cursor.execute("GRANT SELECT ON shop.* TO %s@'%%'", (name,))
    mysql_account.vault.put(mysql_account.path, {"username": name, "password": mysql_account.first})
    mysql_account.rotation(kind=mysql_account.kind(single=single)).run()
    assert mysql_account.stored()[0] == (name if single else f"{name}_clone")
    assert mysql_account.logs_in()


@BOTH
@pytest.mark.parametrize("password", ["pässwörd 密码", "with 'quotes' \" and \\", "%s %(x)s"])
def test_a_former_password_of_any_characters_is_restored(
    mysql_account: MysqlAccount, password: str, single: bool
) -> None:
    account, hashed = f"`{mysql_account.name}`@`%`", password_hash(password)
    mysql_account.server.run(f"ALTER USER {account} IDENTIFIED BY PASSWORD '{hashed}'")
    mysql_account.vault.put(mysql_account.path, {"username": mysql_account.name, "password": password})
    kind = mysql_account.kind(single=single)
    mysql_account.rotation(kind=kind).run()
    assert mysql_account.logs_in()
    mysql_account.rotation(kind=kind).rollback()
    assert (password, True) == (mysql_account.stored()[1], mysql_account.logs_in())


def test_a_server_with_another_quoting_mode_is_supported(mysql_account: MysqlAccount) -> None:
    server = mysql_account.server
    (before,) = server.run("SELECT @@GLOBAL.sql_mode")[0]
    name = f"{secrets.token_hex(4)}\"\\'`"
    with server.connect(server.user, server.password) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (name, mysql_account.first))
    mysql_account.vault.put(mysql_account.path, {"username": name, "password": mysql_account.first})
    server.run("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
    try:
        for _ in range(2):
            mysql_account.rotation().run()
        assert name == mysql_account.stored()[0]
        assert mysql_account.logs_in()
    finally:
        server.run(f"SET GLOBAL sql_mode = '{before}'")


def test_an_administrator_without_the_privilege_is_found_before_anything_is_changed(
    mysql_account: MysqlAccount,
) -> None:
    weak = f"weak_{secrets.token_hex(4)}"
    mysql_account.server.run(f"CREATE USER {weak}@'%' IDENTIFIED BY 'x'", f"GRANT SELECT ON mysql.* TO {weak}@'%'")
    mysql_account.vault.put("secret/weak", {"username": weak, "password": "x"})
    rotation = mysql_account.rotation(kind=mysql_account.kind(admin="secret/weak"))
    for act in (rotation.plan, rotation.run):
        with pytest.raises(RotationRefused, match="lacks the privilege CREATE USER; nothing was changed") as caught:
            act()
        assert "GRANT CREATE USER ON *.* TO" in caught.value.help
    mysql_account.server.run(f"GRANT CREATE USER ON *.* TO {weak}@'%'", f"REVOKE SELECT ON mysql.* FROM {weak}@'%'")
    with pytest.raises(RotationRefused, match="SELECT command denied") as caught:
        rotation.run()
    assert "GRANT SELECT ON mysql.* TO" in caught.value.help
    assert "" == rotation.status().step


def test_a_second_user_that_cannot_get_the_privileges_is_undone(mysql_account: MysqlAccount) -> None:
    weak = f"weak_{secrets.token_hex(4)}"
    mysql_account.server.run(
        f"CREATE USER {weak}@'%' IDENTIFIED BY 'x'",
        f"GRANT SELECT ON mysql.* TO {weak}@'%'",
        f"GRANT CREATE USER ON *.* TO {weak}@'%'",
    )
    mysql_account.vault.put("secret/weak", {"username": weak, "password": "x"})
    before = mysql_account.stored()
    with pytest.raises(RotationError) as caught:
        mysql_account.rotation(kind=mysql_account.kind(admin="secret/weak")).run()
    assert caught.value.undone
    assert "WITH GRANT OPTION" in caught.value.help
    assert before == mysql_account.stored()
    assert "rotated" == mysql_account.rotation().run().result, "the half-made user is completed"
    assert mysql_account.logs_in()


@pytest.mark.parametrize(
    "method", ["unix_socket OR mysql_native_password", "mysql_native_password USING '{}' OR unix_socket"]
)
def test_another_method_of_login_is_not_replaced(mysql_account: MysqlAccount, method: str) -> None:
    hashed = password_hash(mysql_account.first)
    said = method.format(hashed) if "{}" in method else f"{method} USING '{hashed}'"
    mysql_account.server.run(f"ALTER USER '{mysql_account.name}'@'%' IDENTIFIED VIA {said}")
    for kind in (mysql_account.kind(single=True), mysql_account.kind(single=True, admin=None)):
        with pytest.raises(RotationRefused, match="whose passwords cannot be set without showing them"):
            mysql_account.rotation(kind=kind).run()
    assert mysql_account.logs_in()


def test_an_anonymous_account_is_not_taken_for_the_user(mysql_account: MysqlAccount) -> None:
    host = f"{mysql_account.server.host}"
    mysql_account.server.run(f"CREATE USER ''@'{host}' IDENTIFIED BY 'anyone'")
    try:
        mysql_account.vault.put(mysql_account.path, {"username": "unknown", "password": "anyone"})
        with pytest.raises(RotationRefused, match=r"logs unknown in as \(anonymous\)@"):
            mysql_account.rotation().run()
    finally:
        mysql_account.server.run(f"DROP USER ''@'{host}'")


def test_a_rotation_waits_for_another_rotator_of_the_account(mysql_account: MysqlAccount) -> None:
    import zlib

    server = mysql_account.server
    with server.connect(server.user, server.password) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 1)", (f"toriconfig {zlib.crc32(f'{mysql_account.name}_clone'.encode())}",))
        with pytest.raises(DatabaseUnreachable, match="another rotator of .* does not finish"):
            mysql_account.rotation(timeout=2.0).run()


def test_the_command_line_rotates_reports_and_rolls_back(mysql_account: MysqlAccount) -> None:
    environ, path = mysql_account.vault.environ, mysql_account.path
    before = mysql_account.stored()
    setup = ["--kind", "mysql", "--url", mysql_account.server.url, "--admin", mysql_account.admin]
    assert (0, f"rotated {path} (mysql, version 1 to 2)\n") == rotate(environ, path, *setup)[:2]
    assert mysql_account.logs_in()
    code, items = rotate_json(environ, path, "--status")
    assert (0, "mysql") == (code, items[0]["kind"])
    assert 0 == rotate(environ, path, "--due", "--max-age", "0s", "--force")[0]
    assert mysql_account.stored()[0] == mysql_account.name
    assert 0 == rotate(environ, path, "--rollback")[0]
    assert before[0] != mysql_account.stored()[0]
    assert mysql_account.logs_in()


@BOTH
def test_no_log_of_the_server_and_no_output_shows_a_password(
    mysql_account: MysqlAccount, monkeypatch: pytest.MonkeyPatch, single: bool
) -> None:
    new = Canary()
    monkeypatch.setattr(_account, "random_text", lambda: new.secret)
    events: list[Any] = []
    rotation = mysql_account.rotation(kind=mysql_account.kind(single=single), on_event=events.append, grace=0.0)
    with new.watch():
        plan, outcome = rotation.plan(), rotation.run()
    logged = mysql_account.server.logged()
    assert f"ALTER USER `{mysql_account.stored()[0]}`@`%` IDENTIFIED VIA" in logged
    assert mysql_account.first not in logged
    new.absent_from(logged, plan, outcome, rotation, rotation.kind, *events)
    assert new.secret == mysql_account.stored()[1]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://u:c4n4ry@db", "must not hold credentials"),
        ("postgresql://db", "cannot be read"),
        ("db:3306", "cannot be read"),
        ("mysql://", "cannot be read"),
        ("mysql://db:c4n4ry", "cannot be read"),
        ("mysql://[::1", "cannot be read"),
        ("mysql://db/shop", "more than host and port"),
        ("mysql://db?password=c4n4ry", "more than host and port"),
        ("mysql://db?ssl-mode=c4n4ry", "ssl-mode is one of"),
    ],
)
def test_a_url_that_is_wrong_is_refused_and_not_shown(url: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected) as caught:
        MysqlUser(url, "secret/admin")
    assert "c4n4ry" not in str(caught.value)


def test_a_file_of_certificates_means_that_the_server_is_verified(tmp_path: Any) -> None:
    with pytest.raises(RotationRefused, match="cannot be read"):
        Address(f"mysql://db?ssl-ca={tmp_path}/none.pem").tls()
    assert Address("mysql://db").tls() is None
    required = Address("mysql://db?ssl-mode=required").tls()
    assert required is not None
    assert not required.check_hostname
    full = Address("mysql://db?ssl-mode=verify-identity").tls()
    assert full is not None
    assert full.check_hostname
