"""`rotate --status` without REF: a table of every declared secret."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.rotate_command import rotate, rotate_json
from support.rotating import Left, left_at
from toriconfig.cli.rotate._acts import told_status
from toriconfig.cli.rotate._fleet import _asked
from toriconfig.rotation import Rotation, Status, kinds
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import Canary, VaultServer

DAY = 86400.0
PATCH = {"Content-Type": "application/merge-patch+json"}
APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret

class App(BaseModel):
    fresh: Annotated[Secret[str], Ref("secret/fleet/fresh#token", max_age=30 * 86400)]
    old: Annotated[Secret[str], Ref("secret/fleet/old#token", max_age=30 * 86400)]
    left: Annotated[Secret[str], Ref("secret/fleet/left#token")]
    never: Annotated[Secret[str], Ref("secret/fleet/never#token")]
    gone: Annotated[Secret[str], Ref("secret/fleet/gone#token")]
    leased: Annotated[Secret[str], Ref("database/creds/fleet#username")]
"""
FLEET = ("--status", "--settings", "fleet:App")


@pytest.fixture(name="folder")
def _folder(vault: VaultServer, tmp_path: Path) -> Path:
    (tmp_path / "fleet.py").write_text(APP)
    return tmp_path


@pytest.fixture(name="canary", autouse=True)
def _fleet(vault: VaultServer) -> Canary:
    canary = Canary()
    for name in ("fresh", "old", "left", "never"):
        vault.put(f"secret/fleet/{name}", {"token": canary.secret})
    rotation("fresh", vault, who="alice").run()
    rotation("old", vault, who="bob").run()
    notes = {"rotated_at.token": stamp(time.time() - 40 * DAY)}
    record = vault.get("secret/fleet/old.rotation")
    version = vault.client.secrets.kv.v2.read_secret_metadata("fleet/old.rotation")["data"]["current_version"]
    vault.put("secret/fleet/old.rotation", {**record, "promoted_at": notes["rotated_at.token"]}, cas=version)
    body = {"custom_metadata": notes}
    vault.client.adapter.request("patch", "/v1/secret/metadata/fleet/old", json=body, headers=PATCH)
    return canary


def rotation(name: str, vault: VaultServer, **options: object) -> Rotation:
    return Rotation(f"secret/fleet/{name}#token", kinds.Generated(), environ=vault.environ, **options)  # type: ignore[arg-type]


def test_each_declared_secret_is_a_row_with_age_due_state_and_rotator(
    vault: VaultServer, folder: Path, canary: Canary
) -> None:
    code, out, err = rotate(vault.environ, *FLEET, cwd=folder)
    assert (0, "") == (code, err)
    canary.absent_from(out)
    head, *rows = [line.split("  ") for line in out.splitlines()]
    cells = {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows}
    assert ["REFERENCE", "KIND", "AGE", "DUE", "STATE", "BY"] == [cell.strip() for cell in head if cell.strip()]
    assert ["generated", "0.0 hours", "in 30.0 days", "done"] == cells["secret/fleet/fresh#token"][:4]
    assert ["generated", "40.0 days", "since 10.0 days", "done"] == cells["secret/fleet/old#token"][:4]
    assert [True, True] == [
        cells[f"secret/fleet/{name}#token"][4].startswith(f"{who} at 20")
        for name, who in (("fresh", "alice"), ("old", "bob"))
    ]
    assert "never" == cells["secret/fleet/never#token"][3]
    assert ["-", "-", "-", "not rotated here", "-"] == cells["database/creds/fleet#username"]
    assert "not rotated here" == cells["secret/fleet/gone#token"][3]
    assert 6 == len(rows)


def test_the_table_is_data_as_json(vault: VaultServer, folder: Path, canary: Canary) -> None:
    code, items = rotate_json(vault.environ, *FLEET, cwd=folder)
    found = {item["reference"].split("/")[2].removesuffix("#token"): item for item in items}
    assert (0, 6) == (code, len(items))
    canary.absent_from(json.dumps(items))
    assert ("alice", 30 * DAY) == (found["fresh"]["who"], found["fresh"]["max_age"])
    assert 29 * DAY < found["fresh"]["due_in"] <= 30 * DAY
    assert -11 * DAY < found["old"]["due_in"] < -9 * DAY
    assert (None, None) == (found["never"]["max_age"], found["never"]["due_in"])


