"""`reload` and `on_change`: build, swap, notify; a failed reload keeps the old settings."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from toriconfig import Change, ConfigError, Secret, SettingsConfigDict, health, lazy, on_change, reload, snapshot


class Pool(BaseModel):
    size: int = 3
    hosts: list[str] = []


class Schema(BaseModel):
    model_config = SettingsConfigDict(frozen=True, config_name="app")

    pool: Pool = Field(default_factory=Pool)
    user: str = "u0"
    password: str = "p0"


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Schema:
    write(tmp_path, "pool: {size: 4, hosts: [a]}")
    return lazy(Schema, config_dir=tmp_path, offline=True)


def write(folder: Path, text: str) -> None:
    (folder / "app.yaml").write_text(text)


def test_a_reload_returns_the_changes_with_their_origins(settings: Schema, tmp_path: Path) -> None:
    assert settings.pool.size == 4
    write(tmp_path, "\npool: {size: 5, hosts: [a]}\nuser: u1")
    changes = reload(settings)
    assert [(change.path, change.kind) for change in changes] == [("pool.size", "changed"), ("user", "changed")]
    assert str(changes[0].old_origin).endswith("app.yaml:1:14")
    assert str(changes[0].new_origin).endswith("app.yaml:2:14")
    assert str(changes[1].old_origin) == "default Schema.user"
    assert settings.pool.size == 5


class Sealed(BaseModel):
    model_config = SettingsConfigDict(config_name="app", secrets_dir="run", env_prefix="T_")

    account: Secret[dict[str, str]]
    url: Secret[str]
    key: Secret[str]
    api_key: Secret[str]


SEALED = """
account: {user: '${file:user}', password: '${file:password}', host: db1}
url: 'http://${file:user}@db1'
key: '${file:key}'
"""


@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("", "", []),
        ("user: '${file:user}'", "user: '${file:password}'", ["account"]),
        ("host: db1", "host: db2", ["account"]),
        ("@db1", "@db2", ["url"]),
        ("${file:key}", "${file:user}", ["key"]),
        ("${file:key}", "text", ["key"]),
    ],
)
def test_a_secret_read_or_unread_has_changed_if_its_inputs_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: bool, old: str, new: str, changed: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    for name in ("user", "password", "key", "run/api_key"):
        (tmp_path / name).write_text(name)
    write(tmp_path, SEALED)
    settings = lazy(Sealed, config_dir=tmp_path)
    for secret in (settings.account, settings.url, settings.key, settings.api_key):
        assert not read or secret.get()
    write(tmp_path, SEALED.replace(old, new))
    assert [change.path for change in reload(settings)] == changed


def test_a_mapping_has_changed_if_one_of_its_places_in_vault_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Schema(BaseModel):
        account: Secret[dict[str, str]]

    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    text = "account: {user: '${vault:secret/app#user}', password: '${vault:secret/app#password}'}"
    write(tmp_path, text)
    settings = lazy(Schema, config_dir=tmp_path, config_name="app")
    assert settings.account.state == "unread"
    write(tmp_path, text.replace("#user", "#name"))
    assert [change.path for change in reload(settings)] == ["account"]


def test_removed_keys_have_their_default_again(settings: Schema, tmp_path: Path) -> None:
    assert settings.pool.hosts == ["a"]
    write(tmp_path, "{}")
    reload(settings)
    assert settings.pool.hosts == []


def test_a_failed_reload_keeps_the_old_settings_and_reports_it(settings: Schema, tmp_path: Path) -> None:
    before = snapshot(settings)
    write(tmp_path, "pool: {size: many}")
    with pytest.raises(ConfigError, match=r"pool\.size"):
        reload(settings)
    assert snapshot(settings) is before
    assert "TC102" in health(settings).error or "wrong type" in health(settings).error
    write(tmp_path, "pool: {size: 6}")
    reload(settings)
    assert health(settings).error == ""
    assert settings.pool.size == 6


def test_a_pinned_snapshot_does_not_change(settings: Schema, tmp_path: Path) -> None:
    pinned = snapshot(settings)
    write(tmp_path, "pool: {size: 9}")
    reload(settings)
    assert (pinned.pool.size, settings.pool.size) == (4, 9)
    assert pinned.pool is not settings.pool


def test_callbacks_are_called_only_for_their_section_with_the_new_value_in_place(
    settings: Schema, tmp_path: Path
) -> None:
    heard: list[tuple[str, int]] = []
    on_change(settings, "pool", lambda change: heard.append((change.path, settings.pool.size)))
    on_change(settings, "password", lambda change: heard.append(("never", 0)))
    assert settings.pool.size == 4
    write(tmp_path, "pool: {size: 5, hosts: [a]}\nuser: u1")
    reload(settings)
    assert heard == [("pool.size", 5)]


def test_a_cancelled_callback_is_not_called_and_a_raising_one_stops_no_other(
    settings: Schema, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def broken(change: Change) -> None:
        raise ValueError("broken callback")

    on_change(settings, "", broken)
    cancelled = on_change(settings, "", lambda change: heard.append("cancelled"))
    on_change(settings, "", lambda change: heard.append("last"))
    cancelled.cancel()
    cancelled.cancel()
    assert settings.user == "u0"
    write(tmp_path, "user: u1")
    reload(settings)
    assert set(heard) == {"last"}
    assert "broken callback" in caplog.text


def test_an_async_callback_is_run_to_its_end(settings: Schema, tmp_path: Path) -> None:
    heard: list[str] = []

    async def callback(change: Change) -> None:
        heard.append(change.path)

    on_change(settings, "user", callback)
    assert settings.user == "u0"
    write(tmp_path, "user: u1")
    reload(settings)
    assert heard == ["user"]


def test_an_async_callback_of_a_reload_inside_a_coroutine_is_run_too(
    settings: Schema, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    done = threading.Event()

    async def callback(change: Change) -> None:
        heard.append(change.path)
        done.set()

    async def main() -> None:
        reload(settings)
        assert await asyncio.to_thread(done.wait, 5)

    on_change(settings, "user", callback)
    assert settings.user == "u0"
    write(tmp_path, "user: u1")
    asyncio.run(main())
    assert (heard, caplog.text) == (["user"], "")


def test_no_reader_of_a_snapshot_sees_half_a_reload(settings: Schema, tmp_path: Path) -> None:
    stop = threading.Event()
    torn: list[tuple[str, str]] = []

    def reader() -> None:
        while not stop.is_set():
            current = snapshot(settings)
            if current.user[1:] != current.password[1:]:
                torn.append((current.user, current.password))

    threads = [threading.Thread(target=reader) for _ in range(4)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)  # more chances to read in the middle of a reload, and less waiting for a turn
    try:
        for thread in threads:
            thread.start()
        for number in range(50):
            write(tmp_path, f"user: u{number}\npassword: p{number}")
            reload(settings)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
    assert torn == []
    assert settings.user == "u49"


@pytest.mark.parametrize("function", [reload, lambda model: on_change(model, "", print)])
def test_a_model_is_refused_by_name(function: object) -> None:
    with pytest.raises(TypeError, match="lazy settings object"):
        function(Schema())  # type: ignore[operator]
