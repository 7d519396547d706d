"""Changes that callbacks of `on_change` were given, to be waited for; and the ways in which files are replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from toriconfig import Change, on_change
from toriconfig._live.watcher import Watcher

PATIENCE = 60.0
"""Seconds that a test waits for what is sure to come."""


Watch = Callable[..., Watcher]
"""`watch`, as the fixture `following` offers it."""


class Changes:
    """Each change of a settings object, in the order of the callbacks."""

    def __init__(self, settings: Any, path: str = "") -> None:
        self._queue: SimpleQueue[Change] = SimpleQueue()
        self.subscription = on_change(settings, path, self._queue.put)

    def next(self) -> Change:
        return self._queue.get(timeout=PATIENCE)

    def empty(self) -> bool:
        return self._queue.empty()


def kubernetes_swap(mount: Path, generation: str, **values: str) -> None:
    """Replace all files at once as kubelet does: a new folder, and one rename of the link `..data`."""
    (mount / generation).mkdir(parents=True)
    for name, value in values.items():
        (mount / generation / name).write_text(value)
        if not (mount / name).is_symlink():
            (mount / name).symlink_to(f"..data/{name}")
    (mount / "..data_tmp").symlink_to(generation)
    (mount / "..data_tmp").rename(mount / "..data")


def replace_by_rename(file: Path, text: str) -> None:
    """Replace a file as editors do that write beside it."""
    new = file.with_name(f".{file.name}.swp")
    new.write_text(text)
    new.rename(file)


def move_away_and_write(file: Path, text: str) -> None:
    """Replace a file as vim does: the old one becomes a backup, and for a moment there is none."""
    file.rename(file.with_name(f"{file.name}~"))
    file.write_text(text)


def told(change: Change) -> tuple[str, str, Any]:
    return change.path, change.kind, change.new


def state_of(settings: Any) -> Any:
    return settings._state
