"""Properties of a handle without a read: they describe the value in memory now, not the one of the last read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from support.loading import FakeVault, loaded
from toriconfig import Secret, health
from toriconfig.errors import VaultNotFound


class Schema(BaseModel):
    key: Secret[str]


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    monkeypatch.chdir(tmp_path)
    made = FakeVault().connect(monkeypatch)
    made["secret/a"] = {"k": "one"}
    return made


TEXTS = ["key: ${vault:secret/a#k}", "key: x-${vault:secret/a#k}-y"]


@pytest.mark.parametrize("text", TEXTS)
def test_the_end_of_a_renewed_lease_is_its_new_end(text: str, vault: FakeVault) -> None:
    settings = loaded(Schema, text, offline=False)
    settings.key.get()
    reading = vault.path("secret/a").reading
    assert reading is not None
    for end in (100.0, 200.0):
        reading.expires_at = end
        assert (end, end) == (settings.key.expires_at, health(settings).secrets["key"].expires_at)


@pytest.mark.parametrize("text", TEXTS)
def test_a_new_value_is_visible_before_any_read(text: str, vault: FakeVault) -> None:
    settings = loaded(Schema, text, offline=False)
    settings.key.get()
    vault.path("secret/a").put({"k": "two"})
    assert (2, "vault secret/a#k v2" if text == TEXTS[0] else "vault secret/a v2") == (
        settings.key.version,
        str(health(settings).secrets["key"].origin),
    )


def test_no_version_is_reported_for_a_dropped_value(vault: FakeVault) -> None:
    settings = loaded(Schema, TEXTS[0], offline=False)
    settings.key.get()
    vault.path("secret/a").drop(VaultNotFound("gone"))
    assert (None, None) == (settings.key.version, settings.key.expires_at)
