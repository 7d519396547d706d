"""Two rotators of one secret: the replaced one stops before it does harm; writes of others are kept."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from support.rotating import Account, at, killed_after, own_session
from toriconfig.errors import VaultSealed, VaultUnreachable
from toriconfig.rotation import Rotation, RotationError, RotationLost, RotationRefused, kinds
from toriconfig.rotation.kinds import _postgres
from toriconfig.testing import VaultServer, vault_server


@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
@pytest.mark.parametrize("step", ["apply", "verify", "promote"])
def test_a_rotator_that_was_resumed_by_another_loses(account: Account, single: bool, step: str) -> None:
    successor = account.rotation(single=single, who="the successor")
    first = account.rotation(single=single, who="the first", on_event=at(step, "started", successor.resume))
    with pytest.raises(RotationLost, match="by the successor") as lost:
        first.run()
    assert "the successor" == lost.value.winner
    assert account.logs_in()
    assert ("done", "the successor") == (first.status().step, first.status().who)


@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
@pytest.mark.parametrize("step", ["apply", "verify", "promote"])
def test_a_rotator_that_was_rolled_back_by_another_loses(account: Account, single: bool, step: str) -> None:
    other = account.rotation(single=single, who="the other")
    first = account.rotation(single=single, on_event=at(step, "started", other.rollback))
    with pytest.raises(RotationLost, match="by the other"):
        first.run()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()
    assert ("undone", False) == (first.status().step, first.status().open)


def test_a_rollback_between_the_last_check_and_the_promotion_wins(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = account.rotation(single=True, environ=own_session(account.vault, 1))
    first = account.rotation(single=True, environ=own_session(account.vault, 2))
    request, path = first.session.client.request, account.path.replace("secret/", "secret/data/")
    rolled_back: list[object] = []

    def late(method: str, asked: str, *arguments: Any, **options: Any) -> Any:
        if method == "POST" and asked == path and not rolled_back:
            rolled_back.append(other.rollback())
        return request(method, asked, *arguments, **options)

    monkeypatch.setattr(first.session.client, "request", late)
    with pytest.raises(RotationLost):
        first.run()
    assert 1 == len(rolled_back)
    assert (account.name, account.first) == account.stored()
    assert account.logs_in(), "the password was not put back under a promotion that still came"


def test_a_rollback_finds_a_promotion_that_was_not_recorded(account: Account) -> None:
    promoted = threading.Event()
    first = account.rotation(single=True, environ=own_session(account.vault, 3), timeout=0.5)
    request, path = first.session.client.request, account.path.replace("secret/", "secret/data/")

    def unheard(method: str, asked: str, *arguments: Any, **options: Any) -> Any:
        if promoted.is_set():
            raise VaultUnreachable("Vault is gone", reference=asked)
        answer = request(method, asked, *arguments, **options)
        if method == "POST" and asked == path:
            promoted.set()
        return answer

    first.session.client.request = unheard  # type: ignore[method-assign,assignment]
    with pytest.raises(VaultUnreachable, match="the new value is in use, .* --resume` completes it"):
        first.run()
    assert ("verified", True) == (account.rotation().status().step, account.rotation().status().open)
    assert account.stored() != (account.name, account.first)
    account.rotation(single=True).rollback()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()


def test_a_rotator_replaced_while_waiting_sets_no_password(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has logged in to set the password; before it has the lock, another rotator rolls back."""
    other = account.rotation(single=True, environ=own_session(account.vault, 4))
    change, waited = _postgres.Server.change, threading.Lock()

    def slow(self: Any, *arguments: Any, rehearse: bool = False) -> None:
        if not rehearse and waited.acquire(blocking=False):
            other.rollback()
        change(self, *arguments, rehearse=rehearse)

    monkeypatch.setattr(_postgres.Server, "change", slow)
    with pytest.raises(RotationLost):
        account.rotation(single=True, environ=own_session(account.vault, 5)).run()
    assert account.logs_in()


def test_a_rotator_that_finds_a_single_users_password_changed_has_lost(account: Account) -> None:
    """The other began after the record was read, and has applied: the stored credential is refused for the moment."""

    class Late(kinds.DatabaseUser):
        def plan(self, work: Any, current: Any) -> list[str]:
            assert killed_after(4, lambda: account.rotation(single=True, who="the quicker one"))
            return super().plan(work, current)

    kind = Late(account.conninfo, "secret/admin", single=True)
    with pytest.raises(RotationLost, match="by the quicker one"):
        Rotation(account.path, kind, environ=account.vault.environ).run()
    account.rotation(single=True).resume()
    assert account.logs_in()


def test_concurrent_writes_to_other_keys_are_kept(vault: VaultServer) -> None:
    vault.put("secret/shared", {"token": "old", "other": "old"})

    def write() -> None:
        vault.put("secret/shared", {"token": "old", "other": "new"})

    rotation = Rotation(
        "secret/shared#token", kinds.Generated(), environ=vault.environ, on_event=at("verify", "done", write)
    )
    assert (1, 3) == (rotation.run().former, rotation.status().version)
    assert "new" == vault.get("secret/shared")["other"]
    assert "old" != vault.get("secret/shared")["token"]
    rotation.rollback()
    assert {"token": "old", "other": "new"} == vault.get("secret/shared")


