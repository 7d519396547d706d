"""Removal of half-finished imports in a forked child process.

If another thread of the parent process is importing a module during the fork, the import lock of the imported
module is never released in the child. Without the removal, the next import of that module in the child would hang.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident


def forget_half_imports() -> None:
    """Remove each half-finished module and its import lock, so that the next import starts from the beginning.

    Imports that the current thread is executing are not changed.
    """
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
    # This package imports most modules at their first use, so a fork may happen during an import.
    os.register_at_fork(after_in_child=forget_half_imports)
