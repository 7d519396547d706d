"""`toriconfig rotate`: rotation of secrets, so that no reader is left with a value that has stopped working.

`_command` has the options, `_kinds` creates rotations from them, `_acts` processes given references, `_due` due
secrets, and `_report` writes the results as text or JSON.
"""

from __future__ import annotations

from toriconfig.cli.rotate._command import rotate

__all__ = ["rotate"]
