# test_registry.py
from pathlib import Path

import pytest
from registry import Registry

from toriconfig.sources import Source
from toriconfig.testing import SourceContract


class TestRegistry(SourceContract):
    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "registry.json"

    def good(self) -> Source:
        self.path.write_text('{"greeting": "hello"}')
        return Registry(self.path)

    def broken(self) -> Source:
        self.path.write_text('["no mapping"]')
        return Registry(self.path)
