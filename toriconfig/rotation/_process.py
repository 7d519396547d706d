"""Data in a record that identify the process of a rotation, and the check that the recorded process still runs."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_under_way: set[str] = set()
"""Ids of the rotations that this process runs now."""


def this_process() -> dict[str, Any]:
    """Return the data by which a record identifies this process, even if a later process has the same process id."""
    pid = os.getpid()
    return {"host": socket.gethostname(), **_machine(), "pid": pid, "started": _started(pid)}


def this_rotator() -> str:
    """Return user, host and process id as text, such as `alice@build (process 12)`."""
    return f"{_user()}@{socket.gethostname()} (process {os.getpid()})"


def begin(rotation_id: str) -> None:
    """Register that this process runs a rotation."""
    _under_way.add(rotation_id)


def end(rotation_id: str) -> None:
    """Register that this process no longer runs a rotation, whether it is finished or not."""
    _under_way.discard(rotation_id)


def is_running(process: Mapping[str, Any], rotation_id: str) -> bool | None:
    """Return True if the process still runs the rotation, else False.

    Return None if the process was started on another machine, in another PID namespace, or before the last boot.

    Args:
        process: data that identifies the process, from `this_process`.
        rotation_id: id of the rotation.
    """
    pid = process.get("pid")
    here = {"host": socket.gethostname(), **_machine()}
    if not isinstance(pid, int) or pid <= 0 or any(process.get(name) != value for name, value in here.items()):
        return None
    if not _exists(pid) or _started(pid) != process.get("started"):
        return False
    return rotation_id in _under_way if pid == os.getpid() else True


def _machine() -> dict[str, Any]:
    """Return the ids of the boot and of the PID namespace. A process id is unique only with these two ids."""
    return {"boot": _text("/proc/sys/kernel/random/boot_id"), "namespace": _link("/proc/self/ns/pid")}


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # the process belongs to another user
        return True
    return True


def _started(pid: int) -> int:
    """Return the start time of a process in ticks since boot; -1 for a zombie; 0 if the time cannot be read."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    state, *rest = stat.rpartition(")")[2].split()
    return -1 if state in "ZX" else int(rest[18])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in many containers
        return f"uid {os.getuid()}"


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
