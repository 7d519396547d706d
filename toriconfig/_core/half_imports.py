"""A forked child can import what another thread of its parent was importing when it was forked.

Python never opens the lock of such a module again in the child, so an import of it would hang for ever. This package
imports most of its parts, and its libraries, at their first use, which may be at the same moment as a fork.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident


def forget_half_imports() -> None:
    """Have the next import of each such module begin anew. Imports under way on this thread go on."""
    locks = getattr(sys.modules.get("_frozen_importlib"), "_module_locks", None)
    if not isinstance(locks, dict):
        return
    for name, ref in list(locks.items()):
        owner = getattr(ref(), "owner", None)
        if owner is None or owner == get_ident():
            continue
        locks.pop(name, None)
        module = sys.modules.get(name)
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            sys.modules.pop(name, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_half_imports)
