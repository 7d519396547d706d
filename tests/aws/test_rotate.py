"""`toriconfig rotate` on settings with a secret of AWS Secrets Manager, which has a rotation of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Toriconfig, in_this_process

FROM_AWS = "    aws: Annotated[Secret[str], Ref('prod/x#y', scheme='aws', max_age=1)]\n"
FROM_VAULT = "    vault: Annotated[Secret[str], Ref('secret/x#y', max_age=1)]\n"
HEAD = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret

class App(BaseModel):
"""
SKIPPED = "aws:prod/x#y is rotated in AWS Secrets Manager: skipped"
AWAY = {"VAULT_ADDR": "http://127.0.0.1:9", "VAULT_TOKEN": "t"}
"""A Vault that does not answer: a request to it ends with exit code 3."""


@pytest.fixture(name="toriconfig")
def _toriconfig(
    nothing: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Toriconfig]:
    (tmp_path / "my_app.py").write_text(HEAD + FROM_AWS)
    with in_this_process(monkeypatch, tmp_path, capsys) as toriconfig:
        yield toriconfig


@pytest.mark.parametrize("environ", [{}, AWAY], ids=["no Vault", "Vault that does not answer"])
@pytest.mark.parametrize(
    "flags",
    [("--due",), ("--due", "--dry-run"), ("--due", "--max-age", "1d"), ("--due", "--status"), ("--status",)],
    ids=" ".join,
)
def test_a_secret_of_aws_that_is_due_is_skipped_without_a_request_to_vault(
    flags: tuple[str, ...], environ: dict[str, str], toriconfig: Toriconfig
) -> None:
    done = toriconfig("rotate", *flags, "--settings", "my_app:App", **environ)
    assert (done.code, done.err.splitlines().count(SKIPPED)) == (0, 1), done
    assert "max_age" not in done.err, done


def test_json_of_skipped_secrets_has_no_rotation(toriconfig: Toriconfig) -> None:
    done = toriconfig("rotate", "--due", "-o", "json", "--settings", "my_app:App")
    assert (done.code, json.loads(done.out)["rotations"]) == (0, []), done


@pytest.mark.parametrize("flags", [("--due",), ("--status",)], ids=" ".join)
def test_secrets_of_vault_beside_a_secret_of_aws_are_processed(
    flags: tuple[str, ...], tmp_path: Path, toriconfig: Toriconfig
) -> None:
    (tmp_path / "my_app.py").write_text(HEAD + FROM_AWS + FROM_VAULT)
    done = toriconfig("rotate", *flags, "--timeout", "0.1", "--settings", "my_app:App", **AWAY)
    assert done.code == 3, done
    assert "secret/x#y" in done.out
    assert "aws:" not in done.out
    assert SKIPPED in done.err


def test_a_secret_of_a_custom_backend_is_skipped(tmp_path: Path, toriconfig: Toriconfig) -> None:
    own = """    model_config = SettingsConfigDict(backends=[Store()])
    token: Annotated[Secret[str], Ref('x#y', scheme='store', max_age=1)]
"""
    backend = """
from toriconfig import SettingsConfigDict
from toriconfig.backends import Backend, Fetched

class Store(Backend):
    scheme = "store"
    def fetch(self, path, timeout):
        return Fetched("x")
"""
    (tmp_path / "my_app.py").write_text(backend + HEAD + own)
    done = toriconfig("rotate", "--due", "--settings", "my_app:App")
    assert (done.code, "store:x#y is rotated in the backend `store`: skipped" in done.err) == (0, True), done


@pytest.mark.parametrize("flags", [(), ("--dry-run",), ("--status",), ("--resume",), ("--rollback",)], ids=str)
def test_a_named_secret_of_aws_is_wrong_usage(flags: tuple[str, ...], toriconfig: Toriconfig) -> None:
    done = toriconfig("rotate", "aws:prod/x#y", *flags, **AWAY)
    assert (done.code, done.out) == (2, ""), done
    assert "REF is rotated in AWS Secrets Manager, not by `toriconfig rotate`" in done.err
