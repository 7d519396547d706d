"""`toriconfig doctor` on many secrets: one request for each secret, all at the same time."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from support.aws import Moto
from toriconfig._inspect.doctor.backends import examine_backends
from toriconfig.backends import Backend, Fetched
from toriconfig.backends.aws import SecretsManager
from toriconfig.testing import Canary


class Crowd(Backend):
    """A backend that answers none of `most` requests before all of them have arrived."""

    scheme = "aws"
    timeout = 30.0

    def __init__(self, most: int) -> None:
        self.asked: list[str] = []
        self._all = threading.Barrier(most, timeout=20)

    def fetch(self, path: str, timeout: float) -> Fetched:
        self.asked.append(path)
        self._all.wait()
        raise TimeoutError


def test_secrets_are_requested_in_parallel_and_a_shared_one_once() -> None:
    backend = Crowd(3)
    references = [f"aws:{path}#{key}" for path in ("a", "b", "c") for key in ("user", "password")]
    findings = list(examine_backends(references, [backend]))
    assert sorted(backend.asked) == ["a", "b", "c"]
    assert [(one.mark, one.subject) for one in findings] == [("unreached", one) for one in references]


def test_a_secret_that_several_references_share_is_one_request(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.put("prod/db", {"user": "u", "password": "p"})
    asked: list[str] = []
    fetch = SecretsManager.fetch

    def counted(self: SecretsManager, path: str, timeout: float) -> Any:
        asked.append(path)
        return fetch(self, path, timeout)

    monkeypatch.setattr(SecretsManager, "fetch", counted)
    findings = list(examine_backends(["aws:prod/db#user", "aws:prod/db#password", "aws:prod/db"], []))
    assert asked == ["prod/db"]
    assert [one.message for one in findings[-3:]] == ["can be read"] * 3


def test_a_key_of_plain_text_and_a_missing_stage_are_reported(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", canary.secret)
    findings = list(examine_backends(["aws:prod/db#y", "aws:prod/db?stage=NOPE#y"], []))[-2:]
    assert [(one.message, one.help) for one in findings] == [
        ("is not a JSON object", "leave out `#y`"),
        ("prod/db has no version with stage NOPE", "correct the version, or leave it out"),
    ]
    canary.absent_from(findings)
