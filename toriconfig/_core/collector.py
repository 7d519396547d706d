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

    If the block imported modules, all objects then move to the oldest generation of the collector, unless the
    program uses `gc.freeze()`. If blocks of two threads overlap, the end of the first block enables the collector,
    which is harmless.
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
