"""Settings over a real OpenBao: the number of requests, the changes seen, and values that are never torn."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, cast

import pytest
from pydantic import BaseModel, create_model

from toriconfig import (
    MissingCredentialError,
    Ref,
    Secret,
    SettingsConfigDict,
    Vault,
    VaultDenied,
    VaultNotFound,
    aprefetch,
    explain,
    health,
    lazy,
    load,
    on_change,
    prefetch,
    reload,
)
from toriconfig._core.origin import LayerKind
from toriconfig.testing import Canary, VaultServer, reset_warnings, vault_server


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server


class Pair(BaseModel):
    username: str
    password: str


def together(count: int, work: Any) -> None:
    """Run `work` in that many threads at the same instant."""
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        work()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def schema(fields: dict[str, str], **config: Any) -> type[BaseModel]:
    """A schema whose fields are secrets at the given references."""
    declared: Any = {name: (Annotated[Secret[str], Ref(reference)], ...) for name, reference in fields.items()}
    made: Any = create_model("Made", __config__=SettingsConfigDict(**config), **declared)  # type: ignore[typeddict-item]
    return cast("type[BaseModel]", made)


def test_a_thousand_threads_reading_one_cold_secret_are_one_request(server: VaultServer) -> None:
    server.put("secret/thousand", {"key": "v"})
    settings: Any = load(schema({"key": "secret/thousand#key"}), environ=server.environ)
    seen: list[str] = []
    together(1000, lambda: seen.append(settings.key.get()))
    assert seen == ["v"] * 1000
    assert server.requests("secret/data/thousand", "read") == 1


def test_forty_fields_over_five_paths_are_five_requests(server: VaultServer) -> None:
    fields = {f"f{n}": f"secret/forty{n % 5}#k{n}" for n in range(40)}
    for path in range(5):
        server.put(f"secret/forty{path}", {f"k{n}": f"v{n}" for n in range(40)})
    settings: Any = load(schema(fields), environ=server.environ)
    prefetch(settings)
    assert [getattr(settings, name).get() for name in fields] == [f"v{n}" for n in range(40)]
    assert [server.requests(f"secret/data/forty{path}", "read") for path in range(5)] == [1] * 5
    asyncio.run(aprefetch(settings))
    assert [server.requests(f"secret/data/forty{path}", "read") for path in range(5)] == [1] * 5


def test_prefetch_names_each_failure(server: VaultServer) -> None:
    server.put("secret/partial", {"there": "v"})
    fields = {"a": "secret/partial#there", "b": "secret/partial#gone", "c": "secret/nowhere#x"}
    with pytest.raises(ExceptionGroup) as caught:
        prefetch(load(schema(fields), environ=server.environ))
    failures: dict[str, Any] = {getattr(error, "path", ""): error for error in caught.value.exceptions}
    assert set(failures) == {"b", "c"}
    assert all(isinstance(error, VaultNotFound) for error in failures.values())
    assert "secret/partial#gone" in failures["b"].reference


def test_a_text_with_several_references_comes_from_one_read(server: VaultServer) -> None:
    class Schema(BaseModel):
        url: Secret[str]

    server.put("secret/dsn", {"user": "u", "password": "p"})
    text = "postgresql://${vault:secret/dsn#user}:${vault:secret/dsn#password}@db/tori"
    settings = load(Schema, overrides={"url": text}, environ=server.environ)
    assert settings.url.get() == "postgresql://u:p@db/tori"
    assert server.requests("secret/data/dsn", "read") == 1


def test_two_keys_of_one_secret_are_never_torn(server: VaultServer) -> None:
    """Writers rotate a pair without pause while 8 threads read it 1.6 million times."""

    class Schema(BaseModel):
        pair: Annotated[Secret[Pair], Ref("secret/torn")]
        text: Secret[str]

    def write(number: int) -> None:
        server.put("secret/torn", {"username": f"u{number}", "password": f"p{number}"})

    write(0)
    settings = load(
        Schema,
        overrides={"text": "${vault:secret/torn#username}:${vault:secret/torn#password}"},
        environ=server.environ,
        vault=Vault(refresh_interval=0.05),
    )
    torn: list[str] = []
    stop = threading.Event()

    def rotate() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write(number)

    def read() -> None:
        pair, text = settings.pair, settings.text
        for number in range(200_000):
            value = pair.get()
            if value.username[1:] != value.password[1:]:
                torn.append(value.username)
            if number % 50 == 0:
                user, _, password = text.get().partition(":")
                if user[1:] != password[1:]:
                    torn.append(user)

    writer = threading.Thread(target=rotate)
    writer.start()
    together(8, read)
    stop.set()
    writer.join()
    assert torn == []
    version = settings.pair.version
    assert isinstance(version, int)
    assert version > 3


def test_a_rotation_is_seen_by_every_handle_and_reported_once_each(server: VaultServer) -> None:
    server.put("secret/rotating", {"key": "one"})
    fields = {f"f{n}": "secret/rotating#key" for n in range(50)}
    settings: Any = lazy(schema(fields), environ=server.environ, vault=Vault(refresh_interval=0.3))
    told: list[str] = []
    on_change(settings, "", lambda change: told.append(change.path))
    prefetch(settings)
    server.put("secret/rotating", {"key": "two"})
    deadline = time.monotonic() + 10
    while {getattr(settings, name).get() for name in fields} != {"two"} and time.monotonic() < deadline:
        time.sleep(0.02)
    while len(told) < 50 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert {getattr(settings, name).get() for name in fields} == {"two"}
    assert sorted(told) == sorted(fields)


def test_handles_keep_their_cache_across_a_reload(server: VaultServer) -> None:
    server.put("secret/kept", {"key": "v"})
    settings: Any = lazy(schema({"key": "secret/kept#key"}), environ=server.environ)
    assert settings.key.get() == "v"
    reload(settings)
    assert settings.key.get() == "v"
    assert server.requests("secret/data/kept", "read") == 1


def test_loading_sends_no_request(server: VaultServer) -> None:
    settings: Any = lazy(schema({"key": "secret/unread#key"}), environ=server.environ)
    assert repr(settings.key) == "Secret('**********')"
    assert health(settings).secrets["key"].state == "unread"
    assert explain(settings, "key").state == "unread"
    assert server.requests("secret/data/unread") == 0


def test_a_missing_credential_warns_once_for_32_threads_two_loads_and_a_reload(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Laptop(BaseModel):
        model_config = SettingsConfigDict(env_prefix="LAPTOP_", vault_path="secret/laptop")

        token: Secret[str]

    reset_warnings()
    settings = lazy(Laptop, environ={})

    def read() -> None:
        with pytest.raises(MissingCredentialError, match=r"token.*LAPTOP_TOKEN.*secret/laptop#token"):
            settings.token.get()

    with caplog.at_level(logging.WARNING):
        together(32, read)
        load(Laptop, environ={})
        reload(settings)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1, warnings
    assert "token" in warnings[0] and "LAPTOP_TOKEN" in warnings[0] and "VAULT_ADDR" in warnings[0]


def test_vault_overrides_the_environment_which_is_used_when_vault_has_no_value(
    server: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Layered(BaseModel):
        model_config = SettingsConfigDict(env_prefix="LAYERED_", vault_path="secret/layered")

        here: Secret[str]
        gone: Secret[str]

    reset_warnings()
    server.put("secret/layered", {"here": "from vault"})
    environ = {**server.environ, "LAYERED_HERE": "from env", "LAYERED_GONE": "from env"}
    settings = load(Layered, environ=environ)
    with caplog.at_level(logging.WARNING):
        assert [settings.gone.get() for _ in range(3)] == ["from env"] * 3
    assert settings.here.get() == "from vault"
    assert str(settings.gone.origin) == "LAYERED_GONE"
    assert len([record for record in caplog.records if "gone" in record.getMessage()]) == 1


def test_the_replacement_may_come_from_another_vault_path(server: VaultServer) -> None:
    class Either(BaseModel):
        first: Annotated[Secret[str], Ref("secret/nowhere#key")]
        second: Annotated[Secret[str], Ref("secret/second#key")]

    server.put("secret/second", {"key": "v"})
    layers: tuple[LayerKind, ...] = ("vault", "code", "env")
    settings = load(Either, overrides={"first": "${second}"}, layers=layers, environ=server.environ)
    assert settings.first.get() == "v"


def test_a_lower_layer_is_not_used_for_a_denied_path(server: VaultServer) -> None:
    class Denied(BaseModel):
        model_config = SettingsConfigDict(env_prefix="DENIED_", vault_path="secret/denied")

        token: Secret[str]

    server.put("secret/denied", {"token": "x"})
    environ = {**server.environ, "VAULT_TOKEN": server.new_token("default"), "DENIED_TOKEN": "from env"}
    with pytest.raises(VaultDenied, match="secret/(data/)?denied"):
        load(Denied, environ=environ).token.get()


def test_no_output_shows_a_rotating_secret(server: VaultServer, caplog: pytest.LogCaptureFixture) -> None:
    canary = Canary()
    server.put("secret/canary", {"key": canary.secret})
    settings: Any = lazy(schema({"key": "secret/canary#key", "bad": "secret/canary#none"}), environ=server.environ)
    with caplog.at_level(logging.DEBUG):
        assert settings.key.get() == canary.secret
        with pytest.raises(VaultNotFound) as caught:
            settings.bad.get()
    canary.absent_from(
        str(explain(settings, "key")), health(settings), repr(settings), caught.value, caplog.text, settings.key
    )


def test_an_address_without_a_login_counts_as_no_vault(server: VaultServer, tmp_path: Path) -> None:
    class NoLogin(BaseModel):
        model_config = SettingsConfigDict(env_prefix="NOLOGIN_", vault_path="secret/nologin")

        token: Secret[str]
        other: Secret[str]

    environ = {"VAULT_ADDR": server.address, "HOME": str(tmp_path), "NOLOGIN_TOKEN": "from env"}
    settings = load(NoLogin, environ=environ)
    assert settings.token.get() == "from env"
    with pytest.raises(MissingCredentialError, match="VAULT_TOKEN"):
        settings.other.get()
