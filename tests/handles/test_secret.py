"""The sealed box: shows nothing, opens only by `get()`, and compares without fetching."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from toriconfig import Secret, SecretError
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._secrets.provider import Fixed, Flight, Reading, State
from toriconfig._secrets.secret import handle
from toriconfig.errors import VaultUnreachable

CANARY = "c4n4ry-of-the-sealed-box"


class Account(BaseModel):
    username: str
    password: str


class Scripted:
    """A provider whose answers the test writes."""

    def __init__(self, reference: str = "secret/x#k") -> None:
        self.reading: Reading | None = None
        self.fresh_until = float("-inf")
        self.now: Callable[[], float] = lambda: 0.0
        self.reference = reference
        self.settled = 0
        self.flights: Sequence[Flight] = ()
        self.state: State = "unread"
        self.age = None
        self.error: Exception | None = None
        self.origin = Origin("vault", reference)

    def answer(self, value: Any, version: int = 1) -> None:
        self.reading = Reading(value, Origin("vault", self.reference, version=version), version)

    def pending(self) -> Sequence[Flight]:
        return self.flights

    def refresh(self) -> Sequence[Flight]:
        return ()

    ask = refresh

    def settle(self) -> Reading:
        self.settled += 1
        if self.reading is None:
            raise VaultUnreachable("no answer", reference=self.reference)
        return self.reading

    def subscribe(self, swap: Any) -> Callable[[], None]:
        return lambda: None


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{:>40}".format,
        "{!r}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: Model(token=secret).model_dump_json(),
        lambda secret: repr(Model(token=secret)),
        lambda secret: str(Model(token=secret).model_dump()),
        lambda secret: json.dumps(Model(token=secret).model_dump(mode="json")),
    ],
)
def test_nothing_shows_the_value_nor_its_length(show: Callable[[Any], str]) -> None:
    short, long = show(Secret("x")), show(Secret(CANARY))
    assert CANARY not in long
    assert MASK in long
    assert short == long


class Model(BaseModel):
    token: Secret[str]


def test_a_dump_in_python_mode_holds_the_handle() -> None:
    secret = Secret(CANARY)
    assert Model(token=secret).model_dump()["token"] is secret


def test_the_mask_is_refused_as_a_value() -> None:
    with pytest.raises(ValueError, match="mask"):
        Secret(MASK)
    with pytest.raises(ValidationError, match="mask"):
        Model(token=MASK)  # type: ignore[arg-type]


def test_it_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"get\(None\)"):
        bool(Secret(CANARY))


@pytest.mark.parametrize("dump", [pickle.dumps, lambda secret: pickle.dumps([secret])])
def test_it_refuses_to_be_pickled_and_names_the_remedy(dump: Any) -> None:
    with pytest.raises(TypeError, match="lazy"):
        dump(Secret(CANARY))


def test_copies_are_the_same_handle() -> None:
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_it_is_no_str_and_cannot_be_joined_or_iterated() -> None:
    secret: Any = Secret(CANARY)
    assert not isinstance(secret, str)
    for use in (lambda: secret + "", lambda: ",".join(iter((secret,))), lambda: list(secret), lambda: len(secret)):
        with pytest.raises(TypeError):
            use()


@pytest.mark.parametrize(
    ("inner", "raw", "expected"),
    [
        (str, "123", "123"),
        (str, "true", "true"),
        (str, "1e5", "1e5"),
        (str, 5, "5"),
        (bytes, "text", b"text"),
        (int, "123", 123),
        (float, "1.5", 1.5),
        (Decimal, "1.10", Decimal("1.10")),
        (Account, {"username": "u", "password": "p"}, Account(username="u", password="p")),
        (Account, '{"username": "u", "password": "p"}', Account(username="u", password="p")),
    ],
)
def test_the_value_is_a_t_and_text_is_never_guessed(inner: Any, raw: Any, expected: Any) -> None:
    secret = handle(Fixed(raw, Origin("env", "X")), inner, "token")
    assert secret.get() == expected
    assert type(secret.get()) is type(expected)


@pytest.mark.parametrize(("inner", "raw"), [(int, CANARY), (Account, {"username": CANARY}), (Account, CANARY)])
def test_a_value_that_is_no_t_raises_without_showing_it(inner: Any, raw: Any) -> None:
    secret = handle(Fixed(raw, Origin("env", "X")), inner, "token")
    with pytest.raises(SecretError, match="token") as caught:
        secret.get()
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert secret.get("default") == "default"


def test_a_default_is_returned_instead_of_raising() -> None:
    secret = handle(Scripted(), str, "token")
    assert secret.get(None) is None
    with pytest.raises(VaultUnreachable, match="token: no answer"):
        secret.get()


def test_get_secret_value_returns_the_value() -> None:
    assert Secret(CANARY).get_secret_value() == CANARY


def test_a_fresh_value_is_returned_without_asking_the_provider() -> None:
    provider = Scripted()
    provider.answer("one")
    provider.fresh_until = 10.0
    secret = handle(provider, str, "token")
    assert [secret.get(), secret.get(), secret.get()] == ["one"] * 3
    assert provider.settled == 1


def test_a_swapped_value_is_seen_at_the_next_read_although_the_old_was_fresh() -> None:
    provider = Scripted()
    provider.answer("one")
    provider.fresh_until = 10.0
    secret = handle(provider, str, "token")
    assert secret.get() == "one"
    provider.answer("two", version=2)
    assert secret.get() == "two"
    assert secret.version == 2


def test_each_reading_is_converted_once() -> None:
    provider = Scripted()
    provider.answer({"username": "u", "password": "p"})
    secret = handle(provider, Account, "account")
    assert secret.get() is secret.get()


def test_aget_awaits_the_flight_and_does_not_block_the_loop() -> None:
    provider = Scripted()

    class Landing:
        def wait(self) -> None:
            raise AssertionError("blocked")

        async def await_end(self) -> None:
            await asyncio.sleep(0)
            provider.answer("landed")

    provider.flights = (Landing(),)
    assert asyncio.run(handle(provider, str, "token").aget()) == "landed"


def test_equality_never_fetches_and_unfetched_handles_are_equal_by_reference() -> None:
    one, same, other = (handle(Scripted(ref), str, "t") for ref in ("secret/x#k", "secret/x#k", "secret/y#k"))
    assert one == same
    assert one != other
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(one) == hash(same)
