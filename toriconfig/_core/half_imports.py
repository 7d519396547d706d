"""Imports in a forked child of modules that another thread of the parent was importing at the fork.

Python never releases the lock of such a module in the child, so an import of it would hang. This package imports most
of its modules and libraries at their first use, which may coincide with a fork.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident


def forget_half_imports() -> None:
    """Make the next import of each such module start again. Imports of the current thread continue."""
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
