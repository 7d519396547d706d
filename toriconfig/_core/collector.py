"""Suspension of the garbage collector during a load.

Most objects of a load (modules, classes, validators, trees, settings) stay alive, so a collection would free almost
nothing, but would examine all of them.
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

    If two threads use this block at once, the first to leave may enable the collector too early; nothing worse can
    happen. If the block imported modules (about once per process), all new objects are moved to the oldest generation
    of the collector, without a collection.
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
