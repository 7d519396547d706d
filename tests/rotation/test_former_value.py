"""The former value: stored for as long as a rollback is possible, and destroyed once it is out of use."""

from __future__ import annotations

import pytest

from support.rotating import Account, Left, at, left_at
from toriconfig.rotation import Rotation, RotationRefused, kinds
from toriconfig.testing import VaultServer


def destroyed(vault: VaultServer, name: str) -> list[int]:
    versions = vault.client.secrets.kv.v2.read_secret_metadata(name)["data"]["versions"]
    return sorted(int(number) for number, version in versions.items() if version["destroyed"])


def test_a_value_that_is_stored_already_is_refused_and_destroys_nothing(vault: VaultServer) -> None:
    vault.put("secret/same", {"token": "s3cr3t", "other": "stays"})
    rotation = Rotation("secret/same#token", kinds.Given("s3cr3t"), environ=vault.environ, grace=0.0)
    with pytest.raises(RotationRefused, match="secret/same#token already holds that value: there is nothing to do"):
        rotation.run()
    assert {"token": "s3cr3t", "other": "stays"} == vault.get("secret/same")
    assert "" == rotation.status().step


def test_after_the_grace_no_version_holds_the_former_value(vault: VaultServer) -> None:
    for data in ({"token": "older"}, {"token": "old"}, {"token": "old", "other": "x"}):
        vault.put("secret/twice", data)
    Rotation("secret/twice#token", kinds.Generated(), environ=vault.environ, grace=0.0).run()
    assert [2, 3] == destroyed(vault, "twice")


def test_a_resume_need_not_repeat_the_grace(vault: VaultServer) -> None:
    vault.put("secret/resumed", {"token": "old"})
    left = Rotation(
        "secret/resumed#token", kinds.Generated(), environ=vault.environ, grace=0.0, on_event=left_at("promote")
    )
    with pytest.raises(Left):
        left.run()
    Rotation("secret/resumed#token", kinds.Generated(), environ=vault.environ).resume()
    assert [1] == destroyed(vault, "resumed")


def test_after_the_grace_a_former_value_that_was_deleted_cannot_be_undeleted(
    vault: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    for token in ("older", "old"):
        vault.put("secret/deleted", {"token": token})
    versions = vault.client.secrets.kv.v2

    def delete() -> None:
        versions.delete_secret_versions("deleted", [1, 2])

    act = at("grace", "started", delete)
    Rotation("secret/deleted#token", kinds.Generated(), environ=vault.environ, grace=0.0, on_event=act).run()
    assert [2] == destroyed(vault, "deleted")
    assert "secret/deleted: deleted versions cannot be read" in caplog.text
    assert "destroy them: 1" in caplog.text


def test_the_newest_version_is_never_destroyed(vault: VaultServer) -> None:
    vault.put("secret/again", {"token": "old"})

    def write_it_back() -> None:
        vault.put("secret/again", {"token": "old"})

    rotation = Rotation(
        "secret/again#token",
        kinds.Generated(),
        environ=vault.environ,
        grace=0.0,
        on_event=at("grace", "started", write_it_back),
    )
    rotation.run()
    assert {"token": "old"} == vault.get("secret/again")


@pytest.mark.parametrize("act", ["resume", "rollback"])
def test_a_path_that_keeps_one_version_can_be_rotated_on_and_back(account: Account, act: str) -> None:
    account.vault.client.secrets.kv.v2.update_metadata(account.name, max_versions=1)
    with pytest.raises(Left):
        account.rotation(single=True, on_event=left_at("promote")).run()
    getattr(account.rotation(single=True), act)()
    assert account.logs_in()
    assert not account.rotation().status().open


@pytest.mark.parametrize("act", ["resume", "rollback"])
def test_a_version_that_others_pushed_out_meanwhile_is_not_needed(account: Account, act: str) -> None:
    with pytest.raises(Left):
        account.rotation(grace=0.0, on_event=left_at("grace")).run()
    for number in range(12):
        account.vault.put(account.path, {**account.vault.get(account.path), "other": number})
    assert "rotated" == getattr(account.rotation(grace=0.0), act)().result
    assert account.logs_in()


@pytest.mark.parametrize("key", ["k" * 116, "k" * 117, "k" * 118, "k" * 300, "tab\there"])
def test_a_key_with_an_unusual_name_has_its_own_date(vault: VaultServer, key: str) -> None:
    vault.put("secret/long", {key: "old", f"{key}x": "old"})
    rotation = Rotation(f"secret/long#{key}", kinds.Generated(), environ=vault.environ)
    rotation.run()
    other = Rotation(f"secret/long#{key}x", kinds.Generated(), environ=vault.environ)
    assert rotation.status().rotated_at != other.status().rotated_at


def test_a_date_that_cannot_be_noted_does_not_leave_it_half_way(
    vault: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    vault.put("secret/noted", {"token": "old"})
    rules = {
        "secret/data/noted*": ["create", "read", "update"],
        "secret/metadata/noted*": ["create", "update", "patch"],
    }
    token = vault.new_token(vault.policy("noting", rules))

    def take_away() -> None:
        vault.policy("noting", {**rules, "secret/metadata/noted": ["read"]})

    rotation = Rotation(
        "secret/noted#token",
        kinds.Generated(),
        environ={**vault.environ, "VAULT_TOKEN": token},
        on_event=at("promote", "started", take_away),
    )
    assert "rotated" == rotation.run().result
    assert not rotation.status().open
    assert "secret/noted#token was rotated, but the time could not be stored with it" in caplog.text


def test_a_resume_finds_the_single_user_in_the_record(account: Account) -> None:
    with pytest.raises(Left):
        account.rotation(single=True, grace=0.0, on_event=left_at("grace")).run()
    assert "rotated" == account.rotation().resume().result
    assert account.logs_in()


def test_a_rollback_finds_the_single_user_in_the_record(account: Account) -> None:
    account.rotation(single=True).run()
    assert "rotated" == account.rotation(grace=0.0).rollback().result
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()
