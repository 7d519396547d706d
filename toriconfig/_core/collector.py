"""Suspension of the garbage collector during a load.

The objects of a load (modules, classes, validators, trees, settings) stay alive, so hardly any of them is garbage. The
collector would still examine them many times.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import toriconfig._core.half_imports  # noqa: F401 - from the first load on, which begins to import

_FROZEN = 1000
"""Number of objects. A program that froze its objects before a fork has several thousand; Python 3.12 itself a few hundred."""


@contextmanager
def paused() -> Iterator[None]:
    """Disable the garbage collector inside the block, and restore its state afterwards.

    Two concurrent threads can at most enable it too early. If modules were imported, which happens about once per
    process, all new objects are moved to the oldest generation without being examined.
    """
    running, modules = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if running:
            if len(sys.modules) > modules and gc.get_freeze_count() < _FROZEN:
                gc.freeze()
                gc.unfreeze()
            gc.enable()
