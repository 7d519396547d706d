"""Rotation of an ACL user of a real Valkey, which has the protocol of Redis."""

from __future__ import annotations

import hashlib
import itertools
import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis

from local_valkey import Valkey, valkey_server
from support.accounts import RedisAccount
from support.rotate_command import rotate, rotate_json
from support.rotating import at, killed_after
from toriconfig.rotation import Rotation, RotationError, RotationRefused
from toriconfig.rotation.kinds import RedisUser, _account
from toriconfig.testing import Canary, VaultServer

pytestmark = pytest.mark.databases


@pytest.fixture
def new_account(vault: VaultServer, valkey: Valkey) -> Callable[[], RedisAccount]:
    return lambda: RedisAccount(vault, valkey)


def test_the_former_password_works_until_the_next_rotation(redis_account: RedisAccount) -> None:
    kept = [redis_account.stored()]
    for _ in range(3):
        redis_account.rotation().run()
        kept.append(redis_account.stored())
        assert [False, True, True][-len(kept) :] == [redis_account.accepts(*pair) for pair in kept[-3:]]
    assert 2 == redis_account.passwords()
    rules = redis_account.client.acl_getuser(redis_account.name)
    assert ({"+get", "+set"}, ["~app:*"]) == ({*rules["commands"]} - {"-@all"}, rules["keys"])


def test_after_the_grace_there_is_one_password(redis_account: RedisAccount) -> None:
    former = redis_account.stored()
    redis_account.rotation(grace=0.0).run()
    assert 1 == redis_account.passwords()
    assert (True, False) == (redis_account.logs_in(), redis_account.accepts(*former))


def test_a_new_password_that_does_not_verify_is_removed(redis_account: RedisAccount) -> None:
    tried: list[dict[str, str]] = []

    def refuse(values: dict[str, str]) -> bool:
        tried.append(values)
        return False

    with pytest.raises(RotationError) as caught:
        redis_account.rotation(verify=refuse).run()
    assert caught.value.undone
    assert (1, True) == (redis_account.passwords(), redis_account.logs_in())
    assert not redis_account.accepts(tried[0]["username"], tried[0]["password"])


def test_a_password_that_was_added_by_hand_ends_as_the_plan_states(redis_account: RedisAccount) -> None:
    redis_account.client.execute_command("ACL SETUSER", redis_account.name, ">by-hand")
    assert ["the former one keeps working, and any other one stops"] == [
        action.partition("; ")[2] for action in redis_account.rotation().plan().actions if "; " in action
    ][:1]
    assert redis_account.accepts(redis_account.name, "by-hand")
    redis_account.rotation().run()
    assert not redis_account.accepts(redis_account.name, "by-hand")


@pytest.mark.parametrize("act", ["resume", "rollback"])
def test_no_reader_is_locked_out_by_a_rotator_that_is_killed_after_any_change(
    new_account: Callable[[], RedisAccount], act: str
) -> None:
    for acts in itertools.count(1):
        account = new_account()
        if not killed_after(acts, lambda: account.rotation(grace=0.0)):  # noqa: B023
            break
        assert account.logs_in(), acts
        getattr(account.rotation(), act)()
        assert account.logs_in(), acts
        assert not account.rotation().status().open
        if act == "rollback":
            assert (account.name, account.first) == account.stored(), acts
        account.client.close()
    assert acts > 9


def test_a_restart_of_the_server_keeps_the_new_password(vault: VaultServer) -> None:
    with valkey_server() as server:
        account = RedisAccount(vault, server)
        account.rotation().run()
        account.client.close()
        server.stop()
        server.start()
        assert account.logs_in()
        assert account.accepts(account.name, account.first)


