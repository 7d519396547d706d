"""A database that is down, drops connections or lacks rights is reported as such, and leaves nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from support.postgres_line import Fate, PostgresLine, once, postgres_line
from support.rotate_command import rotate, rotate_json
from support.rotating import Account, at
from toriconfig.rotation import DatabaseUnreachable, Rotation, RotationRefused
from toriconfig.rotation.kinds import DatabaseUser
from toriconfig.rotation.kinds._driver import Login
from toriconfig.rotation.kinds._postgres_errors import About, of_connecting

BOTH = pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])


@pytest.fixture
def line(account: Account) -> Iterator[PostgresLine]:
    with postgres_line(account.postgres.host, account.postgres.port) as line:
        yield line


def over(line: PostgresLine, account: Account, *, single: bool = False, **options: Any) -> Rotation:
    kind = DatabaseUser(f"host=127.0.0.1 port={line.port} dbname=postgres", "secret/admin", single=single)
    given = {"environ": account.vault.environ, "timeout": 1.0, "min_age": 0.0, **options}
    return Rotation(account.path, kind, **given)


def always(fate: Fate) -> Callable[[bytes], Fate]:
    return lambda sent: fate


@BOTH
def test_a_dropped_connection_does_not_affect_the_login(account: Account, line: PostgresLine, single: bool) -> None:
    line.fate = always("cut")
    for act in (over(line, account, single=single).plan, over(line, account, single=single).run):
        with pytest.raises(DatabaseUnreachable, match="does not answer: .*server closed the connection") as caught:
            act()
        assert "another database" not in str(caught.value)
    assert "" == account.rotation().status().step
    assert account.logs_in()


@BOTH
def test_a_connection_that_drops_at_the_change_is_made_again(
    account: Account, line: PostgresLine, single: bool
) -> None:
    def cut() -> None:
        line.fate = once(b"ALTER ROLE", "cut")

    rotation = over(line, account, single=single, timeout=20.0, on_event=at("apply", "started", cut))
    assert "rotated" == rotation.run().result
    assert account.logs_in()


@BOTH
def test_a_commit_whose_answer_is_lost_is_detected(account: Account, line: PostgresLine, single: bool) -> None:
    def lose() -> None:
        line.fate = once(b"COMMIT", "lose")

    rotation = over(line, account, single=single, timeout=20.0, on_event=at("apply", "started", lose))
    assert "rotated" == rotation.run().result
    assert account.logs_in()


def test_a_database_lost_at_the_change_leaves_alternating_users_unchanged(account: Account, line: PostgresLine) -> None:
    def go_away() -> None:
        line.fate = always("cut")

    with pytest.raises(Exception, match="does not answer.*; the former value is valid") as caught:
        over(line, account, on_event=at("apply", "started", go_away)).run()
    assert (True, True) == (getattr(caught.value, "undone", False), getattr(caught.value, "unreachable", False))
    assert account.logs_in()
    assert not account.rotation().status().open


@pytest.mark.parametrize("word", [b"ALTER ROLE", b"COMMIT"])
def test_a_database_lost_at_a_single_user_s_change_is_reported_with_the_command_to_run(
    account: Account, line: PostgresLine, word: bytes
) -> None:
    gone: list[bytes] = []

    def fate(sent: bytes) -> Fate:
        if word in sent:
            gone.append(sent)
            return "lose" if word == b"COMMIT" else "cut"
        return "cut" if gone else "pass"

    def go_away() -> None:
        line.fate = fate

    with pytest.raises(DatabaseUnreachable) as caught:
        over(line, account, single=True, on_event=at("apply", "started", go_away)).run()
    assert "unless its password was not changed yet, readers are locked out NOW" in caught.value.message
    assert f"`toriconfig rotate {account.path} --resume` completes it" in caught.value.help
    assert (word == b"COMMIT") != account.logs_in()
    status = account.rotation().status()
    assert ("reserved", word == b"COMMIT") == (status.step, status.locked_out)
    line.fate = always("pass")
    assert "rotated" == over(line, account, single=True).resume().result
    assert account.logs_in()


@BOTH
def test_postgresql_that_is_down_ends_with_3_and_changes_nothing(account: Account, single: bool) -> None:
    arguments = [account.path, "--conninfo", account.conninfo, "--admin", "secret/admin", "--kind", "database-user"]
    arguments += ["--single"] if single else []
    environ = account.vault.environ
    account.postgres.stop()
    try:
        for more in ([], ["--dry-run"], ["--due", "--max-age", "0"]):
            code, out, err = rotate(environ, *arguments, *more)
            assert (3, True) == (code, "does not answer" in out + err)
        code, (item,) = rotate_json(environ, *arguments)
        assert (3, "failed", "DatabaseUnreachable") == (code, item["result"], item["error"]["type"])
    finally:
        account.postgres.start()
    assert account.logs_in()
    assert "" == account.rotation().status().step


def test_a_database_that_is_not_there_is_named(account: Account) -> None:
    kind = DatabaseUser(f"host=127.0.0.1 port={account.postgres.port} dbname=nowhere", "secret/admin")
    with pytest.raises(Exception, match='refused .* database "nowhere" does not exist') as caught:
        Rotation(account.path, kind, environ=account.vault.environ).run()
    assert "another database" not in str(caught.value)


def as_superuser(account: Account, *statements: str) -> None:
    names = {"user": sql.Identifier(account.name), "admin": sql.Identifier(f"{account.name}_admin")}
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(**names))


def with_admin(account: Account, *statements: str) -> Rotation:
    """A rotation by its own administrator, with the privileges that the statements grant."""
    as_superuser(account, "CREATE ROLE {admin} LOGIN PASSWORD 'of the administrator'", *statements)
    place = f"secret/admins/{account.name}"
    account.vault.put(place, {"username": f"{account.name}_admin", "password": "of the administrator"})
    return Rotation(account.path, DatabaseUser(account.conninfo, place), environ=account.vault.environ, min_age=0.0)


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ([], "permission denied to create role"),
        (["ALTER ROLE {admin} CREATEROLE"], "permission denied|must have admin option"),
    ],
    ids=["no CREATEROLE", "no admin option"],
)
def test_a_dry_run_finds_rights_that_the_administrator_lacks(account: Account, statements: list[str], why: str) -> None:
    weak = with_admin(account, *statements)
    for act in (weak.plan, weak.run):
        with pytest.raises(RotationRefused, match=f"({why}).*; nothing was changed") as caught:
            act()
        assert f"TO {account.name}_admin WITH ADMIN OPTION" in caught.value.help
    assert "" == weak.status().step
    assert not exists(account, f"{account.name}_clone")


def test_a_dry_run_with_all_rights_changes_nothing(account: Account) -> None:
    strong = with_admin(account, "ALTER ROLE {admin} CREATEROLE", "GRANT {user} TO {admin} WITH ADMIN OPTION")
    assert f"create {account.name}_clone at" in " ".join(strong.plan().actions)
    assert not exists(account, f"{account.name}_clone")
    strong.run()
    clone = account.stored()
    strong.plan()
    assert account.logs_in(*clone)
    assert account.logs_in(account.name, account.first), "the rehearsed password was taken back"
    strong.run()
    assert account.logs_in()


def test_a_dry_run_of_a_grace_checks_the_right_to_disable_the_former_user(account: Account) -> None:
    account.rotation().run()
    weak = with_admin(account, "ALTER ROLE {admin} CREATEROLE", "GRANT {user} TO {admin} WITH ADMIN OPTION")
    assert weak.plan().actions
    weak.grace = 0.0
    with pytest.raises(RotationRefused, match="permission denied to alter role.*; nothing was changed"):
        weak.plan()


def exists(account: Account, name: str) -> bool:
    with psycopg.connect(account.postgres.conninfo()) as connection:
        return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None


START = 'connection failed: connection to server at "127.0.0.1", port 1 failed: '


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ('FATAL:  password authentication failed for user "too many connections"', About.LOGIN),
        ('FATAL:  LDAP authentication failed for user "app"', About.LOGIN),
        ('FATAL:  role "app" is not permitted to log in', About.LOGIN),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "app", database "x", no encryption', About.LOGIN),
        ("fe_sendauth: no password supplied", About.LOGIN),
        ("FATAL:  the database system is starting up", About.SERVER),
        ("FATAL:  sorry, too many clients already", About.SERVER),
        ('FATAL:  too many connections for role "app"', About.SERVER),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", About.SERVER),
        ("server closed the connection unexpectedly", About.SERVER),
        ("Connection refused\n\tIs the server running on that host?", About.SERVER),
        ("timeout expired", About.SERVER),
        ("SSL error: certificate verify failed", About.SERVER),
        ('FATAL:  database "pooler authentication" does not exist', About.OTHER),
        ("FATAL:  Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen", About.UNKNOWN),
        ('ВАЖНО:  пользователь "app" не прошёл проверку подлинности (по паролю)', About.UNKNOWN),
    ],
)
def test_failed_connections_are_classified_by_their_text(text: str, about: About) -> None:
    assert about is of_connecting(psycopg.OperationalError(START + text)).what


def test_a_server_in_another_language_is_recognized_by_its_answer_to_a_wrong_password(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toriconfig.rotation.kinds import _postgres

    def translated(error: psycopg.Error) -> Any:
        return of_connecting(error)._replace(what=About.UNKNOWN)

    monkeypatch.setattr(_postgres, "of_connecting", translated)
    server = _postgres.Server(account.conninfo, 20.0)
    assert server.refusal(Login(account.name, "wrong"))
    assert not server.refusal(Login(account.name, account.first))
    with pytest.raises(Exception, match='"nowhere" does not exist'):
        _postgres.Server(f"{account.conninfo} dbname=nowhere", 20.0).refusal(Login(account.name, account.first))
