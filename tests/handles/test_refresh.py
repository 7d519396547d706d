"""A secret that a server refused is fetched again, for every kind of secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import FakeVault, loaded
from toriconfig import Origin, Secret
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.secret import handle
from toriconfig.integrations._refused import newer
from toriconfig.testing import FakeClock


class Schema(BaseModel):
    key: Secret[str]


@pytest.mark.parametrize(
    ("text", "layers", "before", "after"),
    [
        ("key: ${vault:secret/a#k}", {}, "one", "two"),
        ("key: x-${vault:secret/a#k}", {}, "x-one", "x-two"),
        ("key: ${vault:secret/a#k}", {"KEY": "of a lower layer"}, "one", "two"),
    ],
)
def test_a_refused_secret_is_requested_from_its_source(
    text: str,
    layers: dict[str, str],
    before: str,
    after: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    vault = FakeVault().connect(monkeypatch)
    vault["secret/a"] = {"k": "one"}
    key = loaded(Schema, text, offline=False, environ=layers, env_prefix="").key
    assert before == key.get()
    vault.path("secret/a").newest = {"k": "two"}
    assert after == newer(key, before)


def test_a_file_is_read_at_once(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    key: Secret[Any] = handle(FileProvider(str(file), Origin("secrets_dir", "key"), FakeClock()), str, "key")
    assert "one" == key.get()
    file.write_text("number two")
    assert "number two" == newer(key, "one")
