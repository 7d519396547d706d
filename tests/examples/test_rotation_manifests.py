"""The manifests of examples/rotation: valid, and their commands rotate what is due with the policy beside them."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.rotate_command import rotate
from support.webhooks import receiver
from toriconfig.cli.rotate._login import described_vault
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import Canary, VaultServer

FOLDER = Path(__file__).parents[2] / "examples" / "rotation"
UNITS = ("toriconfig-rotate.service", "toriconfig-rotate.timer")
PATCH = {"Content-Type": "application/merge-patch+json"}


def cron_job() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / "cronjob.yaml").read_text())
    return document


def pod() -> dict[str, Any]:
    found: dict[str, Any] = cron_job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((FOLDER / name).read_text().replace("\\\n", " "))
    return parser


def of_kubernetes() -> list[str]:
    (container,) = pod()["containers"]
    return [*container["command"], *container["args"]]


def of_systemd() -> list[str]:
    return shlex.split(unit(UNITS[0])["Service"]["ExecStart"])[1:]


def test_the_units_are_valid() -> None:
    for name in UNITS:
        assert {"Unit"} < {*unit(name).sections()}
    if shutil.which("systemd-analyze"):
        command = ["systemd-analyze", "verify", *(str(FOLDER / name) for name in UNITS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (0, "") == (done.returncode, done.stderr)
        assert unit(UNITS[1])["Timer"]["OnCalendar"]


def test_the_cron_job_has_the_fields_that_the_api_requires() -> None:
    job = cron_job()
    assert ("batch/v1", "CronJob", "toriconfig-rotate") == (job["apiVersion"], job["kind"], job["metadata"]["name"])
    assert 5 == len(job["spec"]["schedule"].split())
    assert "Forbid" == job["spec"]["concurrencyPolicy"]
    assert "Never" == pod()["restartPolicy"]
    volumes = {volume["name"] for volume in pod()["volumes"]}
    for container in pod()["containers"]:
        assert {"name", "image", "command", "args", "env", "volumeMounts"} <= {*container}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert all({"name", "value"} == {*variable} for variable in container["env"])


def test_the_settings_describe_the_login_that_the_variables_of_the_job_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(FOLDER / "app.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    (rotating,) = pod()["containers"]
    for variable in rotating["env"]:
        monkeypatch.setenv(variable["name"], variable["value"])
    found = described_vault({"target": "app:settings", "profile": None, "config_dir": None, "no_local": False})
    assert ("kubernetes", "rotator") == (found.auth.method, found.auth.role)  # type: ignore[union-attr]
    assert "--login" in of_kubernetes()


def test_the_token_of_the_unit_is_a_credential() -> None:
    service = unit(UNITS[0])["Service"]
    assert "VAULT_TOKEN_PATH=%d/vault-token" in service["Environment"]


@pytest.mark.parametrize("manifest", [of_kubernetes, of_systemd])
def test_its_command_rotates_due_secrets_with_the_policy_beside_it(
    vault_server: VaultServer, tmp_path: Path, manifest: Any
) -> None:
    vault, canary = vault_server, Canary()
    shutil.copy(FOLDER / "app.py", tmp_path)
    vault.put("secret/app", {"api_key": canary.secret, "session_key": canary.secret})
    vault.put("secret/license", {"text": canary.secret})
    old = {"custom_metadata": {"rotated_at.api_key": stamp(time.time() - 31 * 86_400)}}
    vault.client.adapter.request("patch", "/v1/secret/metadata/app", json=old, headers=PATCH)
    vault.client.sys.create_or_update_policy("rotator", (FOLDER / "rotator.hcl").read_text())
    token = vault.client.auth.token.create(policies=["rotator"])["auth"]["client_token"]
    (tmp_path / "token").write_text(token)
    (tmp_path / "key").write_text("a-key-of-at-least-16-bytes")
    environ = {**vault.environ, "VAULT_TOKEN": "", "VAULT_TOKEN_PATH": str(tmp_path / "token")}
    toriconfig, command, *arguments = manifest()
    assert ("toriconfig", "rotate") == (toriconfig, command)
    with receiver() as hook:
        places = {"--webhook": hook.address, "--webhook-key": str(tmp_path / "key")}
        given = [places.get(before, one) for before, one in zip(["", *arguments], arguments, strict=False)]
        code, out, err = rotate(environ, *given, cwd=tmp_path)
        assert 0 == code, out + err
        assert [("succeeded", "secret/app#api_key")] == [(one["event"], one["reference"]) for one in hook.events]
        assert hook.signed_with(b"a-key-of-at-least-16-bytes")
    canary.absent_from(out, err)
    assert token not in out + err
    assert canary.secret == vault.get("secret/app")["session_key"]
    assert canary.secret != vault.get("secret/app")["api_key"]
    assert 0 == rotate(environ, "--status", "--settings", "app:settings", cwd=tmp_path)[0]
