"""Moto's server for each module, and an environment in which nothing else of AWS is configured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import toriconfig
from support.aws import Moto, moto_server, without_aws
from toriconfig._core import markers
from toriconfig._runtime import warn_once
from toriconfig.testing import Canary


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Moto]:
    with moto_server() as server:
        yield server


@pytest.fixture(name="nothing", autouse=True)
def _nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment without variables and files of AWS, and a new instance of the shipped backend."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "VAULT_", "BAO_")):
            monkeypatch.delenv(name)
    for name, value in without_aws(tmp_path).items():
        monkeypatch.setenv(name, value)
    markers._shipped.clear()
    warn_once.reset()
    yield
    toriconfig.shutdown()
    markers._shipped.clear()


@pytest.fixture(name="moto")
def _moto(server: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    """An empty server that the environment names."""
    server.command("reset")
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture(name="canary")
def _canary() -> Iterator[Canary]:
    canary = Canary()
    with canary.watch():
        yield canary
