"""Import of the settings class, and of the modules that the class needs, from the working directory.

Imports by other libraries do not search the working directory, because a file there may have the name of a
library that is not installed.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType

_IMPORT_SYSTEM = ("<frozen importlib", "<frozen zipimport")


def search_working_directory() -> None:
    """Make the settings class importable from the working directory, until the command ends.

    With `-P` or `PYTHONSAFEPATH` nothing changes, because they exclude the working directory from imports.
    """
    import click

    if sys.flags.safe_path:
        return
    finder = _WorkingDirectory(os.getcwd())
    sys.meta_path.append(finder)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().call_on_close(lambda: sys.meta_path.remove(finder))


class _WorkingDirectory:
    """Finder of top-level modules in one folder. Python asks all other finders first.

    The folder is used only for the settings class that a command names, for imports by modules of the folder, and
    for `ImportString` fields of pydantic. For any other import, the finder returns None, so that no file of the
    folder replaces a missing library.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._found: set[str] = set()
        self._reserved = frozenset(dependencies()) | sys.stdlib_module_names

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a top-level module in the folder; None if the folder has no such module.

        Also None if `fullname` is the name of a library, or if the importing code must not use the folder.
        """
        if path is not None or fullname in self._reserved or not self._meant(sys._getframe(1)):
            return None
        spec = PathFinder.find_spec(fullname, [self._folder], target)
        if spec is not None:
            self._found.add(fullname)
        return spec

    def _meant(self, frame: FrameType | None) -> bool:
        while frame is not None and frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            frame = frame.f_back
        by_name = frame is not None and frame.f_code is importlib.import_module.__code__
        asking = frame.f_back if by_name and frame is not None else frame
        module = "" if asking is None else str(asking.f_globals.get("__name__"))
        package = module.partition(".")[0]
        if package in self._found:
            return True
        if not by_name:
            return False
        # The field type `ImportString` of pydantic, in a class of the folder, also names modules of the folder.
        return package == "toriconfig" or (bool(self._found) and module == "pydantic._internal._validators")


def dependencies() -> Iterator[str]:
    """Yield possible module names of all requirements of toriconfig and its extras, installed or not."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        found = requires("toriconfig") or []
    except PackageNotFoundError:
        found = []
    for requirement in found:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("-", "_")
        yield name
        yield name.removeprefix("python_").removeprefix("py")
