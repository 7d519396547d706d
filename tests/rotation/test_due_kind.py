"""`rotate --due` without REF: a named kind rotates only the secrets that it rotated last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.rotate_command import rotate, rotate_json
from toriconfig.rotation import Rotation, kinds
from toriconfig.testing import VaultServer

APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret

class App(BaseModel):
    service: Annotated[Secret[str], Ref("secret/{0}/service#token", max_age=0)]
    other: Annotated[Secret[str], Ref("secret/{0}/other#token", max_age=0)]
    unknown: Annotated[Secret[str], Ref("secret/{0}/unknown#token", max_age=0)]
"""
NAMES = ("service", "other", "unknown")
DUE = ("--due", "--settings", "kinds_of_due:App")
BY = ("--kind", "command", "--apply", "./set")
Stored = Callable[[], dict[str, str]]


@pytest.fixture(name="stored")
def _stored(vault: VaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """Store three secrets. `service` was rotated by a command, `other` was generated, `unknown` was never rotated."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kinds_of_due.py").write_text(APP.format(tmp_path.name))
    (tmp_path / "set").write_text('#!/bin/sh\ncat > accepted\necho "$TORICONFIG_REFERENCE" >> calls\n')
    (tmp_path / "set").chmod(0o755)
    for name in NAMES:
        vault.put(f"secret/{tmp_path.name}/{name}", {"token": "old"})
    assert 0 == rotate(vault.environ, f"secret/{tmp_path.name}/service#token", *BY)[0]
    Rotation(f"secret/{tmp_path.name}/other#token", kinds.Generated(), environ=vault.environ).run()
    (tmp_path / "calls").unlink()
    return lambda: {name: vault.get(f"secret/{tmp_path.name}/{name}")["token"] for name in NAMES}


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []


def test_a_named_kind_rotates_only_what_it_rotated_last(vault: VaultServer, tmp_path: Path, stored: Stored) -> None:
    before, base = stored(), f"secret/{tmp_path.name}"
    code, out, _ = rotate(vault.environ, *DUE, *BY)
    assert 1 == code
    assert f"rotated   {base}/service#token" in out
    assert f"{base}/other#token was last rotated by kind generated, not command" in out
    assert f"`toriconfig rotate '{base}/other#token' --due --kind generated`" in out
    assert f"no record shows that kind command rotates {base}/unknown#token" in out
    assert f"`toriconfig rotate '{base}/unknown#token' --due --kind command --apply COMMAND`" in out
    assert [f"{base}/service#token"] == calls(tmp_path)
    after = stored()
    assert {"service"} == {name for name in NAMES if after[name] != before[name]}
    assert after["service"] == (tmp_path / "accepted").read_text()


def test_a_dry_run_reports_the_same(vault: VaultServer, tmp_path: Path, stored: Stored) -> None:
    before = stored()
    code, items = rotate_json(vault.environ, *DUE, *BY, "--dry-run")
    assert (1, before, []) == (code, stored(), calls(tmp_path))
    assert {"service": "due", "other": "failed", "unknown": "failed"} == {
        item["reference"].split("/")[2].removesuffix("#token"): item["result"] for item in items
    }


def test_without_a_kind_the_remedy_names_the_secret(vault: VaultServer, tmp_path: Path, stored: Stored) -> None:
    before, reference = stored(), f"secret/{tmp_path.name}/service#token"
    code, out, _ = rotate(vault.environ, *DUE)
    assert (1, before["service"]) == (code, stored()["service"])
    assert f"`toriconfig rotate '{reference}' --due --kind command --apply COMMAND`" in out
    assert {"other", "unknown"} == {name for name in NAMES if stored()[name] != before[name]}


def test_the_implied_kind_spares_what_a_command_rotated(vault: VaultServer, stored: Stored) -> None:
    before = stored()
    code, out, _ = rotate(vault.environ, *DUE, "--kind", "generated")
    assert (1, True) == (code, "was last rotated by kind command, which makes" in out)
    assert {"other", "unknown"} == {name for name in NAMES if stored()[name] != before[name]}


def test_a_kind_that_lacks_its_setup_does_not_change_other_secrets(vault: VaultServer, stored: Stored) -> None:
    before = stored()
    code, out, _ = rotate(vault.environ, *DUE, "--kind", "mysql")
    assert (1, before) == (code, stored())
    assert 2 == out.count("was last rotated by kind")


def test_a_named_secret_is_rotated_by_the_named_kind(vault: VaultServer, tmp_path: Path, stored: Stored) -> None:
    base = f"secret/{tmp_path.name}"
    references = [f"{base}/{name}#token" for name in ("other", "unknown")]
    code, out, err = rotate(vault.environ, *references, *DUE, *BY)
    assert (0, 2) == (code, out.count("rotated ")), err
    assert references == sorted(calls(tmp_path))
    assert "command" == vault.get(f"{base}/unknown.rotation")["kind"]
