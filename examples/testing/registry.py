# registry.py
import json
from pathlib import Path

from toriconfig.sources import Tree, tree


class Registry:
    """A source: settings from a JSON file that another program writes."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def load(self) -> Tree:
        return tree(json.loads(self.file.read_text()), "registry")
