"""Requests to a server, counted from its audit log."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


class AuditLog:
    """Audit log of JSON lines. The server writes the line of a request before it answers.

    Args:
        file: the log; it need not exist yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._counted_from = 0

    def entries(self) -> list[dict[str, Any]]:
        """Return the requests since the start or `forget`, oldest first. Refused ones have `error`."""
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if entry["type"] == "request"][self._counted_from :]

    def count(self, path: str | None = None, operation: str | None = None) -> int:
        """Return the number of requests to `path` with `operation`; None means any."""
        return sum(
            (path is None or _matches(entry["request"].get("path", ""), path))
            and (operation is None or entry["request"]["operation"] == operation)
            for entry in self.entries()
        )

    def forget(self) -> None:
        """Reset the number of requests to 0."""
        self._counted_from += len(self.entries())


def _matches(seen: str, wanted: str) -> bool:
    return fnmatchcase(seen, wanted) or fnmatchcase(seen.replace("/data/", "/", 1), wanted)
