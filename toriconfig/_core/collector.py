"""Suspension of the garbage collector during a load.

Most objects that a load creates (modules, classes, validators, trees, settings) stay alive. A collection during the
load would examine all of them and free almost nothing.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import toriconfig._core.half_imports  # noqa: F401 - from the first load on, which begins to import

_FROZEN = 1000
"""Number of frozen objects that shows a `gc.freeze()` of the program.

A program that froze its objects has several thousand of them; Python 3.12 itself has a few hundred.
"""


@contextmanager
def paused() -> Iterator[None]:
    """Disable the garbage collector inside the `with` block, and restore its state afterwards.

    If two threads are in such blocks at once, the collector is enabled when the first thread leaves its block; this is
    harmless. If the block imported modules, and the program has not called `gc.freeze()`, all objects are moved to the
    oldest generation of the collector, without a collection.
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
