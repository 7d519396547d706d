"""Imports the settings class from the working directory, and nothing else from there.

A checkout may hold a module of any name. It is searched last, and only for the settings class and what that class
imports: a file `shutil.py` or `tqdm.py` in the working directory never stands in for the standard library or for a
library, not even for one that is not installed.
"""

from __future__ import annotations

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

    It answers for modules of the folder itself, and for imports by name (`importlib.import_module`), by which the
    settings class is imported. It does not answer for `import x` in a library, which is meant for another library.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._inside = os.path.join(os.path.realpath(folder), "")
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
        return PathFinder.find_spec(fullname, [self._folder], target)

    def _meant(self, frame: FrameType | None) -> bool:
        while frame is not None and frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            frame = frame.f_back
        if frame is None:
            return False
        by_name = frame.f_globals.get("__name__") == "importlib" and frame.f_code.co_name == "import_module"
        return by_name or os.path.realpath(frame.f_code.co_filename).startswith(self._inside)


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
