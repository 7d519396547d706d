"""Repair of half-finished imports in a forked child.

A half-finished import is one that another thread of the parent was executing at the fork. That thread does not exist in
the child, so the import lock of the module is never released there, and the next import of the module would hang. This
package imports most modules at their first use, which may coincide with a fork.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident


def forget_half_imports() -> None:
    """Remove the half-finished modules and their locks, so that the next import of each starts from the beginning.

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
    os.register_at_fork(after_in_child=forget_half_imports)
