"""`testing.unload`: a lazy object has the state before its first read again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydantic import BaseModel

from support.changes import Changes
from toriconfig import ConfigError, Secret, health, lazy, override, reload, snapshot
from toriconfig.testing import FakeBackend, unload


class App(BaseModel):
    size: int = 1
    token: Secret[str] | None = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def app() -> App:
    return lazy(App, config_name="app", environ={})


def test_the_next_read_loads_again_and_a_snapshot_keeps_its_values() -> None:
    settings, other = app(), app()
    assert (1, 1) == (settings.size, other.size)
    pinned = snapshot(settings)
    Path("app.yaml").write_text("size: 2")
    unload(settings)
    assert "<lazy App, not loaded>" == repr(settings)
    assert (2, 1, 1) == (settings.size, other.size, pinned.size)


def test_without_arguments_all_lazy_objects_are_unloaded() -> None:
    settings, other = app(), app()
    assert settings.size == other.size
    unload()
    assert [None, None] == [health(one).ok for one in (settings, other)]


def test_a_failed_load_is_forgotten() -> None:
    Path("app.yaml").write_text("size: many")
    settings = app()
    with pytest.raises(ConfigError):
        _ = settings.size
    unload(settings)
    assert (None, "") == (health(settings).ok, health(settings).error)


def test_callbacks_stay_for_plain_values_and_for_secrets() -> None:
    Path("token").write_text("t1")
    Path("app.yaml").write_text("token: ${file:token}")
    settings = app()
    changes = Changes(settings)
    assert settings.size
    unload(settings)
    assert settings.token is not None
    assert "t1" == settings.token.get()
    Path("app.yaml").write_text("{size: 2, token: '${file:token}'}")
    reload(settings)
    assert ("size", 2) == ((change := changes.next()).path, change.new)
    Path("token").write_text("t2, longer")
    assert "rotated" == changes.next().kind


def test_the_secrets_of_the_former_load_call_no_callback() -> None:
    with FakeBackend({"secret/app": {"token": "t1"}}).installed() as backend:
        settings = lazy(App, vault_path="secret/app", environ={})
        former = snapshot(settings)
        changes = Changes(settings)
        assert former.token is not None
        assert "t1" == former.token.get()
        unload(settings)
        backend.put("secret/app", {"token": "t2"})
        assert settings.token is not None
        assert "t2" == settings.token.get()
        backend.put("secret/app", {"token": "t3"})
        assert "rotated" == changes.next().kind
        backend.delete("secret/app")
        assert "removed" == changes.next().kind


def test_an_override_that_is_live_is_seen_until_its_end() -> None:
    settings = app()
    with override(settings, size=5):
        unload(settings)
        assert 5 == settings.size
    assert 1 == settings.size


def test_readers_on_other_threads_are_never_without_a_value() -> None:
    settings = app()
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                if settings.size != 1:
                    wrong.append(settings.size)
            except Exception as error:  # noqa: BLE001
                wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        unload(settings)
    stop.set()
    for thread in threads:
        thread.join()
    assert [] == wrong


def test_an_object_that_is_not_lazy_is_refused() -> None:
    with pytest.raises(TypeError, match=r"unload\(\) needs a lazy settings object"):
        unload(App())
