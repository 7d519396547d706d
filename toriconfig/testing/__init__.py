"""Test utilities: a real Vault server, a fake clock, a canary secret, and the contracts of sources and of kinds.

Pytest fixtures are available with `pytest_plugins = ["toriconfig.testing.plugin"]` in a `conftest.py`.
"""

from __future__ import annotations

from toriconfig._devserver.process import Keeper, ServerProcess
from toriconfig._runtime.warn_once import reset as reset_warnings
from toriconfig.testing._canary import Canary
from toriconfig.testing._fake_clock import FakeClock
from toriconfig.testing._kind_contract import KindContract
from toriconfig.testing._server import AppRoleLogin, VaultServer, vault_server
from toriconfig.testing._source_contract import SourceContract

__all__ = [
    "AppRoleLogin",
    "Canary",
    "FakeClock",
    "Keeper",
    "KindContract",
    "ServerProcess",
    "SourceContract",
    "VaultServer",
    "reset_warnings",
    "vault_server",
]
