# test_token_kind.py
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from token_kind import ServiceToken

from toriconfig.rotation import Rotation
from toriconfig.testing import KindContract, VaultServer


class TestServiceToken(KindContract):
    @pytest.fixture(autouse=True)
    def service(self, shared_vault_server: VaultServer, tmp_path: Path) -> None:
        self.vault, self.path = shared_vault_server, f"secret/{tmp_path.name}"
        self.kind = ServiceToken(str(tmp_path / "tokens.txt"))
        self.kind.accept({"the-first-token"})
        self.vault.put(self.path, {"token": "the-first-token"})

    def rotation(self, **options: Any) -> Rotation:
        kind = ServiceToken(self.kind.tokens)
        return Rotation(f"{self.path}#token", kind, environ=self.vault.environ, **options)

    def accepts(self, values: Mapping[str, Any]) -> bool:
        return values["token"] in self.kind.accepted()
