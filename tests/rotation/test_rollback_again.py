"""A rollback that was not completed: the next one still restores the former value."""

from __future__ import annotations

from typing import Any

import pytest

from support.rotating import Account, Left, left_at
from toriconfig.rotation import Rotation, RotationError, RotationRefused, kinds
from toriconfig.testing import VaultServer


@pytest.fixture(autouse=True)
def _bad_value_in_use(vault: VaultServer) -> None:
    vault.put("secret/back", {"token": "good"})
    rotation(vault, value="bad").run()


def rotation(vault: VaultServer, value: str | None = None, **options: Any) -> Rotation:
    return Rotation("secret/back#token", kinds.Given(value), environ=vault.environ, **options)


def stored(vault: VaultServer) -> object:
    return vault.get("secret/back")["token"]


@pytest.mark.parametrize("step", ["apply", "verify", "promote", "grace"])
@pytest.mark.parametrize("act", ["rollback", "resume"])
def test_a_killed_rollback_is_completed(vault: VaultServer, step: str, act: str) -> None:
    with pytest.raises(Left):
        rotation(vault, grace=0.0, on_event=left_at(step)).rollback()
    assert "rotated" == getattr(rotation(vault), act)().result
    assert "good" == stored(vault)
    assert not rotation(vault).status().open


def test_a_rollback_that_did_not_verify_is_begun_again(vault: VaultServer) -> None:
    for _ in range(2):
        with pytest.raises(RotationError, match="rejected the value; the value that was to be rolled back is valid"):
            rotation(vault, verify=lambda _: False).rollback()
        assert "bad" == stored(vault)
    assert "rotated" == rotation(vault).rollback().result
    assert "good" == stored(vault)


def test_a_rollback_that_was_begun_with_a_verifier_is_not_completed_without_one(vault: VaultServer) -> None:
    with pytest.raises(Left):
        rotation(vault, verify=lambda _: False, on_event=left_at("verify")).rollback()
    with pytest.raises(RotationRefused, match="started with a verifier") as caught:
        rotation(vault).rollback()
    assert "--rollback" not in caught.value.help
    assert "rotated" == rotation(vault, verify=lambda _: True).rollback().result
    assert "good" == stored(vault)


def test_a_failed_rotation_does_not_roll_back_an_earlier_one(vault: VaultServer) -> None:
    """Without this, each repeated rollback would go back one more rotation."""
    with pytest.raises(RotationError, match="the former value is valid"):
        rotation(vault, value="worse", verify=lambda _: False).run()
    assert "nothing" == rotation(vault).rollback().result
    assert "bad" == stored(vault)


def test_a_user_whose_rollback_did_not_verify_is_rolled_back_by_the_next(account: Account) -> None:
    for single in (False, True):
        before = account.stored()
        account.rotation(single=single).run()
        with pytest.raises(RotationError, match="rejected the value"):
            account.rotation(single=single, verify=lambda _: False).rollback()
        assert account.logs_in()
        account.rotation(single=single).rollback()
        assert before == account.stored()
        assert account.logs_in()
