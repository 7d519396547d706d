"""The second user of a database, which alternates with the first: created like it, and never an unrelated role."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from support.rotating import Account, Left, left_at
from toriconfig.rotation import RotationError, RotationRefused


def as_superuser(account: Account, *statements: str) -> None:
    names = {"user": sql.Identifier(account.name), "clone": sql.Identifier(f"{account.name}_clone")}
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(**names))


def test_the_second_user_has_the_privileges_of_the_first_and_owns_nothing(account: Account) -> None:
    name = account.name
    with psycopg.connect(account.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name} AUTHORIZATION {name}".encode())
    account.rotation().run()
    user, password = account.stored()
    assert f"{name}_clone" == user
    with psycopg.connect(account.conninfo, user=user, password=password) as connection:
        connection.execute(f"CREATE TABLE {name}.made (id int)".encode())
        owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'made'").fetchone()
    assert (name,) == owner
    account.rotation().run()
    user, password = account.stored()
    assert name == user
    with psycopg.connect(account.conninfo, user=user, password=password) as connection:
        connection.execute(f"DROP TABLE {name}.made".encode())


def test_an_unrelated_role_of_that_name_is_not_changed(account: Account) -> None:
    as_superuser(account, "CREATE ROLE {clone} LOGIN PASSWORD 'of somebody else'")
    for act in (account.rotation().plan, account.rotation().run):
        with pytest.raises(RotationRefused, match="which is not a member of") as caught:
            act()
        assert f"GRANT {account.name} TO {account.name}_clone" in caught.value.help
    assert account.logs_in(f"{account.name}_clone", "of somebody else")
    assert "" == account.rotation().status().step


def test_a_role_of_that_name_that_is_created_meanwhile_is_not_changed(account: Account) -> None:
    with pytest.raises(Left):
        account.rotation(on_event=left_at("apply")).run()
    as_superuser(account, "CREATE ROLE {clone} LOGIN PASSWORD 'of somebody else'")
    with pytest.raises(RotationError, match="which is not a member of .*; the former value is valid"):
        account.rotation().resume()
    assert account.logs_in(f"{account.name}_clone", "of somebody else")


def test_two_users_that_were_made_members_by_hand_alternate(account: Account) -> None:
    as_superuser(account, "CREATE ROLE {clone} LOGIN", "GRANT {clone} TO {user}")
    account.rotation().run()
    assert f"{account.name}_clone" == account.stored()[0]
    assert account.logs_in()


SETTINGS = {
    "search_path": """"$user", 'Odd "one", here', public""",
    "statement_timeout": "'7s'",
    "DateStyle": "'ISO, DMY'",
    "app.tenant": "'it''s = one'",
}


@pytest.mark.parametrize("where", ["", "IN DATABASE postgres "])
def test_the_second_user_is_made_with_the_settings_of_the_first(account: Account, where: str) -> None:
    as_superuser(account, *(f"ALTER ROLE {{user}} {where}SET {name} = {value}" for name, value in SETTINGS.items()))
    seen = []
    for _ in range(2):
        user, password = account.stored()
        with psycopg.connect(account.conninfo, user=user, password=password) as connection:
            shown = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in SETTINGS]
        seen.append(shown)
        account.rotation().run()
    assert [(""""$user", "Odd ""one"", here", public""",), ("7s",), ("ISO, DMY",), ("it's = one",)] == seen[0]
    assert seen[0] == seen[1]


def test_an_empty_search_path_stays_empty(account: Account) -> None:
    as_superuser(account, "ALTER ROLE {user} SET search_path = ''")
    account.rotation().run()
    user, password = account.stored()
    with psycopg.connect(account.conninfo, user=user, password=password) as connection:
        assert ('""',) == connection.execute("SHOW search_path").fetchone()


def test_the_second_user_is_made_with_the_limits_of_the_first(account: Account) -> None:
    as_superuser(account, "ALTER ROLE {user} CONNECTION LIMIT 3 VALID UNTIL '2099-01-01 00:00+00'")
    account.rotation().run()
    with psycopg.connect(account.postgres.conninfo()) as connection:
        limits = connection.execute(
            "SELECT DISTINCT rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname LIKE %s", (f"{account.name}%",)
        ).fetchall()
    assert [(3, datetime(2099, 1, 1, tzinfo=UTC))] == limits
