"""`toriconfig rotate`: replacement of secrets in Vault while programs use the secrets.

`_command` has the options, and `_kinds` creates the rotations. `_acts` processes the given references; `_due`
processes all that are due. `_text` and `_report` return the results as text and as JSON.
"""

from __future__ import annotations

from toriconfig.cli.rotate._command import rotate

__all__ = ["rotate"]
