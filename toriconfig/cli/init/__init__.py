"""`toriconfig init`: write the first files of a project.

The modules `_empty` (no class yet), `_from_class` (pydantic-settings) and `_from_dynaconf` each return a `Draft`:
the Python module, the settings files and the notes. `_project` adds the files that are derived from the class, and
`_write` writes all files.
"""

from toriconfig.cli.init._command import init

__all__ = ["init"]
