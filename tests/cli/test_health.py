"""`toriconfig health`: the state of a load as text and as JSON, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.testing import VaultServer

APP = """
from pydantic import BaseModel
from toriconfig import Secret, SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", vault_path="secret/health-of-app")
    size: int = 1
    token: Secret[str]
"""


@pytest.fixture(autouse=True)
def _app(tmp_path: Path, named: None) -> None:
    (tmp_path / "app_of_health.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.toriconfig]\nsettings = "app_of_health:App"\n')


def test_health_succeeds(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("size: 2\n")
    result = toriconfig("health", APP_TOKEN="s3cr3t", APP_SZIE="3")
    assert 0 == result.code
    lines = result.out.splitlines()
    assert "ok" == lines[0]
    assert "layer    files: app.yaml, 1 value" in lines
    assert any(line.startswith("secret   token: ") and "APP_TOKEN" in line for line in lines)
    assert any(line.startswith("warning  ") and "APP_SZIE" in line for line in lines)
    assert "s3cr3t" not in result.out + result.err


def test_json_is_the_result_of_as_dict(toriconfig: Toriconfig) -> None:
    result = toriconfig("health", "-o", "json", APP_TOKEN="s3cr3t")
    data = json.loads(result.out)
    assert (0, True, True) == (result.code, data["ok"], data["loaded"])
    assert ["token"] == list(data["secrets"])
    assert "s3cr3t" not in result.out


def test_a_missing_secret_ends_with_1(toriconfig: Toriconfig) -> None:
    result = toriconfig("health", "-o", "json")
    assert (1, False, "missing") == (
        result.code, json.loads(result.out)["ok"], json.loads(result.out)["secrets"]["token"]["state"],
    )  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [("size: many\n", 1), ("size: [\n", 1)])
def test_a_load_that_fails_ends_with_1(toriconfig: Toriconfig, tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "app.yaml").write_text(text)
    result = toriconfig("health", "-o", "json", APP_TOKEN="t")
    data = json.loads(result.out)
    assert (code, False, False) == (result.code, data["ok"], data["loaded"])
    assert data["error"].startswith("error[TC")
    assert toriconfig("health", APP_TOKEN="t").out.startswith("not ok: error[TC")


def test_input_that_cannot_be_read_ends_with_2(toriconfig: Toriconfig) -> None:
    assert 2 == toriconfig("health", APP_CONFIG_FILE="absent.yaml", APP_TOKEN="t").code


def test_without_a_class_no_problem_of_another_class_is_reported(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").unlink()
    assert 2 == toriconfig("health").code


def test_an_unreachable_vault_ends_with_3_only_online(toriconfig: Toriconfig) -> None:
    environ = {"VAULT_ADDR": "http://127.0.0.1:9", "VAULT_TOKEN": "t", "APP_VAULT__TIMEOUT": "1"}
    assert 0 == toriconfig("health", **environ).code
    result = toriconfig("health", "--online", "-o", "json", **environ)
    assert (3, "missing") == (result.code, json.loads(result.out)["secrets"]["token"]["state"])


def test_a_secret_that_vault_holds_is_fresh_when_it_is_read(
    toriconfig: Toriconfig, shared_vault_server: VaultServer
) -> None:
    shared_vault_server.put("secret/health-of-app", {"token": "s3cr3t"})
    states = [
        json.loads(toriconfig("health", "-o", "json", *more, **shared_vault_server.environ).out)["secrets"]["token"][
            "state"
        ]
        for more in ((), ("--online",))
    ]
    assert ["unread", "fresh"] == states
