"""`rotate --due` without REF: only secrets with a declared `max_age` are rotated."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.rotate_command import rotate, rotate_json
from toriconfig import Ref
from toriconfig.rotation import Rotation
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import VaultServer

DAY = 86400.0
APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, SettingsConfigDict

class Part(BaseModel):
    inner: Annotated[Secret[str], Ref("secret/vendor#inner")]

class App(BaseModel):
    model_config = SettingsConfigDict(config_name="vendor")
    dated: Annotated[Secret[str], Ref("secret/vendor#dated", max_age=30 * 86400)]
    yearly: Annotated[Secret[str], Ref("secret/vendor#yearly", max_age=365 * 86400)]
    license: Annotated[Secret[str], Ref("secret/vendor#license")]
    optional: Annotated[Secret[str] | None, Ref("secret/vendor#optional")] = None
    plain: Secret[str]
    part: Part
"""
YAML = "plain: ${vault:secret/vendor#plain}\npart: {}\n"
UNDATED = ("license", "optional", "plain", "inner")
SETTINGS = ("--settings", "vendor:App")


@pytest.fixture(name="folder", autouse=True)
def _folder(vault: VaultServer, tmp_path: Path) -> Path:
    (tmp_path / "vendor.py").write_text(APP)
    (tmp_path / "vendor.yaml").write_text(YAML)
    keys = ("dated", "yearly", *UNDATED)
    vault.put("secret/vendor", dict.fromkeys(keys, "old"))
    vault.client.secrets.kv.v2.update_metadata(
        "vendor", custom_metadata={f"rotated_at.{key}": stamp(time.time() - 60 * DAY) for key in keys}
    )
    return tmp_path


def changed(vault: VaultServer) -> set[str]:
    return {key for key, value in vault.get("secret/vendor").items() if value != "old"}


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ((), {"dated"}),
        (("--max-age", "0s"), {"dated", "yearly"}),
        (("--max-age", "50d"), {"dated", "yearly"}),
        (("--max-age", "90d"), set[str]()),
    ],
    ids=["declared", "0s", "50d", "90d"],
)
def test_a_secret_without_a_declared_age_is_never_due(
    age: tuple[str, ...], expected: set[str], vault: VaultServer, folder: Path
) -> None:
    code, out, err = rotate(vault.environ, "--due", *age, *SETTINGS, cwd=folder)
    assert (0, expected) == (code, changed(vault)), (out, err)
    assert 2 == len(out.splitlines())


@pytest.mark.parametrize("key", UNDATED)
def test_a_named_secret_needs_no_declared_age(key: str, vault: VaultServer, folder: Path) -> None:
    code, out, err = rotate(vault.environ, f"secret/vendor#{key}", "--due", "--max-age", "30d", *SETTINGS, cwd=folder)
    assert (0, {key}) == (code, changed(vault)), (out, err)


def test_each_secret_that_a_given_age_does_not_reach_is_named(vault: VaultServer, folder: Path) -> None:
    for more in (("--dry-run",), ()):
        _, _, err = rotate(vault.environ, "--due", "--max-age", "0s", *more, *SETTINGS, cwd=folder)
        for key in UNDATED:
            assert f"skipped: secret/vendor#{key} has no declared max_age: name it to rotate it\n" in err
    assert "skipped" not in rotate(vault.environ, "--due", *SETTINGS, cwd=folder)[2]


def test_the_remedy_for_settings_without_an_age_is_shown(vault: VaultServer, folder: Path) -> None:
    text = APP.replace(", max_age=30 * 86400", "").replace(", max_age=365 * 86400", "")
    (folder / "vendor.py").write_text(text)
    for age in ((), ("--max-age", "0s")):
        code, out, err = rotate(vault.environ, "--due", *age, *SETTINGS, cwd=folder)
        assert (0, "", set[str]()) == (code, out, changed(vault))
        assert "no declared secret has a max_age: declare it, as Ref(..., max_age=...), or name REF\n" in err


def test_the_table_shows_no_due_time_for_a_secret_that_is_never_due(vault: VaultServer, folder: Path) -> None:
    for more in (("--max-age", "90d"), ()):
        _, items = rotate_json(vault.environ, "--status", *more, *SETTINGS, cwd=folder)
        ages = {item["reference"].partition("#")[2]: item["max_age"] for item in items}
        assert [None] * 4 == [ages[key] for key in UNDATED]
    _, items = rotate_json(vault.environ, "--status", "--max-age", "90d", *SETTINGS, cwd=folder)
    assert [90 * DAY] * 2 == [item["max_age"] for item in items if item["max_age"] is not None]


@pytest.mark.parametrize("age", ["90d", "3600", timedelta(days=90), -1, float("nan"), True], ids=repr)
def test_an_age_that_is_no_number_of_seconds_is_refused_with_the_remedy(age: Any) -> None:
    for make in (Ref, Rotation):
        with pytest.raises(
            ValueError, match=r"max_age must be a number of seconds from 0, such as 90 \* 24 \* 60 \* 60"
        ):
            make("secret/app#key", max_age=age)
    with pytest.raises(ValueError, match="max_age must be a number of seconds"):
        Ref("secret/app#key").replaced(max_age=age)
