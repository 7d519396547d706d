"""For tests of programs that use toriconfig, and for toriconfig's own."""

from __future__ import annotations

from toriconfig._warnings import reset as reset_warnings
from toriconfig.testing._fake_clock import FakeClock
from toriconfig.testing._server import AppRoleLogin, VaultServer, vault_server

__all__ = ["AppRoleLogin", "FakeClock", "VaultServer", "reset_warnings", "vault_server"]
