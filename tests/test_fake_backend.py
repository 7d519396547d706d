"""The fake backend: values for a load in place of Vault and of other backends, without a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.changes import Changes
from support.memory_backend import Memory
from toriconfig import ConfigError, Ref, Secret, explain, health, lazy, load, prefetch, refresh
from toriconfig.errors import (
    MissingCredentialError,
    SecretNotFound,
    VaultDenied,
    VaultNotFound,
    VaultSealed,
    VaultUnreachable,
)
from toriconfig.integrations.metrics import measure
from toriconfig.testing import Canary, FakeBackend


class Account(BaseModel):
    username: str
    password: str


class App(BaseModel):
    token: Secret[str]
    account: Annotated[Secret[Account] | None, Ref("database/creds/app")] = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def app(**options: Any) -> App:
    return lazy(App, **{"overrides": {"token": "${vault:secret/app#token}"}, "environ": {}, **options})


def test_references_to_vault_are_answered_with_their_version_and_origin(fake_backend: FakeBackend) -> None:
    assert 1 == fake_backend.put("secret/app", {"token": "t1"})
    fake_backend.put("database/creds/app", {"username": "u", "password": "p"})
    settings = app()
    assert settings.account is not None
    assert ("t1", "u") == (settings.token.get(), settings.account.get().username)
    assert 1 == settings.token.version
    assert "vault secret/app#token v1" == str(explain(settings, "token").origin)
    assert health(settings).ok


@pytest.mark.parametrize(
    "reference",
    ["secret/app#token", "secret/app?version=1#token", 'secret/"app"#"token"', "pki/issue/app?ttl=1h#token"],
)
def test_every_form_of_a_reference_is_answered(fake_backend: FakeBackend, reference: str) -> None:
    for path in ("secret/app", "pki/issue/app"):
        fake_backend.put(path, {"token": "t1"})
    assert "t1" == app(overrides={"token": f"${{vault:{reference}}}"}).token.get()


def test_a_pinned_version_stays_when_the_secret_is_rotated(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "t1"})
    pinned, newest = app(overrides={"token": "${vault:secret/app?version=1#token}"}), app()
    assert ("t1", "t1") == (pinned.token.get(), newest.token.get())
    assert 2 == fake_backend.put("secret/app", {"token": "t2"})
    assert ("t1", "t2") == (pinned.token.get(), newest.token.get())


def test_the_option_vault_path_and_eager_plain_fields_are_answered(fake_backend: FakeBackend) -> None:
    class Eager(BaseModel):
        size: int = 1
        token: Secret[str]

    fake_backend.put("secret/app", {"token": "t1", "size": 7})
    settings = load(Eager, vault_path="secret/app", vault_layer="eager", environ={})
    assert (7, "t1") == (settings.size, settings.token.get())


@pytest.mark.parametrize("scheme", ["aws", "memory"])
def test_references_to_other_backends_are_answered_without_a_call(fake_backend: FakeBackend, scheme: str) -> None:
    memory = Memory({})
    fake_backend.put(f"{scheme}:prod/db", {"password": "p1"})
    settings = app(overrides={"token": f"${{{scheme}:prod/db#password}}"}, backends=[memory])
    assert "p1" == settings.token.get()
    assert [] == memory.fetches
    fake_backend.put(f"{scheme}:prod/db", {"password": "p2"})
    assert "p2" == settings.token.get()
    fake_backend.delete(f"{scheme}:prod/db")
    with pytest.raises(SecretNotFound, match="token"):
        settings.token.get()


def test_a_put_is_a_rotation_that_on_change_receives(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "t1"})
    settings = app()
    changes = Changes(settings)
    assert "t1" == settings.token.get()
    fake_backend.put("secret/app", {"token": "t2"})
    change = changes.next()
    assert ("token", "rotated", "t2") == (change.path, change.kind, settings.token.get())
    fake_backend.delete("secret/app")
    assert "removed" == changes.next().kind


def test_a_missing_entry_is_an_error_with_the_line_that_adds_it(fake_backend: FakeBackend) -> None:
    with pytest.raises(VaultNotFound, match=r'fake_backend.put\("secret/app", \{...\}\)'):
        app().token.get()


def test_a_lower_layer_is_used_if_a_secret_is_missing_or_vault_is_unreachable(
    fake_backend: FakeBackend,
) -> None:
    settings = app(overrides=None, vault_path="secret/app", env_prefix="A_", environ={"A_TOKEN": "lower"})
    assert "lower" == settings.token.get()
    fake_backend.fail("secret/app", VaultUnreachable("no answer"))
    assert "lower" == settings.token.get()
    fake_backend.fail("secret/app", None)
    fake_backend.put("secret/app", {"token": "t1"})
    assert "t1" == settings.token.get()


@pytest.mark.parametrize("error", [VaultDenied("no"), VaultSealed("no"), VaultUnreachable("no")])
def test_a_failure_is_raised_without_a_value_and_makes_an_existing_value_stale(
    fake_backend: FakeBackend, error: VaultDenied
) -> None:
    fake_backend.fail("secret/app", error)
    settings = app()
    with pytest.raises(type(error), match="token: no"):
        settings.token.get()
    with pytest.raises(ExceptionGroup):
        prefetch(settings)
    fake_backend.put("secret/app", {"token": "t1"})
    assert ("t1", "fresh") == (settings.token.get(), settings.token.state)
    fake_backend.fail("secret/app", error)
    assert ("t1", "stale", "no") == (
        settings.token.get(),
        settings.token.state,
        health(settings).secrets["token"].error,
    )


def test_reads_are_counted_for_the_test_and_for_metrics(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "t1"})
    settings = app()
    assert 0 == fake_backend.reads("secret/app")
    assert "t1" == settings.token.get()
    fake_backend.put("secret/app", {"token": "t2"})
    refresh(settings, "token")
    reads = fake_backend.reads("secret/app")
    assert 2 <= reads
    counted = {one.name: one.samples for one in measure(settings) if one.name.startswith("place.")}
    assert [float(reads)] == [one.value for one in counted["place.reads"] if one.labels["place"] == "secret/app"]
    assert [1.0] == [one.value for one in counted["place.rotations"] if one.labels["place"] == "secret/app"]


def test_a_coroutine_reads_the_fake_too(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "t1"})
    assert "t1" == asyncio.run(app().token.aget())


def test_an_offline_load_uses_no_backend(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"token": "t1"})
    with pytest.raises(MissingCredentialError):
        app(offline=True).token.get()
    assert 0 == fake_backend.reads("secret/app")


def test_the_fake_is_installed_for_its_block_alone() -> None:
    with FakeBackend({"secret/app": {"token": "outer"}}).installed():
        with FakeBackend({"secret/app": {"token": "inner"}}).installed():
            assert "inner" == app().token.get()
        assert "outer" == app().token.get()
    assert "missing" == app().token.state


def test_readers_on_many_threads_see_whole_versions(fake_backend: FakeBackend) -> None:
    fake_backend.put("database/creds/app", {"username": "0", "password": "0"})
    account = app(overrides={"token": "t"}).account
    assert account is not None
    torn: list[Account] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen = account.get()
            if seen.username != seen.password:
                torn.append(seen)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(200):
        fake_backend.put("database/creds/app", {"username": str(number), "password": str(number)})
    stop.set()
    for thread in threads:
        thread.join()
    assert [] == torn


def test_the_fake_shows_no_value(fake_backend: FakeBackend) -> None:
    canary = Canary()
    fake_backend.put("secret/app", {"token": canary.secret})
    settings = app()
    with canary.watch():
        assert canary.secret == settings.token.get()
        fake_backend.fail("secret/app", VaultDenied("no"))
        with pytest.raises(ConfigError) as caught:
            load(App, overrides={"token": "${vault:secret/app#token}", "x": 1}, environ={})
    canary.absent_from(fake_backend, settings, health(settings).as_dict(), caught.value)


def test_a_wrong_argument_is_refused_by_name() -> None:
    untyped: Any = FakeBackend
    calls: list[Callable[[], object]] = [
        lambda: untyped(7),
        lambda: untyped().put(7, {}),
        lambda: untyped().fail("a", "b"),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"(FakeBackend|put|fail)\(\) needs"):
            call()
