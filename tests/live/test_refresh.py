"""`refresh`: every secret below a path is fetched now, once per place, and the changes are returned."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.faults import silent_server
from support.proxies import delay_proxy
from toriconfig import (
    Change,
    Ref,
    Secret,
    SettingsConfigDict,
    Vault,
    VaultNotFound,
    VaultUnreachable,
    arefresh,
    lazy,
    load,
    on_change,
    refresh,
)
from toriconfig.testing import VaultServer, vault_server


class Sub(BaseModel):
    c: Annotated[Secret[str], Ref("secret/two#c")]


class Schema(BaseModel):
    model_config = SettingsConfigDict(env_prefix="REFRESH_")

    a: Annotated[Secret[str], Ref("secret/one#a")]
    b: Annotated[Secret[str], Ref("secret/one#b")]
    sub: Sub


_numbers = count(600)


def alone(**options: Any) -> Vault:
    """A Vault that shares no session, and so no cache, with that of another test."""
    return Vault(refresh_interval=float(next(_numbers)), **options)


@pytest.fixture(name="server")
def _server(shared_vault_server: VaultServer) -> VaultServer:
    shared_vault_server.put("secret/one", {"a": "a1", "b": "b1"})
    shared_vault_server.put("secret/two", {"c": "c1"})
    return shared_vault_server


@pytest.fixture(name="settings")
def _settings(server: VaultServer) -> Any:
    settings = lazy(Schema, environ=server.environ, vault=alone())
    assert [settings.a.get(), settings.b.get(), settings.sub.c.get()] == ["a1", "b1", "c1"]
    server.forget_requests()
    return settings


def kinds(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.path, change.kind) for change in changes]


def asynchronously(settings: Any, path: str = "") -> list[Change]:
    return asyncio.run(arefresh(settings, path))


BOTH = pytest.mark.parametrize("ask", [refresh, asynchronously])


@BOTH
def test_changes_are_returned_and_the_new_values_are_in_place(
    server: VaultServer, settings: Any, ask: Callable[..., list[Change]]
) -> None:
    server.put("secret/one", {"a": "a2", "b": "b1"})
    changes = ask(settings)
    assert kinds(changes) == [("a", "rotated")]
    assert (changes[0].old_origin, changes[0].new_origin) != (None, None)
    assert settings.a.get() == "a2"


@BOTH
def test_a_place_is_requested_once_for_all_its_secrets(
    server: VaultServer, settings: Any, ask: Callable[..., list[Change]]
) -> None:
    assert ask(settings) == []
    assert [server.requests(f"secret/data/{name}", "read") for name in ("one", "two")] == [1, 1]


@pytest.mark.parametrize(
    ("path", "asked"), [("sub", [0, 1]), ("sub.c", [0, 1]), ("a", [1, 0]), ("b", [1, 0]), ("", [1, 1])]
)
def test_unrelated_paths_are_not_requested(server: VaultServer, settings: Any, path: str, asked: list[int]) -> None:
    refresh(settings, path)
    assert [server.requests(f"secret/data/{name}", "read") for name in ("one", "two")] == asked


def test_a_key_that_the_schema_does_not_have_is_named(settings: Any) -> None:
    with pytest.raises(KeyError, match="sbu"):
        refresh(settings, "sbu")


def test_a_section_without_secrets_sends_no_request() -> None:
    class Plain(BaseModel):
        size: int = 1

    assert refresh(load(Plain)) == []


def test_the_first_reading_of_a_secret_is_no_change(server: VaultServer) -> None:
    settings = load(Schema, environ=server.environ, vault=alone())
    assert refresh(settings) == []
    assert settings.a.state == "fresh"


def test_a_secret_that_appears_is_added_and_one_that_disappears_is_removed(server: VaultServer) -> None:
    server.put("secret/one", {"a": "a1"})
    settings = load(Schema, environ=server.environ, vault=alone())
    assert settings.b.get(None) is None
    settings.a.get()
    server.put("secret/one", {"b": "b1"})
    with pytest.raises(ExceptionGroup) as caught:
        refresh(settings)
    assert [(error.path, "a" in error.message) for error in caught.value.exceptions] == [("a", True)]  # type: ignore[union-attr]
    assert "changed nevertheless: a, b" in caught.value.__notes__
    server.put("secret/one", {"a": "a2", "b": "b1"})
    assert kinds(refresh(settings)) == [("a", "added")]


def test_each_failure_is_named_and_the_changes_of_the_others_are_reported_to_on_change(
    server: VaultServer, settings: Any
) -> None:
    told, heard = list[Change](), threading.Event()

    def callback(change: Change) -> None:
        told.append(change)
        heard.set()

    on_change(settings, "", callback)
    server.put("secret/one", {"a": "a2", "b": "b1"})
    server.delete("secret/two")
    with pytest.raises(ExceptionGroup, match="1 of 3 secrets could not be refreshed") as caught:
        refresh(settings)
    (error,) = caught.value.exceptions
    assert isinstance(error, VaultNotFound)
    assert error.path == "sub.c"
    assert heard.wait(10)
    assert kinds(told) == [("a", "rotated")]
    assert settings.sub.c.get() == "c1"  # one answer alone drops nothing


def test_an_outage_is_reported_within_the_deadline_and_read_values_stay(server: VaultServer) -> None:
    with silent_server() as silent:
        environ = {"VAULT_ADDR": silent.address, "VAULT_TOKEN": "t"}
        settings = load(Schema, environ=environ, vault=alone(timeout=0.5))
        began = time.monotonic()
        with pytest.raises(ExceptionGroup) as caught:
            refresh(settings)
        assert time.monotonic() - began < 5
    assert {type(error) for error in caught.value.exceptions} == {VaultUnreachable}
    assert len(caught.value.exceptions) == 3


def test_a_value_of_a_lower_layer_is_no_failure_unless_vault_is_unreachable(server: VaultServer) -> None:
    environ = {**server.environ, "REFRESH_A": "lower", "REFRESH_B": "lower"}
    server.delete("secret/one")
    settings = load(Schema, environ=environ, vault=alone())
    assert settings.a.get() == "lower"
    assert refresh(settings) == []
    server.put("secret/one", {"a": "a3", "b": "lower"})
    assert kinds(refresh(settings)) == [("a", "rotated")]


def test_calls_that_overlap_share_their_requests(server: VaultServer) -> None:
    with delay_proxy(server.address, 0.3) as proxy:
        settings = load(Schema, environ={**server.environ, "VAULT_ADDR": proxy.address}, vault=alone())
        settings.a.get()
        server.forget_requests()
        gate, results = threading.Barrier(8), list[Any]()

        def call() -> None:
            gate.wait()
            results.append(refresh(settings, "a"))

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [[]] * 8
    assert server.requests("secret/data/one", "read") == 1


def test_a_vault_that_is_available_again_gets_a_request_right_after_a_failure(server: VaultServer) -> None:
    with vault_server() as own:
        own.put("secret/one", {"a": "a1", "b": "b1"})
        settings = load(Schema, environ=own.environ, vault=alone(timeout=1.0))
        settings.a.get()
        own.stop()
        for _ in range(4):
            with pytest.raises(ExceptionGroup):
                refresh(settings, "a")
        own.start()
        own.put("secret/one", {"a": "a1", "b": "b1"})
        assert refresh(settings, "a") == []


def test_files_that_hold_secrets_are_read(tmp_path: Path) -> None:
    class Filed(BaseModel):
        key: Secret[str]

    (tmp_path / "key").write_text("one")
    settings = lazy(Filed, secrets_dir=tmp_path)
    assert settings.key.get() == "one"
    (tmp_path / "key").write_text("number two")
    assert kinds(refresh(settings)) == [("key", "rotated")]
