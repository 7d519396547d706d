"""Writing of the files of a project: all of them or none, and never over a file that exists."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from toriconfig.cli._replace_file import Refused, replace_file


def conflicts(files: Iterable[str]) -> list[str]:
    """Return the existing paths that prevent the creation of `files`: a file, or a parent that is no folder."""
    found = []
    for file in files:
        parents = [str(parent) for parent in Path(file).parents if str(parent) != "."]
        blocking = [parent for parent in parents if os.path.lexists(parent) and not os.path.isdir(parent)]
        found += blocking or ([file] if os.path.lexists(file) else [])
    return list(dict.fromkeys(found))


def refuse_conflicts(found: Iterable[str], remedies: dict[str, str]) -> None:
    """Raise an error if any file exists. The message names each file with a remedy.

    Args:
        found: the files that exist; may be empty.
        remedies: the remedy for a file. For a file without one, the message names `--keep-existing`.

    Raises:
        click.UsageError: `found` is not empty.
    """
    lines = [f"  {file}: {remedies.get(file, 'move it away, or use --keep-existing')}" for file in found]
    if lines:
        count = f"{len(lines)} file{'s exist' if len(lines) != 1 else ' exists'} already"
        raise click.UsageError("\n".join([f"{count}, and nothing was written", *lines]))


def write_all(files: dict[str, str]) -> None:
    """Write new files. If one cannot be written, the others are removed again.

    Raises:
        click.UsageError: a file exists or cannot be written; the message names the file.
    """
    done: list[str] = []
    folders: list[str] = []
    try:
        for file, text in files.items():
            _make_folders(file, folders)
            _write(file, text)
            done.append(file)
    except BaseException:
        for file in done:
            os.unlink(file)
        for folder in reversed(folders):
            os.rmdir(folder)
        raise


def _make_folders(file: str, made: list[str]) -> None:
    for folder in reversed([str(parent) for parent in Path(file).parents]):
        if not os.path.isdir(folder):
            try:
                os.mkdir(folder)
            except OSError as error:
                raise click.UsageError(f"the folder {folder} cannot be created: {error.strerror}") from None
            made.append(folder)


def _write(file: str, text: str) -> None:
    try:
        replace_file(file, text, force=False, is_ours=lambda _: False)
    except Refused as error:
        raise click.UsageError(f"{file} {error}") from None
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
