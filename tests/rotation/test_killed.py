"""A rotator that is killed after each of its writes leaves a credential that logs in, or one that `resume` restores."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.rotating import Account, killed_after
from toriconfig.rotation import Rotation, RotationLost

NewAccount = Callable[[], Account]

# of one rotation, in order: the record's metadata, reserve, the password, applied, verified, promote, promoted,
# rotated_at, (the former user's login,) done
APPLIED, PROMOTED = 3, 6


def last(single: bool) -> int:
    return 9 if single else 10


def killed(account: Account, acts: int, *, single: bool) -> bool:
    return killed_after(acts, lambda: account.rotation(single=single, grace=None if single else 0.0, who="the killed"))


def left_behind(account: Account, acts: int, *, single: bool) -> Rotation:
    """Check the state after a killed rotator; return the rotation that can continue."""
    rotation = account.rotation(single=single, who="the successor")
    if single and APPLIED <= acts < PROMOTED:
        assert not account.logs_in(), "the single user's former password is dead: that is why it must be asked for"
    else:
        assert account.logs_in()
    status = rotation.status()
    assert status.open == (2 <= acts < last(single))
    if status.open:
        assert "the killed" == status.who
        with pytest.raises(RotationLost, match="by the killed since 2") as lost:
            rotation.run()
        assert "the killed" == lost.value.winner
    return rotation


@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
def test_resume_completes_from_every_step(new_account: NewAccount, single: bool) -> None:
    acts = 1
    while killed(account := new_account(), acts, single=single):
        rotation = left_behind(account, acts, single=single)
        before = account.stored()
        outcome = rotation.resume()
        assert account.logs_in(), f"after {acts} writes"
        assert not rotation.status().open
        assert ("rotated" if 2 <= acts < last(single) else "nothing") == outcome.result
        assert (before != account.stored()) == (2 <= acts < PROMOTED)
        assert "nothing" == rotation.resume().result
        if acts >= 2:
            assert "pending" not in account.vault.get(f"{account.path}.rotation")
        acts += 1
    assert last(single) == acts - 1, "each write was the last one once"


def roll_back(account: Account, acts: int, *, single: bool) -> None:
    assert killed(account, acts, single=single)
    rotation = left_behind(account, acts, single=single)
    rotation.rollback()
    assert account.logs_in(), f"after {acts} writes"
    assert (account.name, account.first) == account.stored()
    assert not rotation.status().open
    account.rotation(single=single).run()
    assert account.logs_in()


@pytest.mark.parametrize("acts", [3, 6, 9])
@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
def test_rollback_completes(account: Account, single: bool, acts: int) -> None:
    roll_back(account, acts, single=single)


@pytest.mark.soak
@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
def test_rollback_completes_from_every_step(new_account: NewAccount, single: bool) -> None:
    for acts in range(2, last(single) + 1):
        roll_back(new_account(), acts, single=single)


@pytest.mark.parametrize("acts", [2, 4, 5, 7])
def test_a_successor_can_be_killed_too(account: Account, acts: int) -> None:
    assert killed(account, acts, single=True)
    assert killed_after(2, lambda: _resuming(account))
    assert "rotated" == account.rotation(single=True).resume().result
    assert account.logs_in()


def _resuming(account: Account) -> Rotation:
    rotation = account.rotation(single=True)
    rotation.run = rotation.resume  # type: ignore[method-assign,assignment]
    return rotation
