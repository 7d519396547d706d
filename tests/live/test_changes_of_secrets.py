"""Changes of a secret that `on_change` reports: another value or origin for its reader, and nothing otherwise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel

from support.loading import FakeVault
from toriconfig import Change, Ref, Secret, SettingsConfigDict, lazy, on_change
from toriconfig.errors import VaultNotFound, VaultUnreachable

AWAY, GONE = VaultUnreachable("no answer"), VaultNotFound("nothing there")


class Schema(BaseModel):
    model_config = SettingsConfigDict(env_prefix="T_")

    key: Annotated[Secret[str], Ref("secret/x#key")]
    other: Annotated[Secret[str], Ref("secret/x#other")]


@pytest.fixture(name="vault")
def _vault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVault:
    monkeypatch.chdir(tmp_path)
    return FakeVault().connect(monkeypatch)


class Listening:
    """Settings with a subscriber to every change of `key`."""

    def __init__(self, **environ: str) -> None:
        self.settings = lazy(Schema, environ=environ)
        self.key, self.other = self.settings.key, self.settings.other
        self._changes: list[Change] = []
        on_change(self.settings, "key", self._changes.append)

    def heard(self, count: int) -> list[tuple[str, str, str]]:
        """Kind, old and new origin of the reported changes, once there are that many; later ones would be seen too."""
        end = time.monotonic() + 5
        while len(self._changes) < count and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(0.02)
        return [(change.kind, str(change.old_origin), str(change.new_origin)) for change in self._changes]


def test_each_change_between_vault_and_its_replacement_is_reported(vault: FakeVault) -> None:
    cached = vault.path("secret/x")
    cached.error = AWAY
    listening = Listening(T_KEY="env")
    assert "env" == listening.key.get()
    cached.put({"key": "two"})
    cached.drop(GONE)
    cached.put({"key": "three"})
    two, three = "vault secret/x#key v2", "vault secret/x#key v3"
    assert [("rotated", "T_KEY", two), ("rotated", two, "T_KEY"), ("rotated", "T_KEY", three)] == listening.heard(3)


def test_a_change_is_reported_even_if_a_reader_read_it_first(vault: FakeVault) -> None:
    cached = vault.path("secret/x")
    cached.error = AWAY
    listening = Listening(T_KEY="env")
    listening.key.get()
    cached.value, cached.error = {"key": "v"}, None
    assert "v" == listening.key.get()  # between the swap and its report
    cached.tell(None)
    assert [("rotated", "T_KEY", "vault secret/x#key v1")] == listening.heard(1)


def test_a_secret_without_another_source_is_removed_and_added(vault: FakeVault) -> None:
    cached = vault.path("secret/x")
    cached.value = {"key": "one"}
    listening = Listening()
    listening.key.get()
    cached.drop(GONE)
    cached.put({"key": "two"})
    expected = [("removed", "vault secret/x#key v1", "None"), ("added", "None", "vault secret/x#key v2")]
    assert expected == listening.heard(2)


def test_a_key_that_its_path_lacked_is_added(vault: FakeVault) -> None:
    cached = vault.path("secret/x")
    listening = Listening()
    cached.put({"other": "v"})
    cached.put({"other": "v", "key": "v"})
    assert [("added", "None", "vault secret/x#key v3")] == listening.heard(1)


def test_the_first_reading_is_no_change(vault: FakeVault) -> None:
    cached = vault.path("secret/x")
    listening = Listening()
    cached.put({"key": "v"})
    assert [] == listening.heard(0)


@pytest.mark.parametrize("read", [True, False], ids=["read", "never read"])
@pytest.mark.parametrize("environ", [{}, {"T_KEY": "env"}], ids=["alone", "before another"])
def test_a_key_beside_one_that_is_written_has_not_changed(
    vault: FakeVault, read: bool, environ: dict[str, str]
) -> None:
    cached = vault.path("secret/x")
    listening = Listening(**environ)
    cached.put({"key": "same", "other": "one"})
    if read:
        listening.key.get()
    cached.put({"key": "same", "other": "two"})
    cached.put({"key": "new", "other": "two"})
    assert [("rotated", "vault secret/x#key v3", "vault secret/x#key v4")] == listening.heard(1)
