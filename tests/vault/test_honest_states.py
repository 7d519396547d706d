"""Missing secrets are not reported healthy, unread ones are not reported missing, and no loss is silent."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.faults import Answer, answering_server
from toriconfig import (
    Change,
    ConfigError,
    Ref,
    Secret,
    SettingsConfigDict,
    Vault,
    VaultNotFound,
    VaultSealed,
    VaultUnreachable,
    health,
    lazy,
    load,
    on_change,
    reload,
)
from toriconfig.testing import VaultServer, vault_server


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server


class Two(BaseModel):
    model_config = SettingsConfigDict(env_prefix="HONEST_", vault_path="secret/honest")

    here: Secret[str]
    gone: Secret[str]


def test_a_key_that_its_path_lacks_is_missing_before_and_after_it_is_read(server: VaultServer) -> None:
    server.put("secret/honest", {"here": "v"})
    settings = load(Two, environ=server.environ)
    assert settings.here.get() == "v"
    for _ in range(2):
        assert settings.gone.state == "missing"
        assert not health(settings).ok
        assert "gone" in health(settings).secrets["gone"].error
        assert settings.gone.get(None) is None
    assert health(settings).secrets["here"].state == "fresh"


def test_a_key_deleted_from_a_live_path_is_missing_and_reported(server: VaultServer) -> None:
    class Goes(BaseModel):
        a: Annotated[Secret[str], Ref("secret/goes#a")]
        b: Annotated[Secret[str], Ref("secret/goes#b")]

    server.put("secret/goes", {"a": "1", "b": "1"})
    settings = lazy(Goes, environ=server.environ, vault=Vault(refresh_interval=0.1))
    told: list[Change] = []
    on_change(settings, "b", told.append)
    assert settings.b.get() == "1"
    server.put("secret/goes", {"a": "2"})
    deadline = time.monotonic() + 10
    while not told and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [(change.path, change.kind, change.new_origin) for change in told] == [("b", "removed", None)]
    assert settings.b.state == "missing"
    assert settings.a.get() == "2"


def test_a_deleted_path_is_dropped_with_a_warning_and_a_change(
    server: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Deleted(BaseModel):
        key: Annotated[Secret[str], Ref("secret/deleted#key")]

    server.put("secret/deleted", {"key": "v"})
    settings = lazy(Deleted, environ=server.environ, vault=Vault(refresh_interval=0.1))
    told: list[Change] = []
    on_change(settings, "key", told.append)
    assert settings.key.get() == "v"
    with caplog.at_level(logging.WARNING):
        server.delete("secret/deleted")
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            time.sleep(0.02)
    assert [change.kind for change in told] == ["removed"]
    assert [record for record in caplog.records if "secret/deleted" in record.getMessage()]


def test_an_offline_secret_with_a_place_is_not_read_and_not_reported_missing() -> None:
    settings = load(Two, environ={}, offline=True)
    assert settings.here.state == "unread"


class Covered(BaseModel):
    model_config = SettingsConfigDict(env_prefix="COVERED_")

    key: Annotated[Secret[str], Ref("secret/covered#key")]


@pytest.mark.parametrize(("status", "body"), [(503, b""), (503, b"<html>"), (404, b""), (501, b"")])
def test_an_answer_of_a_proxy_is_not_an_answer_of_vault(status: int, body: bytes) -> None:
    with answering_server(lambda _: Answer(status, body)) as front:
        environ = {"VAULT_ADDR": front.address, "VAULT_TOKEN": "t"}
        bare = load(Covered, environ=environ, vault=Vault(timeout=0.5))
        with pytest.raises(VaultUnreachable):
            bare.key.get()
        lower = load(Covered, environ={**environ, "COVERED_KEY": "lower"}, vault=Vault(timeout=0.5))
        assert lower.key.get() == "lower"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, {"errors": ["Vault is sealed"]}, VaultSealed),
        (501, {"errors": ["Vault is not initialized"]}, VaultSealed),
        (404, {"errors": []}, VaultNotFound),
    ],
)
def test_an_error_in_the_format_of_vault_is_taken_as_its_answer(status: int, body: Any, error: type[Exception]) -> None:
    with answering_server(lambda _: Answer(status, body)) as front:
        environ = {"VAULT_ADDR": front.address, "VAULT_TOKEN": "t"}
        with pytest.raises(error):
            load(Covered, environ=environ, vault=Vault(timeout=0.5)).key.get()


def test_a_reload_without_changes_reports_no_missing_secrets() -> None:
    class Bare(BaseModel):
        need: Secret[str]

    settings = lazy(Bare, environ={})
    assert settings.need.state == "missing"
    assert reload(settings) == []
    assert load(Bare, environ={}).need == load(Bare, environ={}).need


def test_a_required_key_that_is_null_is_missing_at_the_null(tmp_path: Path) -> None:
    class Null(BaseModel):
        model_config = SettingsConfigDict(config_name="null")

        a: int

    (tmp_path / "null.yaml").write_text("# settings\na:\n")
    with pytest.raises(ConfigError) as caught:
        load(Null, config_dir=tmp_path)
    (problem,) = caught.value.problems
    assert problem.origin is not None
    assert (problem.code, problem.origin.line) == ("TC103", 2)


@pytest.mark.parametrize("call", [lambda: lazy(Two, env_prefx="X"), lambda: lazy(dict), lambda: lazy("os:Nope").a])  # type: ignore[type-var, call-overload]
def test_a_wrong_call_of_lazy_is_reported_by_name(call: Any) -> None:
    with pytest.raises(TypeError, match="env_prefix|dict|Nope"):
        call()
