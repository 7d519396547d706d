"""Import of the settings class from the working directory, and of nothing else from there.

A checkout may hold a module of any name. It is searched last, and only for the settings class and its imports. A file
`shutil.py` or `tqdm.py` in the working directory therefore never replaces the standard library or a library, even if
the library is not installed.
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
    """Let the settings class be found in the working directory, until the command ends.

    Nothing changes under `-P` and `PYTHONSAFEPATH`, which ask Python to leave the working directory alone.
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
    """A finder of top-level modules in one folder, asked after all others.

    It answers for what a command imports by name (`importlib.import_module`), which is the settings class, and for the
    imports of the modules that it found. It does not answer for an import in a library or in a module that was found
    elsewhere, wherever that is installed: such an import is meant for another library, which may be missing.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._found: set[str] = set()
        self._reserved = frozenset(_dependencies()) | sys.stdlib_module_names

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module of that name in the folder; None for one that is not meant for it."""
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
        # A field of pydantic's `ImportString` in a class of the folder names modules of the folder too.
        return package == "toriconfig" or (bool(self._found) and module == "pydantic._internal._validators")


def _dependencies() -> Iterator[str]:
    """The modules of what toriconfig requires, extras included, installed or not."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        found = requires("toriconfig") or []
    except PackageNotFoundError:
        found = []
    for requirement in found:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("-", "_")
        yield name
        yield name.removeprefix("python_").removeprefix("py")
