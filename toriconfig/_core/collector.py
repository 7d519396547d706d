"""Loading without the garbage collector.

What a load makes (modules, classes, validators, trees, settings) stays, and hardly any of it can be garbage; the
collector would look through it a hundred times all the same, or once with everything in it, which takes as long.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import toriconfig._core.half_imports  # noqa: F401 - from the first load on, which begins to import

_FROZEN = 1000
"""Objects: a program that froze what there is, before it forks, has several thousand; Python 3.12 itself a few hundred."""


@contextmanager
def paused() -> Iterator[None]:
    """Leave the collector off inside, and as it was afterwards. Two threads at once can only turn it on too early.

    Where modules were imported, so once a process or so, all that is new is moved to the oldest generation unseen.
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
