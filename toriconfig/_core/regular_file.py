"""Reading of one regular file, with limits of size and time.

toriconfig reads every file with this module. Other kinds of files are rejected: a device may have no end, opening a
device may have an effect, and a named pipe may never answer. For secrets, files that the kernel generates (`/proc`,
`/sys`, `/dev`) are rejected too: `/proc/self/environ` holds every variable of the process.
"""

from __future__ import annotations

import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from toriconfig._core.clock import Clock

FORBIDDEN = ("/proc", "/sys", "/dev")
"""Folders of files that the kernel generates. No secret is read from a file below them, even through a link."""

PATIENCE = 5.0
"""Maximum time to read one file, in seconds. A single system call that hangs is not interrupted."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_CHUNK = 1 << 20
_MOST_LINKS = 100
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)

Identity = tuple[int, int, int, int]
"""Device, inode, size and modification time, which identify one content of a path."""


class Unread:
    """The reason why a file was not read.

    Attributes:
        kind: code of the reason: "absent" (there is no file at the path), "denied" (permission is missing), "kind" (not
            a regular file), "large" (too many bytes), "forbidden" (the kernel generates the file), "slow" (reading took
            longer than `PATIENCE` seconds) or "system" (any other error).
        reason: text for messages, such as `Permission denied` or `this is a device, not a regular file`.
    """

    __slots__ = ("kind", "reason")

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        self.reason = reason

    @classmethod
    def of(cls, error: OSError | ValueError) -> Self:
        """Return why a file was not read. A ValueError means that its name holds a NUL character."""
        if isinstance(error, ValueError):
            return cls("system", "its name holds a NUL character")
        absent = isinstance(error, (FileNotFoundError, NotADirectoryError))
        kind = "absent" if absent else "denied" if isinstance(error, PermissionError) else "system"
        return cls(kind, error.strerror or "the system refused")


class RegularFile:
    """An open regular file. As a context manager it closes the file at the end of the block.

    Args:
        descriptor: file descriptor, open for non-blocking reading.
        most: largest size to read, in bytes.
        clock: source of time for the time limit; None: the system clock.
    """

    __slots__ = ("_clock", "_descriptor", "_most")

    def __init__(self, descriptor: int, most: int, clock: Clock | None = None) -> None:
        self._descriptor = descriptor
        self._most = most
        self._clock = clock

    def identity(self) -> Identity:
        """Return the device, inode, size and modification time that the open file has now."""
        found = os.fstat(self._descriptor)
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def read(self) -> bytes | Unread:
        """Return the whole content, or an `Unread` if the content is too large or reading takes longer than `PATIENCE`.

        Raises:
            OSError: the file cannot be read.
        """
        size = os.fstat(self._descriptor).st_size
        if size > self._most:
            return _large(self._most)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        # Files of /proc have the size 0, and any file may grow while it is read.
        data = os.read(self._descriptor, min(size, self._most) + 1)
        if len(data) == size:
            return data
        monotonic = time.monotonic if self._clock is None else self._clock.monotonic
        end = monotonic() + PATIENCE
        chunks = [data]
        left = self._most + 1 - len(data)
        while chunks[-1] and left > 0:
            if monotonic() > end:
                return Unread("slow", f"it was not read within {PATIENCE:g} seconds")
            chunks.append(os.read(self._descriptor, min(_CHUNK, left)))
            left -= len(chunks[-1])
        return b"".join(chunks) if left > 0 else _large(self._most)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def open_regular(path: str, most: int, *, secret: bool = True, clock: Clock | None = None) -> RegularFile | Unread:
    """Open a regular file and return it, or return the reason why it is not read.

    Args:
        path: the file. Symbolic links are followed, because Kubernetes mounts consist of them.
        most: largest size to read, in bytes.
        secret: True: a file below a folder of `FORBIDDEN` is rejected. False: a file below `/proc` or `/sys` is
            rejected if `path` begins elsewhere and reaches the file through a symbolic link.
        clock: source of time for the time limit; None: the system clock.
    """
    try:
        # `/dev` contains links to `/proc`. They are followed if `/dev` itself is allowed.
        forbidden = made_up(path) if secret else made_up(path, FORBIDDEN[:2])
        if forbidden and (secret or not _names_one(path)):
            return Unread("forbidden", f"files below {forbidden} are not read")
        wrong = _kind(os.stat(path))  # before it is opened: opening a device may have an effect
        if wrong is not None:
            return wrong
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        return Unread.of(error)
    try:
        found = os.fstat(descriptor)
        wrong = _kind(found)
        if wrong is None and secret and found.st_dev in _devices():
            wrong = Unread("forbidden", f"files below {' and '.join(FORBIDDEN[:2])} are not read")
    except OSError as error:
        wrong = Unread.of(error)
    if wrong is None:
        return RegularFile(descriptor, most, clock)
    os.close(descriptor)
    return wrong


def read_regular(path: str, most: int, *, secret: bool = True, clock: Clock | None = None) -> bytes | Unread:
    """Return the content of a regular file, or the reason why it was not read. The arguments are those of
    `open_regular`.
    """
    opened = open_regular(path, most, secret=secret, clock=clock)
    if isinstance(opened, Unread):
        return opened
    with opened:
        try:
            return opened.read()
        except OSError as error:
            return Unread.of(error)


def made_up(path: str, folders: tuple[str, ...] = FORBIDDEN) -> str:
    """Return the first of `folders` that a path passes through, directly or by symbolic links; "" for none.

    The links are followed one by one, because the final target, which `os.path.realpath` returns, may be outside the
    folder: the target of `/proc/self/root/x` is `/x`, and the target of `/proc/self/fd/7` may be a deleted file.
    """
    here = "" if path[:1] == "/" else os.getcwd().rstrip("/")
    parts = path.split("/")[::-1]
    links = 0
    while True:
        folder = next((one for one in folders if here == one or here.startswith(one + "/")), "")
        if folder or not parts or links > _MOST_LINKS:  # more links than the system follows
            return folder
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = here.rpartition("/")[0]
            continue
        try:
            target = os.readlink(f"{here}/{part}")
        except OSError:  # no link, or nothing at all
            here = f"{here}/{part}"
            continue
        links += 1
        here = "" if target[:1] == "/" else here
        parts += target.split("/")[::-1]


def _names_one(path: str) -> bool:
    """Return True if a path, before any link is followed, is below a folder of `FORBIDDEN`."""
    return os.path.abspath(path).startswith(tuple(f"{folder}/" for folder in FORBIDDEN))


def _kind(found: os.stat_result) -> Unread | None:
    if stat.S_ISREG(found.st_mode):
        return None
    what = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "something else")
    return Unread("kind", f"this is {what}, not a regular file")


def _large(most: int) -> Unread:
    return Unread("large", f"it is larger than {most:,} bytes")


def _devices() -> set[int]:
    """Return the device numbers of the file systems at `/proc` and `/sys`, which may also be mounted at other paths."""
    root = os.stat("/").st_dev
    found = {os.stat(folder).st_dev for folder in FORBIDDEN[:2] if os.path.isdir(folder)}
    return found - {root}
