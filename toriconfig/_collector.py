"""Loading without the garbage collector.

What a load makes (modules, classes, validators, trees, settings) stays, and hardly any of it can be garbage; the
collector would look through it a hundred times all the same.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Leave the collector off inside, and as it was afterwards. Two threads at once can only turn it on too early."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
