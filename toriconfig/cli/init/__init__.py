"""`toriconfig init`: write the first files of a project.

A project starts without a class (`_empty`), from a class of pydantic-settings (`_from_class`), or from files of
dynaconf (`_from_dynaconf`). Each of these modules returns a `Draft`: the Python module, the settings files and the
notes. `_project` adds the files that are derived from the class, and `_write` writes all files.
"""

from toriconfig.cli.init._command import init

__all__ = ["init"]
