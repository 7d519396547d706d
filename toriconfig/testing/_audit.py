"""Requests to a server, counted from its audit log."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


class AuditLog:
    """An audit log of JSON lines; the server has written a request's line before it answers it.

    Args:
        file: the log; need not exist yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._counted_from = 0

    def entries(self) -> list[dict[str, Any]]:
        """The requests since the start, or since `forget`, oldest first; refused ones carry `error`."""
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if entry["type"] == "request"][self._counted_from :]

    def count(self, path: str | None = None, operation: str | None = None) -> int:
        """Return the number of requests to `path` with `operation`; None stands for any."""
        return sum(
            (path is None or _matches(entry["request"].get("path", ""), path))
            and (operation is None or entry["request"]["operation"] == operation)
            for entry in self.entries()
        )

    def forget(self) -> None:
        """Count from here."""
        self._counted_from += len(self.entries())


def _matches(seen: str, wanted: str) -> bool:
    return fnmatchcase(seen, wanted) or fnmatchcase(seen.replace("/data/", "/", 1), wanted)
