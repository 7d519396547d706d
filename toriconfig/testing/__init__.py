"""Test utilities: fakes, a real Vault server, a canary, and contract tests for custom sources and for rotation kinds.

`toriconfig.testing.plugin` defines fixtures for some of them. pytest finds the plug-in without configuration.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toriconfig._devserver.process import Keeper, ServerProcess
    from toriconfig._runtime.warn_once import reset as reset_warnings
    from toriconfig.testing._canary import Canary
    from toriconfig.testing._engine_kind_contract import EngineKindContract
    from toriconfig.testing._fake_backend import FakeBackend
    from toriconfig.testing._fake_clock import FakeClock
    from toriconfig.testing._fresh import FreshSettings, SettingsOverride, unload
    from toriconfig.testing._kind_contract import KindContract
    from toriconfig.testing._server import AppRoleLogin, VaultServer, vault_server
    from toriconfig.testing._source_contract import SourceContract

_HOME = {
    "AppRoleLogin": "testing._server",
    "Canary": "testing._canary",
    "EngineKindContract": "testing._engine_kind_contract",
    "FakeBackend": "testing._fake_backend",
    "FakeClock": "testing._fake_clock",
    "FreshSettings": "testing._fresh",
    "Keeper": "_devserver.process",
    "KindContract": "testing._kind_contract",
    "ServerProcess": "_devserver.process",
    "SettingsOverride": "testing._fresh",
    "SourceContract": "testing._source_contract",
    "VaultServer": "testing._server",
    "reset_warnings": "_runtime.warn_once",
    "unload": "testing._fresh",
    "vault_server": "testing._server",
}

__all__ = [
    "AppRoleLogin",
    "Canary",
    "EngineKindContract",
    "FakeBackend",
    "FakeClock",
    "FreshSettings",
    "Keeper",
    "KindContract",
    "ServerProcess",
    "SettingsOverride",
    "SourceContract",
    "VaultServer",
    "reset_warnings",
    "unload",
    "vault_server",
]


def __getattr__(name: str) -> object:
    """Import a name at its first use, because every run of pytest imports this package."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"toriconfig.{_HOME[name]}", fromlist=["*"])
    value: object = getattr(module, "reset" if name == "reset_warnings" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