def test_an_unfinished_rotation_is_shown_with_the_command_to_type(vault: VaultServer, folder: Path) -> None:
    with pytest.raises(Left):
        rotation("left", vault, on_event=left_at("verify")).run()
    try:
        code, out, err = rotate(vault.environ, *FLEET, cwd=folder)
        (row,) = [line for line in out.splitlines() if line.startswith("secret/fleet/left#token")]
        assert (1, True) == (code, "half-way" in row)
        assert "secret/fleet/left#token: half-way: toriconfig rotate 'secret/fleet/left#token' --resume or " in err
    finally:
        rotation("left", vault).rollback()


def test_a_declared_age_of_a_secret_that_is_gone_is_a_finding(vault: VaultServer, folder: Path) -> None:
    (folder / "fleet.py").write_text(APP.replace('gone#token"', 'gone#token", max_age=86400'))
    code, out, err = rotate(vault.environ, *FLEET, "--max-age", "90d", cwd=folder)
    assert 1 == code
    assert "secret/fleet/gone#token: Vault holds nothing at secret/fleet/gone" in err
    assert "in 50.0 days" in out


def test_without_vault_the_remedy_is_one_line(folder: Path) -> None:
    code, out, err = rotate({}, *FLEET, cwd=folder)
    assert (2, "", True) == (code, out, "Vault is not configured: set VAULT_ADDR" in err)


def test_an_unreachable_vault_ends_with_3(folder: Path) -> None:
    environ = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x"}
    code, out, err = rotate(environ, *FLEET, "--max-age", "9d", cwd=folder)
    assert (3, True) == (code, "secret/fleet/fresh#token: " in err), err
    (row,) = [line.split() for line in out.splitlines() if line.startswith("secret/fleet/fresh#token")]
    assert ["unknown", "failed"] == row[3:5]


def test_the_note_about_an_error_has_its_remedy(vault: VaultServer, folder: Path) -> None:
    (folder / "fleet.py").write_text(APP.replace('gone#token"', 'gone#token", max_age=86400'))
    _, _, err = rotate(vault.environ, *FLEET, cwd=folder)
    (line,) = [line for line in err.splitlines() if "secret/fleet/gone#token: " in line]
    assert line.endswith("(store a first value there)"), line


def test_a_pinned_secret_without_an_age_is_no_finding(vault: VaultServer, folder: Path) -> None:
    (folder / "fleet.py").write_text(APP.replace("secret/fleet/never#token", "secret/fleet/never?version=1#token"))
    code, out, _ = rotate(vault.environ, *FLEET, cwd=folder)
    (row,) = [line for line in out.splitlines() if line.startswith("secret/fleet/never?version=1#token")]
    assert (0, True) == (code, "not rotated here" in row)


def with_status(**values: Any) -> Any:
    """A rotation of `secret/a#one` with this status."""
    status = Status("secret/a#two", "generated", "done", **values)
    return SimpleNamespace(ref="secret/a#one", clock=time, status=lambda: status)


def test_readers_that_are_locked_out_are_a_finding_although_no_rotation_is_unfinished() -> None:
    item, code = _asked(with_status(locked_out=True), None)
    assert ("locked out", 1) == (item["result"], code)
    assert [1, 0] == [told_status(with_status(locked_out=out))[2] for out in (True, False)]


def test_the_row_shows_the_declared_secret_if_another_key_of_its_path_is_half_way() -> None:
    item, code = _asked(with_status(open=True), None)
    assert ("secret/a#one", "half-way", 1) == (item["reference"], item["result"], code)


def test_an_option_of_a_new_value_is_refused(vault: VaultServer, folder: Path) -> None:
    code, out, err = rotate(vault.environ, *FLEET, "--length", "9", cwd=folder)
    assert (2, "", True) == (code, out, "--length describes a new value" in err), err
