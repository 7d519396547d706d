"""Secrets that changed while the application ran."""

from __future__ import annotations

from ingest_pdf.pipeline import get_logger
from toriconfig import Change, ToriSettings, on_change

_log = get_logger("ingest_pdf")


class Rotations:
    """Notes each rotation, and says so in the log.

    Args:
        settings: a lazy object; its two secrets are read here, so that a program that cannot have them ends at once.

    Attributes:
        seen: the versions of the API key and the accounts of the database, the first ones included, oldest first.

    Raises:
        SecretError: one of the two cannot be had.
    """

    def __init__(self, settings: ToriSettings) -> None:
        self._settings = settings
        self.seen: dict[str, list[str]] = {"api_key": [], "database.credentials": []}
        for path in self.seen:
            on_change(settings, path, self._rotated)
        settings.api_key.get()
        self._note("api_key")
        self._note("database.credentials")

    def _rotated(self, change: Change) -> None:
        self._note(change.path)
        _log.info("%s is now %s", change.path, self.seen[change.path][-1])

    def _note(self, path: str) -> None:
        if path == "api_key":
            name = f"version {self._settings.api_key.version}"
        else:
            name = self._settings.database.credentials.get().username
        if name not in self.seen[path]:
            self.seen[path].append(name)

    def __str__(self) -> str:
        return "\n".join(f"{path}: {', '.join(names)}" for path, names in self.seen.items())