def test_concurrent_writes_to_the_same_key_are_kept(account: Account) -> None:
    vault = account.vault

    def write() -> None:
        vault.put(account.path, {"username": account.name, "password": account.first, "note": "by hand"})
        vault.put(account.path, {"username": "by hand", "password": "by hand"})

    for single in (False, True):
        vault.put(account.path, {"username": account.name, "password": account.first})
        with pytest.raises(
            RotationError, match="another program wrote .* in the meantime.*; the former value is valid"
        ):
            account.rotation(single=single, on_event=at("verify", "done", write)).run()
        assert ("by hand", "by hand") == account.stored()
        assert account.logs_in(account.name, account.first), "what was in use is valid still"


def test_a_secret_changed_since_is_not_rolled_back(vault: VaultServer) -> None:
    vault.put("secret/changed", {"token": "old"})
    rotation = Rotation("secret/changed#token", kinds.Generated(), environ=vault.environ)
    rotation.run()
    vault.put("secret/changed", {"token": "by hand"})
    with pytest.raises(
        RotationRefused, match="was changed since that rotation: version 3 is not the version that it created"
    ):
        rotation.rollback()
    assert "by hand" == vault.get("secret/changed")["token"]


def test_a_secret_that_did_not_exist_before_is_not_rolled_back(vault: VaultServer) -> None:
    vault.put("secret/first", {"note": "stays", "public_key": "of nobody"})
    rotation = Rotation("secret/first", kinds.KeyPair(), environ=vault.environ)
    rotation.run()
    made = vault.get("secret/first")
    with pytest.raises(RotationRefused, match="before that rotation secret/first had no private_key"):
        rotation.rollback()
    assert made == vault.get("secret/first")
    assert not rotation.status().open


def test_a_rollback_can_be_rolled_back_by_naming_the_version(account: Account) -> None:
    account.rotation().run()
    made = account.stored()
    account.rotation().rollback()
    assert (account.name, account.first) == account.stored()
    account.rotation().rollback(to=2)
    assert made == account.stored()
    assert account.logs_in()


def test_an_open_rotation_of_another_kind_or_key_is_not_taken_over(vault: VaultServer) -> None:
    vault.put("secret/other", {"one": "old", "two": "old"})
    one = Rotation("secret/other#one", kinds.Generated(), environ=vault.environ, verify=lambda _: seen())
    two = Rotation("secret/other#two", kinds.Generated(), environ=vault.environ)
    given = Rotation("secret/other#one", kinds.Given(), environ=vault.environ)

    def seen() -> None:
        with pytest.raises(RotationLost, match="secret/other is being rotated by"):
            two.run()
        with pytest.raises(RotationRefused, match="is of one, not of two"):
            two.resume()
        with pytest.raises(RotationRefused, match="of kind generated, not given"):
            given.rollback()

    one.run()
    assert "old" == vault.get("secret/other")["two"]


def test_an_outage_of_vault_loses_nothing(account: Account) -> None:
    vault = account.vault
    rotation = account.rotation(single=True, on_event=at("apply", "started", vault.seal), timeout=1.0)
    with pytest.raises(VaultSealed, match="no reader is locked out.* --resume` completes it"):
        rotation.run()
    vault.unseal()
    assert account.logs_in()
    assert "rotated" == account.rotation(single=True).resume().result
    assert account.logs_in()
    assert (account.name, account.first) != account.stored()


def test_the_record_keeps_one_version_if_something_else_was_deleted(vault: VaultServer) -> None:
    vault.put("secret/moved", {"token": "the former one"})
    for _ in range(2):
        vault.put("secret/moved.rotation", {"something": "else"})
    vault.delete("secret/moved.rotation")
    Rotation("secret/moved#token", kinds.Generated(), environ=vault.environ).run()
    versions = vault.client.secrets.kv.v2.read_secret_metadata("moved.rotation")["data"]["versions"]
    assert 1 == len(versions)


def test_the_record_keeps_one_version_and_no_value_once_it_is_closed() -> None:
    with vault_server({"secret/kept": {"token": "old"}}) as vault:
        held: list[Any] = []

        def look() -> None:
            held.append(vault.get("secret/kept.rotation"))

        rotation = Rotation(
            "secret/kept#token", kinds.Given("the new one"), environ=vault.environ, on_event=at("apply", "done", look)
        )
        rotation.run()
        assert "the new one" == held[0]["pending"]["token"]
        versions = vault.client.secrets.kv.v2.read_secret_metadata("kept.rotation")["data"]["versions"]
        assert 1 == len(versions)
        assert "the new one" not in str(vault.get("secret/kept.rotation"))
        assert ["token"] == vault.get("secret/kept.rotation")["keys"]
        notes = vault.client.secrets.kv.v2.read_secret_metadata("kept")["data"]["custom_metadata"]
        assert ["rotated_at.token"] == list(notes)
