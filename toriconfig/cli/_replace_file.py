"""Writing of a file in one step, and refusal to overwrite files of other programs or users.

| existing file | without `--force` | with `--force` |
|---|---|---|
| none | created | created |
| a regular file, no row below applies | replaced in one step; mode, owner and attributes stay | as without `--force` |
| a file that toriconfig did not write | refused; only `check --fix` replaces the file | replaced |
| a symbolic link | refused; only `check --fix` replaces the target of the link | the target is replaced |
| a file without write permission | refused | replaced; the permission stays |
| a file with several hard links, or of another owner | refused | written in place; links and owner stay |
| a directory, a device, a pipe | refused | refused |
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from secrets import token_hex

from toriconfig._core.regular_file import Unread, read_regular
from toriconfig.cli._read import LARGEST_INPUT


class Refused(Exception):
    """Error for a file that is not written. The message is the part of a sentence after the name of the file."""


def replace_file(
    path: str, text: str, *, force: bool, follow: bool = False, is_ours: Callable[[str], bool] | None = None
) -> None:
    """Write a file by the rules in the table of this module.

    Args:
        path: the file.
        text: the new content. Line breaks are not converted.
        force: True: `--force` was given.
        follow: True: a symbolic link is followed without `--force`.
        is_ours: function that returns True for content that toriconfig wrote. None: the content is not checked.

    Raises:
        Refused: the file is not replaced; the message gives the reason.
        OSError: the file cannot be written.
    """
    if os.path.islink(path) and not (follow or force):
        raise Refused(f"is a symbolic link to {os.readlink(path)}: name that file, or use --force")
    target = os.path.realpath(path)
    try:
        found = os.stat(target)
    except FileNotFoundError:
        _create(target, text)
        return
    if not stat.S_ISREG(found.st_mode):
        raise Refused("is not a regular file, so it is not written")
    if is_ours is not None and not force:
        _refuse_foreign(target, is_ours)
    if not (found.st_mode & 0o222 and os.access(target, os.W_OK)) and not force:
        raise Refused("is write-protected: change its mode, or use --force")
    several = found.st_nlink > 1
    foreign = found.st_uid != os.geteuid()
    if several and not force:
        raise Refused(f"has {found.st_nlink} names (hard links), and only one of them would change: use --force")
    if foreign and not force:
        raise Refused(f"belongs to another user ({found.st_uid}): use --force")
    if not (several or foreign) and _replace(target, text, found):
        return
    if not force:
        raise Refused("belongs to a group that a new file of yours cannot have: use --force")
    _write_in_place(target, text)


def _refuse_foreign(target: str, is_ours: Callable[[str], bool]) -> None:
    data = read_regular(target, LARGEST_INPUT, secret=False)
    text = "" if isinstance(data, Unread) else data.decode(errors="replace")
    if isinstance(data, Unread) or (text.strip() and not is_ours(text)):
        raise Refused("exists, and toriconfig did not write it: name another file, or use --force")


def _create(target: str, text: str) -> None:
    temporary = _temporary(target, text, 0o666)
    try:
        os.link(temporary, target)  # unlike a rename, fails if the file was created meanwhile
    except FileExistsError:
        raise Refused("was created by another process just now: check it") from None
    except OSError:  # a file system without hard links
        os.rename(temporary, target)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def _replace(target: str, text: str, found: os.stat_result) -> bool:
    """Replace the file in one step and return True. Return False, without a change, if permissions do not allow this.

    Raises:
        Refused: another process has changed the file meanwhile.
    """
    temporary = _temporary(target, text, 0o600)
    try:
        if os.stat(temporary).st_gid != found.st_gid:
            os.chown(temporary, -1, found.st_gid)
        os.chmod(temporary, stat.S_IMODE(found.st_mode))
        _copy_attributes(target, temporary)
        now = os.stat(target)
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (found.st_ino, found.st_size, found.st_mtime_ns):
            raise Refused("was changed by another process just now: try again")
        os.replace(temporary, target)
    except PermissionError:
        return False
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    return True


def _write_in_place(target: str, text: str) -> None:
    descriptor = os.open(target, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
        file.truncate()


def _temporary(target: str, text: str, mode: int) -> str:
    """Create a file with the text beside the target, with the permissions of `mode` and the umask. Return its path."""
    name = os.path.join(os.path.dirname(target), f".toriconfig-{token_hex(8)}")
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return name


def _copy_attributes(source: str, target: str) -> None:
    """Copy extended attributes, such as access control lists and labels, if the system has them and permits it."""
    for name in os.listxattr(source) if hasattr(os, "listxattr") else ():
        try:
            os.setxattr(target, name, os.getxattr(source, name))
        except OSError:
            continue
