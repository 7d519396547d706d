"""The health of secrets, from memory alone, agrees with the result of a read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from support.loading import FakeVault, loaded
from toriconfig import ConfigError, Secret, SecretError, explain, health, lazy, prefetch


class Schema(BaseModel):
    key: Secret[str]
    pin: Secret[int] | None = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_invalid_value_in_memory_counts_as_missing(
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
    vault.paths["secret/x"].put({"k": "text", "pin": "12"})
    prefetch(settings)
    assert health(settings).ok


def test_before_the_first_load_health_is_unknown() -> None:
    settings = lazy(Schema, config_files=["app.yaml"], environ={})
    assert health(settings).ok is None
    with pytest.raises(ConfigError):
        _ = settings.key
    assert health(settings).ok is False
    Path("app.yaml").write_text("key: k\npin: 1\n")
    assert "k" == settings.key.get()
    assert health(settings).ok is True


def test_health_as_plain_data_is_json_without_any_value() -> None:
    Path("app.yaml").write_text("key: s3cr3t\npin: 4711\n")
    settings = lazy(Schema, config_files=["app.yaml"], environ={"A_KYE": "x"}, env_prefix="A_")
    assert {"ok": None, "loaded": False, "error": "", "warnings": [], "layers": [], "secrets": {}} == health(
        settings
    ).as_dict()
    assert "s3cr3t" == settings.key.get()
    data = json.loads(json.dumps(health(settings).as_dict()))
    assert (True, True, "", 1) == (data["ok"], data["loaded"], data["error"], len(data["warnings"]))
    assert {"kind": "files", "name": "app.yaml", "leaves": 2} in data["layers"]
    assert {"state", "origin", "age", "expires_at", "error"} == data["secrets"]["key"].keys()
    assert ("fresh", "app.yaml:1:6") == (data["secrets"]["key"]["state"], data["secrets"]["key"]["origin"])
    assert all(value not in str(data) for value in ("s3cr3t", "4711"))
