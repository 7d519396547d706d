"""`toriconfig rotate`: new secrets, without ever leaving a dead one behind.

`_command` has the options, `_kinds` makes rotations of them, `_acts` is what is done to one secret, `_due` to many, and
`_report` writes what became of it, as text or as JSON.
"""

from __future__ import annotations

from toriconfig.cli.rotate._command import rotate

__all__ = ["rotate"]
