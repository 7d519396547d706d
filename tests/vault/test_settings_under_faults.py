"""Settings while Vault misbehaves: each outcome of the table, in time, and health that never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from pydantic import create_model

from support.faults import (
    Answer,
    answering_server,
    black_hole,
    dripping_server,
    garbage_server,
    refusing_address,
    silent_server,
)
from toriconfig import (
    Secret,
    SettingsConfigDict,
    Vault,
    VaultDenied,
    VaultError,
    VaultNotFound,
    VaultSealed,
    VaultUnreachable,
    health,
    lazy,
    load,
)
from toriconfig.testing import VaultServer, vault_server

TIMEOUT = 1.0


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        server.put("secret/faults", {"key": "v"})
        yield server


def settings_at(environ: dict[str, str], fields: int = 1, path: str = "secret/faults") -> Any:
    declared: Any = {f"f{n}": (Secret[str], ...) for n in range(fields)}
    config = SettingsConfigDict(vault_path=path, frozen=True)
    made = create_model("Faulty", __config__=config, **declared)
    return lazy(made, environ=environ, vault=Vault(timeout=TIMEOUT))


def read(environ: dict[str, str]) -> tuple[VaultError, float]:
    """The error of a cold read, and the seconds it took."""
    secret = settings_at(environ).f0
    began = time.monotonic()
    with pytest.raises(VaultError) as caught:
        secret.get()
    return caught.value, time.monotonic() - began


@pytest.mark.parametrize("fault", [black_hole, silent_server, dripping_server])
def test_a_vault_that_does_not_answer_is_unreachable_within_the_deadline(
    fault: Any,
) -> None:
    manager: AbstractContextManager[Any] = fault()
    with manager as faulty:
        address = faulty if isinstance(faulty, str) else faulty.address
        error, took = read({"VAULT_ADDR": address, "VAULT_TOKEN": "t"})
    assert isinstance(error, VaultUnreachable)
    assert took <= TIMEOUT * 1.1 + 0.3  # the machine's own hiccups


def test_a_refusing_address_and_garbage_are_unreachable_at_once() -> None:
    assert isinstance(read({"VAULT_ADDR": refusing_address(), "VAULT_TOKEN": "t"})[0], VaultUnreachable)
    with garbage_server() as faulty:
        assert isinstance(read({"VAULT_ADDR": faulty.address, "VAULT_TOKEN": "t"})[0], VaultUnreachable)
    with answering_server(lambda _: Answer(200, b"<html>proxy</html>")) as faulty:
        assert isinstance(read({"VAULT_ADDR": faulty.address, "VAULT_TOKEN": "t"})[0], VaultUnreachable)


def test_a_server_error_is_unreachable_within_the_deadline() -> None:
    with answering_server(lambda _: Answer(500, {"errors": ["internal"]})) as faulty:
        error, took = read({"VAULT_ADDR": faulty.address, "VAULT_TOKEN": "t"})
    assert isinstance(error, VaultUnreachable)
    assert took <= TIMEOUT * 1.1 + 0.3


def test_wrong_token_no_policy_and_no_key_are_distinguished(server: VaultServer) -> None:
    wrong, _ = read({**server.environ, "VAULT_TOKEN": "hvs.no-such-token"})
    forbidden, _ = read({**server.environ, "VAULT_TOKEN": server.new_token("default")})
    absent, _ = read(dict(server.environ))
    assert isinstance(wrong, VaultDenied)
    assert isinstance(forbidden, VaultDenied)
    assert "read" in str(forbidden) and "faults" in str(forbidden)
    assert isinstance(absent, VaultNotFound)
    assert "f0" in str(absent) and "secret/faults" in str(absent)


def test_sealed_is_its_own_error_and_is_over_when_unsealed(server: VaultServer) -> None:
    server.put("secret/sealed", {"f0": "v"})
    settings = settings_at(dict(server.environ), path="secret/sealed")
    server.seal()
    try:
        with pytest.raises(VaultSealed, match="unseal"):
            settings.f0.get()
    finally:
        server.unseal()
    deadline = time.monotonic() + 10
    while settings.f0.get(None) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert settings.f0.get() == "v"


def test_health_answers_from_memory_while_vault_hangs() -> None:
    """Less than a millisecond of CPU for 100 secrets, and no lock that the hanging reads hold."""
    with silent_server() as faulty:
        settings = settings_at({"VAULT_ADDR": faulty.address, "VAULT_TOKEN": "t"}, 100)
        readers = [threading.Thread(target=lambda: settings.f0.get(None)) for _ in range(8)]
        assert len(health(settings).secrets) in (0, 100)
        for reader in readers:
            reader.start()
        time.sleep(0.1)
        costs: list[float] = []
        state = health(settings)
        for _ in range(20):
            began, wall = time.thread_time(), time.monotonic()
            state = health(settings)
            costs.append(time.thread_time() - began)
            assert time.monotonic() - wall < TIMEOUT / 2
        assert {secret.state for secret in state.secrets.values()} <= {"unread", "missing"}
        assert min(costs) < 0.001
        for reader in readers:
            reader.join()


def test_health_answers_while_the_first_load_is_under_way() -> None:
    inside, go = threading.Event(), threading.Event()

    class Slow(dict[str, str]):
        def items(self) -> Any:
            inside.set()
            go.wait(10)
            return super().items()

        def __iter__(self) -> Any:
            inside.set()
            go.wait(10)
            return super().__iter__()

    made = create_model("Slow", __config__=SettingsConfigDict(env_prefix="SLOW_"), name=(str, "x"))
    settings: Any = lazy(made, environ=Slow(), offline=True)
    loader = threading.Thread(target=lambda: settings.name)
    loader.start()
    assert inside.wait(10)
    assert not health(settings).loaded
    go.set()
    loader.join()
    assert health(settings).loaded


def test_a_load_never_waits_for_vault() -> None:
    with black_hole() as faulty:
        address = faulty if isinstance(faulty, str) else faulty.address
        made = create_model(
            "Loads", __config__=SettingsConfigDict(vault_path="secret/x"), token=(Secret[str], ...), name=(str, "n")
        )
        began = time.monotonic()
        settings: Any = load(made, environ={"VAULT_ADDR": address, "VAULT_TOKEN": "t"}, vault=Vault(timeout=30))
        assert settings.name == "n"
        assert time.monotonic() - began < 10
