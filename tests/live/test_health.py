"""The health of secrets, from memory alone, agrees with what a read of them would say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from support.loading import FakeVault, loaded
from toriconfig import Secret, SecretError, explain, health, prefetch


class Schema(BaseModel):
    key: Secret[str]
    pin: Secret[int] | None = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_value_in_memory_that_is_not_what_the_schema_wants_is_as_good_as_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vault = FakeVault(**{"secret/x": {"k": {"a": "hunter2"}, "pin": "12"}}).connect(monkeypatch)
    settings = loaded(Schema, "key: ${vault:secret/x#k}\npin: ${vault:secret/x#pin}", offline=False)
    assert health(settings).ok
    with pytest.raises(ExceptionGroup) as caught:
        prefetch(settings)
    assert ["key"] == [error.path for error in caught.value.exceptions if isinstance(error, SecretError)]
    state = health(settings)
    assert (False, "missing", "the value is not text") == (
        state.ok,
        state.secrets["key"].state,
        state.secrets["key"].error,
    )
    assert ("fresh", "") == (state.secrets["pin"].state, state.secrets["pin"].error)
    assert "missing" == explain(settings, "key").state
    vault.cells["secret/x"].put({"k": "text", "pin": "12"})
    prefetch(settings)
    assert health(settings).ok
