"""Rotation under use: logins all the time, several rotators at once, a program that follows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import BaseModel

from support.rotating import Account, own_session
from toriconfig import Ref, Secret, Vault, lazy, load, on_change
from toriconfig.rotation import Rotation, RotationError, RotationLost, kinds
from toriconfig.testing import VaultServer


class Credentials(BaseModel):
    username: str
    password: str


def follower(account: Account, seconds: float) -> Secret[Credentials]:
    class Program(BaseModel):
        credentials: Annotated[Secret[Credentials], Ref(account.path)]

    return load(Program, environ=account.vault.environ, vault=Vault(refresh_interval=seconds)).credentials


def log_in_while(account: Account, readers: int, rotate: Callable[[Callable[[], None]], None]) -> tuple[int, int]:
    """Log in all the time with the credential of the program; return the numbers of accepted and refused logins.

    `rotate` is given a function that waits until every reader has looked and logged in again.
    """
    secret = follower(account, 0.1)
    accepted, refused, stop = [0] * readers, [0] * readers, threading.Event()

    def read(number: int) -> None:
        while not stop.is_set():
            held = secret.get()
            if account.logs_in(held.username, held.password):
                accepted[number] += 1
            else:
                refused[number] += 1
            time.sleep(0.01)

    def wait_for_all() -> None:
        username = account.stored()[0]
        while secret.get().username != username:
            time.sleep(0.02)
        before = list(accepted)
        while any(now < then + 2 for now, then in zip(accepted, before, strict=True)) and not any(refused):
            time.sleep(0.02)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(readers)]
    for thread in threads:
        thread.start()
    try:
        rotate(wait_for_all)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return sum(accepted), sum(refused)


def rotate_under_logins(account: Account, rotations: int) -> None:
    names = []

    def rotate(wait_for_all: Callable[[], None]) -> None:
        for _ in range(rotations):
            account.rotation().run()
            names.append(account.stored()[0])
            wait_for_all()

    accepted, refused = log_in_while(account, 4, rotate)
    print(f"{rotations} rotations: {accepted} logins, {refused} refused")
    assert 0 == refused
    assert accepted > 4 * rotations
    assert {account.name, f"{account.name}_clone"} == set(names)


def test_no_login_fails_while_users_alternate(account: Account) -> None:
    rotate_under_logins(account, 3)


@pytest.mark.soak
def test_no_login_fails_in_twenty_rotations(account: Account) -> None:
    rotate_under_logins(account, 20)


def four_at_once(account: Account, number: int) -> list[str | RotationError]:
    outcomes: list[str | RotationError] = []
    start = threading.Barrier(4)

    def rotate(who: str) -> None:
        environ = own_session(account.vault, number)
        rotation = account.rotation(environ=environ, who=who, single=number % 2 == 1)
        start.wait()
        try:
            outcomes.append(rotation.run().result)
        except RotationError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=rotate, args=(f"rotator {who}",)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def rotate_four_at_once(account: Account, rounds: int) -> None:
    dead, won, lost = 0, 0, 0
    for number in range(rounds):
        outcomes = four_at_once(account, number)
        dead += not account.logs_in()
        won += outcomes.count("rotated")
        losers = [one for one in outcomes if isinstance(one, RotationError)]
        lost += len(losers)
        for loser in losers:
            assert isinstance(loser, RotationLost), repr(loser)
            assert loser.winner.startswith("rotator ")
            assert loser.since
            assert loser.winner in str(loser)
    print(f"{rounds} rounds of four: {won} won, {lost} lost, {dead} left a dead credential")
    assert 0 == dead
    assert 4 * rounds == won + lost
    assert won >= rounds
    assert lost >= rounds


def test_four_at_once_leave_a_credential_that_logs_in(account: Account) -> None:
    rotate_four_at_once(account, 4)


@pytest.mark.soak
def test_four_at_once_leave_a_credential_that_logs_in_twenty_times(account: Account) -> None:
    rotate_four_at_once(account, 20)


def test_a_program_sees_the_new_value_through_on_change(vault: VaultServer) -> None:
    vault.put("secret/program", {"token": "the first one"})

    class Program(BaseModel):
        token: Annotated[Secret[str], Ref("secret/program#token")]

    settings = lazy(Program, vault=Vault(address=vault.address, refresh_interval=0.05), environ=vault.environ)
    seen: list[str] = []
    uses: list[str] = []
    changed, stop = threading.Event(), threading.Event()

    def use() -> None:
        while not stop.is_set():
            uses.append(settings.token.get())
            time.sleep(0.002)

    def note(change: object) -> None:
        seen.append(settings.token.get())
        changed.set()

    thread = threading.Thread(target=use)
    thread.start()
    with_callback = on_change(settings, "token", note)
    time.sleep(0.1)
    Rotation("secret/program#token", kinds.Generated(), environ=vault.environ).run()
    assert changed.wait(10)
    stop.set()
    thread.join()
    with_callback.cancel()
    new = vault.get("secret/program")["token"]
    assert [new] == seen
    assert ["the first one", new] == list(dict.fromkeys([*uses, settings.token.get()]))
