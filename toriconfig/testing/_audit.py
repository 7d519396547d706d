"""Reader of a server's audit log, to count requests."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


class AuditLog:
    """Audit log of JSON lines. The server writes the line of a request before it answers the request.

    Args:
        file: the log file. It may be created later.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._counted_from = 0

    def entries(self) -> list[dict[str, Any]]:
        """Return the requests since the start or the last `forget`, oldest first. A refused request has an `error`."""
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if entry["type"] == "request"][self._counted_from :]

    def count(self, path: str | None = None, operation: str | None = None) -> int:
        """Return the number of requests to `path` with `operation`. None: any path, or any operation."""
        return sum(
            (path is None or _matches(entry["request"].get("path", ""), path))
            and (operation is None or entry["request"]["operation"] == operation)
            for entry in self.entries()
        )

    def forget(self) -> None:
        """Omit all requests until now from the results of `entries` and `count`."""
        self._counted_from += len(self.entries())


def _matches(seen: str, wanted: str) -> bool:
    return fnmatchcase(seen, wanted) or fnmatchcase(seen.replace("/data/", "/", 1), wanted)
