"""Files and folders that a load reads, or would read if they existed, with their identities.

Each symbolic link in a path is followed, so that a replaced link counts as a change. Kubernetes replaces the link
`..data`; a deployment often replaces a link `current`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from glob import glob

from toriconfig._core.tree import Node
from toriconfig._core.value import Value
from toriconfig._load.read import files_of, under
from toriconfig._load.snapshot import Snapshot
from toriconfig._schema.options import Options
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.file_watch import files_behind
from toriconfig._secrets.secret import provider_of
from toriconfig.sources import endings

Identity = tuple[int, int, int, int]
"""Device, inode, size and modification time of the target of a path. For a folder, size and time are 0."""

Fingerprint = dict[str, "Identity | None"]
"""Identity of each input by its path; None: there is no such file."""

_MAGIC = frozenset("*?[")
_MOST_LINKS = 40
"""Symbolic links that are followed on the way to one file, as many as Linux follows."""


class Inputs(Value):
    """Files and folders that a load reads, as absolute paths.

    Attributes:
        files: files; some may not exist.
        folders: folders whose files are all inputs, except hidden files.
        places: folders in which a new file may become an input, because of the option `config_files`.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def fingerprint(self) -> Fingerprint:
        """Return a dict from the path of each input file to the identity of the file.

        Files in input folders are included.
        """
        inside = [file for folder in self.folders for file in _files_in(folder)]
        return {file: _identity(file) for file in (*self.files, *inside)}

    def watched(self) -> dict[str, Identity | None]:
        """Return the folders to watch, as a dict from path to identity. The identity of a missing folder is None.

        If an input is replaced, a file or link in at least one of these folders changes.
        """
        paths = [*self.files, *(os.path.join(folder, ".") for folder in (*self.folders, *self.places))]
        found = sorted({folder for path in paths for folder in _on_the_way(path)})
        return {folder: _folder(folder) for folder in found}

    def changed_since(self, moment: float) -> bool:
        """True if a file, or a folder in its path, changed at or after `moment`, in seconds since 1970."""
        for path in (*self.fingerprint(), *self.watched()):
            for look in (os.stat, os.lstat):
                try:
                    if look(path).st_ctime >= moment:
                        return True
                except (OSError, ValueError):
                    continue
        return False


def inputs_of(snapshot: Snapshot, more: Iterable[str]) -> Inputs:
    """Return the files and folders that the load has read, and those that the next load may read.

    Args:
        snapshot: metadata of the load.
        more: further files and folders.
    """
    options = snapshot.options
    found = [*_of_options(options), *_of_class(snapshot), *_as_read(snapshot), *more]
    found += [provider.file for provider in file_providers(snapshot)]
    folders = [*_folders_of_secrets(options), *filter(os.path.isdir, more)]
    return Inputs(_absolute(found), _absolute(folders), _absolute(_places(options)))


def _absolute(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.abspath(os.path.expanduser(path)) for path in paths if path))


def file_providers(snapshot: Snapshot) -> list[FileProvider]:
    """Return the providers that read secrets of the load from files."""
    return [file for secret in snapshot.secrets.values() for file in files_behind(provider_of(secret))]


def _of_options(options: Options) -> Iterator[str]:
    """Yield the settings files and `.env` files that the options name."""
    if "files" in options.layers:
        yield from (file for file, _ in files_of(options))
        if options.config_files is None and options.config_name is not None:
            for name in (
                options.config_name,
                f"{options.config_name}.{options.profile}",
                f"{options.config_name}.local",
            ):
                yield from (under(options, name) + ending for ending in endings())
            for file in (*options.yaml_file, *options.json_file, *options.toml_file):
                yield under(options, os.fspath(file))
    if "dotenv" in options.layers:
        for file in options.env_file:
            for up in range((options.env_file_depth or 0) + 1):
                yield os.path.join(*[os.pardir] * up, os.fspath(file))


def _of_class(snapshot: Snapshot) -> Iterator[str]:
    """Yield the files that the sources of pydantic-settings read."""
    config = snapshot.recipe.schema.model_config
    for option in ("yaml_file", "json_file", "toml_file"):
        value = config.get(option)
        several = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
        yield from (os.fspath(file) for file in several if isinstance(file, (str, os.PathLike)))


def _as_read(snapshot: Snapshot) -> Iterator[str]:
    """Yield the files that the load has read."""
    for layer in snapshot.layers:
        if layer.kind in ("files", "dotenv", "secrets_dir"):
            yield from filter(os.path.lexists, layer.name.split(", "))
    for name in snapshot.files:
        yield from (os.path.join(os.fspath(root), os.path.expanduser(name)) for root in snapshot.options.file_roots)
    yield from _named_by_variables(snapshot.root)


def _named_by_variables(node: Node) -> Iterator[str]:
    if node.layer.kind == "secrets_dir" and isinstance(node.at, str):
        yield node.at
    if type(node.value) is dict:
        for child in node.value.values():
            yield from _named_by_variables(child)


def _folders_of_secrets(options: Options) -> Iterator[str]:
    """Yield the folders of secrets; also their subfolders if `secrets_nested_subdir` is set."""
    for given in options.secrets_dir if "secrets_dir" in options.layers else ():
        folder = os.fspath(given)
        yield folder
        if options.secrets_nested_subdir:
            yield from (top for top, _, _ in os.walk(os.path.expanduser(folder)) if top != folder)


def _places(options: Options) -> Iterator[str]:
    """Yield the folders in which a new file may match the option `config_files` (folders and glob patterns)."""
    for given in options.config_files or ():
        entry = os.fspath(given)
        if os.path.isfile(entry):
            continue
        if os.path.isdir(entry):
            yield entry
        head = entry
        while _MAGIC & set(head):
            head = os.path.dirname(head)
            yield from filter(os.path.isdir, glob(head or os.curdir, recursive=True))


def _files_in(folder: str) -> list[str]:
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name[:1] != ".")
    except OSError:
        return []


def _identity(path: str) -> Identity | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if os.path.isdir(path):
        return found.st_dev, found.st_ino, 0, 0  # a directory counts as its files; other changes in it do not count
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _folder(path: str) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, 0, 0


def _on_the_way(path: str) -> Iterator[str]:
    """Yield the folder of each symbolic link in the path, and the folder of the file.

    If the folder of the file is missing, yield the nearest existing folder.
    """
    current, left, links = os.sep, path.split(os.sep), 0
    while left:
        part = left.pop(0)
        if part in ("", os.curdir):
            continue
        if part == os.pardir:
            current = os.path.dirname(current)
            continue
        step = os.path.join(current, part)
        try:
            target = os.readlink(step)
        except (OSError, ValueError):
            target = None
        if target is not None:
            yield current
            links += 1
            if links > _MOST_LINKS:
                return
            current = os.sep if os.path.isabs(target) else current
            left[:0] = target.split(os.sep)
        elif not os.path.isdir(step):
            yield current
            return
        else:
            current = step
    yield current
