"""`toriconfig rotate`: rotation of secrets, so that no reader is left with a value that has stopped working.

`_command` has the options, and `_kinds` creates the rotations. `_acts` processes the given references; `_due`
processes all that are due. `_text` and `_report` return the results as text and as JSON.
"""

from __future__ import annotations

from toriconfig.cli.rotate._command import rotate

__all__ = ["rotate"]
