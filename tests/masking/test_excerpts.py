"""Excerpts of fields with ordinary names. HUNTER stands for a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field, Json, SecretStr

from support.loading import problems, refused
from toriconfig import Secret, SettingsConfigDict
from toriconfig._core.mask import MASK


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Box(BaseModel):
    gizmo: Secret[str]
    width: int = 1


class Account(BaseModel):
    rung: str = ""
    phrase: str


class Schema(BaseModel):
    model_config = SettingsConfigDict(renamed={"crate": "box", "pear": "peer"})
    peer: SecretStr = Field(SecretStr("x"), min_length=20)
    peers: list[Secret[str]] = []
    pins: list[SecretStr] = []
    packed: Json[list[SecretStr]] | None = None
    nets: dict[str, Secret[str]] = {}
    box: Box | None = None
    boxes: list[Box] = []
    account: Secret[Account] | None = None
    accounts: dict[str, Secret[Account | str]] = {}
    n: int = 1


@pytest.mark.parametrize(
    "text",
    [
        "peer: HUNTER",
        "peer: [HUNTER]",
        "peer:\n  a: HUNTER",
        "pear: HUNTER",
        "{peer: HUNTER, n: x}",
        "peers: HUNTER",
        "pins: HUNTER",
        "pins: [[HUNTER]]",
        "packed: '[\"HUNTER\"'",
        "packed: HUNTER",
        "nets: HUNTER",
        "box: HUNTER",
        "box: [HUNTER]",
        "box:\n  HUNTER\n  HUNTER",
        "box: {gizmo: HUNTER, width: x}",
        "crate: HUNTER",
        "boxes: HUNTER",
        "boxes: [HUNTER]",
        "boxes:\n  - HUNTER",
        "boxes:\n  a: x\n  b: {a: HUNTER, a: x}",
        "account:\nphrase: HUNTER",
        "nets:\nany: HUNTER",
        "nets:\nany: [HUNTER]",
        "accounts: {a: }\nrung: HUNTER",
    ],
)
def test_a_value_of_the_wrong_kind_where_a_secret_belongs_is_masked(text: str) -> None:
    _hides(text)


@pytest.mark.parametrize(
    "text",
    [
        "peer: 'HUNTER",
        "peers: [HUNTER\nn: 1",
        "pins: [HUNTER",
        "nets: [HUNTER",
        "nets: {a: HUNTER",
        "nets: {a: HUNTER, a: z}",
        "nets: {a: HUNTER}\nnets: {a: z}",
        "HUNTER",
        "- HUNTER",
        "box: 'HUNTER",
        "box: [HUNTER",
        "box HUNTER: [",
        "account\n  phrase: HUNTER\n  rung: x",
        "box: HUNTER: 1",
        "box: HUNTER\nbox: {gizmo: x}",
        "box: &a HUNTER\nbox: *a",
        "boxes: [HUNTER",
        "boxes: [{gizmo: HUNTER",
    ],
)
def test_a_value_of_the_wrong_kind_is_masked_in_a_file_that_cannot_be_read(text: str) -> None:
    _hides(text)


def _hides(text: str) -> None:
    error = refused(Schema, text)
    assert MASK in str(error)
    assert "HUNTER" not in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "box: {width: wide, gizmo: x}",
        "box: &a\n  gizmo: x\n  width: wide",
        "boxes: [{width: wide, gizmo: x}]",
        "boxes:  # the wide ones\nboxes: []",
    ],
)
def test_a_plain_value_in_a_section_with_secrets_is_shown(text: str) -> None:
    assert "wide" in "".join(line for one in problems(Schema, text) for _, _, line in one.excerpts)
