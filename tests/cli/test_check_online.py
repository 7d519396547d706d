"""`toriconfig check --online`: every secret is read, a missing one is reported with its reason; and directories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import Toriconfig
from toriconfig.testing import Canary, VaultServer

APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    here: Annotated[Secret[str], Ref("secret/online/here#key")]
    there: Annotated[Secret[str], Ref("secret/online/there#key")]
"""


@pytest.fixture(name="vault")
def _vault(shared_vault_server: VaultServer, tmp_path: Path) -> VaultServer:
    (tmp_path / "app.py").write_text(APP)
    shared_vault_server.put("secret/online/here", {"key": "s3cr3t"})
    return shared_vault_server


def found(toriconfig: Toriconfig, *arguments: str, **environ: str) -> tuple[int, list[dict[str, Any]]]:
    result = toriconfig("check", "--online", "--settings", "app:App", "-o", "json", *arguments, **environ)
    return result.code, json.loads(result.out)["diagnostics"]


def test_check_succeeds_if_every_secret_can_be_read(vault: VaultServer, toriconfig: Toriconfig) -> None:
    vault.put("secret/online/there", {"key": "s3cr3t"})
    assert (0, []) == found(toriconfig, **vault.environ)
    vault.delete("secret/online/there")


def test_a_path_that_vault_does_not_hold_is_reported(vault: VaultServer, toriconfig: Toriconfig) -> None:
    code, (one,) = found(toriconfig, **vault.environ)
    assert (1, "TC407", "there", "error") == (code, one["code"], one["path"], one["severity"])
    assert "secret/online/there" in one["origin"]["text"]


def test_a_denied_path_is_an_error_of_the_policy_not_of_the_token(vault: VaultServer, toriconfig: Toriconfig) -> None:
    vault.policy("online-here", {"secret/data/online/here": ["read"]})
    for bare in (False, True):
        token = vault.new_token("online-here", no_default_policy=bare)
        code, (one,) = found(toriconfig, **{**vault.environ, "VAULT_TOKEN": token})
        assert (1, "TC406", "there") == (code, one["code"], one["path"])
        assert 'path "secret/data/online/there" { capabilities = ["read"] }' in one["help"]


def test_an_unreachable_vault_ends_with_3_unless_there_are_other_errors(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    away = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x"}
    code, problems = found(toriconfig, **away)
    assert (3, ["TC405", "TC405"]) == (code, [one["code"] for one in problems])
    (tmp_path / "app.yaml").write_text("nonsense: 1\n")
    code, problems = found(toriconfig, **away)
    assert (1, ["TC101", "TC405", "TC405"]) == (code, [one["code"] for one in problems])


def test_without_a_vault_the_secrets_are_reported_as_missing(vault: VaultServer, toriconfig: Toriconfig) -> None:
    code, problems = found(toriconfig)
    assert (1, ["TC401", "TC401"]) == (code, [one["code"] for one in problems])
    assert "Vault is not configured" in problems[0]["message"]
    assert "set APP_HERE" in problems[0]["help"]


def test_a_value_of_a_lower_layer_instead_of_vault_is_a_warning(vault: VaultServer, toriconfig: Toriconfig) -> None:
    canary = Canary()
    code, (one,) = found(toriconfig, **vault.environ, APP_THERE=canary.secret)
    assert (0, "TC407", "warning", "there") == (code, one["code"], one["severity"], one["path"])
    assert "APP_THERE is used instead of vault secret/online/there#key" == one["layer"]
    assert 1 == found(toriconfig, "--strict", **vault.environ, APP_THERE=canary.secret)[0]
    canary.absent_from(json.dumps(one))


def test_files_are_checked_offline(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("chunking: {size: 500}\n")
    assert toriconfig("check", "a.yaml", "--online").code == 2


def test_a_directory_is_searched_except_for_hidden_files(
    toriconfig: Toriconfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / ".hidden" / "config"
    for name in ("a.yaml", "b.yml", "deep/c.json", "d.txt", ".e.yaml", ".git/f.yaml"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{nonsense: 1}" if not name.endswith("json") else '{"nonsense": 1}')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in (str(root), "../.hidden/config"):
        result = toriconfig("check", name, "-o", "concise", "--settings", "toriconfig.schema:ToriSettings")
        assert [f"{name}/a.yaml", f"{name}/b.yml", f"{name}/deep/c.json"] == [
            line.split(":")[0] for line in result.out.splitlines()
        ]


def test_a_file_named_twice_is_checked_once(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("nonsense: 1\n")
    result = toriconfig("check", ".", "a.yaml", "./a.yaml", "-o", "concise")
    assert 1 == len(result.out.splitlines())


def test_a_directory_without_settings_files_is_reported(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = toriconfig("check", "empty")
    assert (0, "") == (result.code, result.out)
    assert "no .yaml, .yml, .json, .toml files in empty" in result.err


def test_the_worst_result_determines_the_exit_code(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("nonsense: 1\n")
    assert toriconfig("check", "bad.yaml", "absent.yaml").code == 2
    assert toriconfig("check", "bad.yaml", "--strict").code == 1


def test_a_part_of_a_text_that_is_null_is_reported_with_its_key(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    vault.put("secret/online/there", {"key": None})
    (tmp_path / "app.yaml").write_text("there: redis://:${vault:secret/online/there#key|url}@h\n")
    code, (one,) = found(toriconfig, **vault.environ)
    vault.delete("secret/online/there")
    assert (1, "there", "error") == (code, one["path"], one["severity"])
    assert "secret/online/there#key is null" in one["message"]


def test_a_part_of_a_url_that_is_not_encoded_is_a_hint_and_no_error(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    vault.put("secret/online/there", {"key": "p@ss"})
    (tmp_path / "app.yaml").write_text("there: redis://:${vault:secret/online/there#key}@h\n")
    code, (one,) = found(toriconfig, **vault.environ)
    vault.delete("secret/online/there")
    assert (0, "TC308", "there", "info") == (code, one["code"], one["path"], one["severity"])
    assert "${vault:secret/online/there#key|url}" in one["help"]
