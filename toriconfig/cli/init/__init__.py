"""`toriconfig init`: write the first files of a project.

Each source of a project returns a `Draft` (the Python module, the settings files, the notes): `_empty`, `_from_class`,
`_from_dynaconf`. `_project` adds the files that are derived from the class, and `_write` writes them.
"""

from toriconfig.cli.init._command import init

__all__ = ["init"]