def test_a_server_without_a_file_for_its_users_causes_a_warning(
    vault: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    with valkey_server(saves=False) as server:
        account = RedisAccount(vault, server)
        with caplog.at_level(logging.WARNING, "toriconfig.rotation"):
            account.rotation().run()
        assert account.logs_in()
        account.client.close()
    assert "stores no users: a restart restores the users of its command line" in caplog.text


def test_users_that_cannot_be_stored_are_an_error_and_the_rotation_is_taken_back(vault: VaultServer) -> None:
    with valkey_server() as server:
        account = RedisAccount(vault, server)
        users = server.acl_file.read_text()
        server.acl_file.unlink()
        server.acl_file.mkdir()
        with pytest.raises(RotationError, match="error trying to save the ACLs"):
            account.rotation().run()
        assert account.logs_in()
        server.acl_file.rmdir()
        server.acl_file.write_text(users)
        account.rotation().rollback()
        assert (account.name, account.first) == account.stored()
        assert account.logs_in()
        account.client.close()


@pytest.mark.parametrize("password", ["pässwörd 密码", "with 'quotes' \" and \\", "#"])
def test_a_former_password_of_any_characters_keeps_working(redis_account: RedisAccount, password: str) -> None:
    redis_account.client.execute_command("ACL SETUSER", redis_account.name, "resetpass", f">{password}")
    redis_account.vault.put(redis_account.path, {"username": redis_account.name, "password": password})
    redis_account.rotation().run()
    assert redis_account.accepts(redis_account.name, password)
    redis_account.rotation().rollback()
    assert (password, True) == (redis_account.stored()[1], redis_account.logs_in())


def test_a_user_that_is_missing_is_not_created(redis_account: RedisAccount) -> None:
    def drop() -> None:
        redis_account.client.execute_command("ACL DELUSER", redis_account.name)

    with pytest.raises(RotationError, match=f"there is no user {redis_account.name} at Redis at 127.0.0.1"):
        redis_account.rotation(on_event=at("apply", "started", drop)).run()
    assert redis_account.client.acl_getuser(redis_account.name) is None
    redis_account.client.execute_command(
        "ACL SETUSER", redis_account.name, "on", f">{redis_account.first}", "~*", "+get"
    )
    redis_account.rotation().rollback()
    assert redis_account.logs_in()


def test_an_unknown_user_is_refused(redis_account: RedisAccount) -> None:
    redis_account.vault.put(redis_account.path, {"username": "unknown", "password": "x"})
    with pytest.raises(RotationRefused, match="does not log in to Redis at .*WRONGPASS|invalid username-password"):
        redis_account.rotation().run()
    assert redis_account.client.acl_getuser("unknown") is None


def test_a_user_without_a_password_is_refused(redis_account: RedisAccount) -> None:
    redis_account.client.execute_command("ACL SETUSER", redis_account.name, "nopass")
    with pytest.raises(RotationRefused, match="accepts any password of app_") as caught:
        redis_account.rotation().run()
    assert "resetpass" in caught.value.help


def test_an_administrator_without_the_rights_is_refused(redis_account: RedisAccount) -> None:
    weak = f"weak_{secrets.token_hex(4)}"
    redis_account.client.execute_command("ACL SETUSER", weak, "on", ">x", "+acl|getuser")
    redis_account.vault.put("secret/weak", {"username": weak, "password": "x"})
    rotation = redis_account.rotation(kind=redis_account.kind(admin="secret/weak"))
    for act in (rotation.plan, rotation.run):
        with pytest.raises(RotationRefused, match="has no permissions to run.*; nothing was changed") as caught:
            act()
        assert f"ACL SETUSER {weak} +acl|setuser" in caught.value.help
    redis_account.client.execute_command("ACL SETUSER", weak, "+acl|setuser")
    with pytest.raises(RotationError, match="acl.save") as failed:
        rotation.run()
    assert redis_account.logs_in()
    redis_account.client.execute_command("ACL SETUSER", weak, "+acl|save")
    redis_account.rotation(kind=redis_account.kind(admin="secret/weak")).rollback()
    assert failed.value.help
    assert redis_account.logs_in()


def test_the_administrator_rotates_its_own_password(vault: VaultServer) -> None:
    with valkey_server() as server:
        account = RedisAccount(vault, server)
        rotation = Rotation("secret/redis-admin", account.kind(), environ=vault.environ, min_age=0.0)
        former = server.password
        for _ in range(2):
            rotation.run()
        stored = vault.get("secret/redis-admin")
        assert (True, False) == (account.accepts("default", stored["password"]), account.accepts("default", former))
        account.client.close()


def test_the_command_line_rotates_reports_and_rolls_back(redis_account: RedisAccount) -> None:
    environ, path = redis_account.vault.environ, redis_account.path
    setup = ["--kind", "redis", "--url", redis_account.server.url, "--admin", redis_account.admin]
    assert (0, f"rotated {path} (redis, version 1 to 2)\n") == rotate(environ, path, *setup)[:2]
    code, items = rotate_json(environ, path, "--status")
    assert (0, "redis") == (code, items[0]["kind"])
    assert 0 == rotate(environ, path, "--due", "--max-age", "0s", "--force")[0]
    assert not redis_account.accepts(redis_account.name, redis_account.first)
    second = redis_account.stored()
    assert 0 == rotate(environ, path, "--rollback")[0]
    assert second != redis_account.stored()
    assert redis_account.logs_in()
    code, _, err = rotate(environ, path, "--kind", "redis", "--url", redis_account.server.url, "--single")
    assert (2, True) == (code, "--single is an option of kind" in err)


def test_neither_the_server_nor_an_output_shows_a_password(
    redis_account: RedisAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, seen, client = Canary(), list[str](), redis_account.client
    monkeypatch.setattr(_account, "random_text", lambda: new.secret)
    plain: Any = redis.Redis(port=redis_account.server.port, password=redis_account.server.password)
    client.config_set("slowlog-log-slower-than", 0)
    events: list[Any] = []
    rotation = redis_account.rotation(on_event=events.append, grace=0.0)

    def listen(monitor: Any) -> None:
        for said in monitor.listen():
            seen.append(said["command"])
            if said["command"] == "ECHO end":
                return

    with client.monitor() as monitor, new.watch():
        listener = threading.Thread(target=listen, args=(monitor,), daemon=True)
        listener.start()
        plan, outcome = rotation.plan(), rotation.run()
        client.echo("end")
        listener.join(20)
    slow = plain.execute_command("SLOWLOG GET", "-1")
    client.config_set("slowlog-log-slower-than", 10_000)
    plain.close()
    assert any("ACL" in one for one in [*seen, str(slow)])
    logged = [
        *seen,
        str(slow),
        str(client.acl_log()),
        redis_account.server.output(),
        redis_account.server.acl_file.read_text(),
    ]
    new.absent_from(*logged, plan, outcome, rotation, rotation.kind, *events)
    assert redis_account.first not in str(logged)
    assert hashlib.sha256(new.secret.encode()).hexdigest() in redis_account.server.acl_file.read_text()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://u:c4n4ry@cache", "must not hold credentials"),
        ("http://cache", "cannot be read"),
        ("cache:6379", "cannot be read"),
        ("redis://", "cannot be read"),
        ("redis://cache:c4n4ry", "cannot be read"),
        ("redis://cache/1", "more than host and port"),
        ("redis://cache?password=c4n4ry", "more than host and port"),
    ],
)
def test_a_url_that_is_wrong_is_refused_and_not_shown(url: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected) as caught:
        RedisUser(url, "secret/admin")
    assert "c4n4ry" not in str(caught.value)


def test_a_user_of_redis_needs_an_administrator() -> None:
    with pytest.raises(ValueError, match="needs an administrator"):
        RedisUser("redis://cache")


def test_the_schemes_of_valkey_are_those_of_redis(redis_account: RedisAccount) -> None:
    kind = RedisUser(redis_account.server.url.replace("redis://", "valkey://"), redis_account.admin)
    redis_account.rotation(kind=kind).run()
    assert redis_account.logs_in()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=redis_account.server.port, username=redis_account.name, password="x").get("app:x")
