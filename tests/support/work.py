"""Work of a call, independent of the speed of the machine: calls, lines and turns of loops in Python."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def work(function: Callable[[], object]) -> int:
    """Calls, lines and turns of loops that Python runs in `function`, whose exceptions are swallowed."""
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    collects, former = gc.isenabled(), sys.gettrace()
    gc.disable()  # a collection may call Python code of others
    sys.settrace(trace)
    try:
        function()
    except Exception:  # noqa: BLE001 - what a load refuses is not what is measured
        pass
    finally:
        sys.settrace(former)
        if collects:
            gc.enable()
    return count


def growth(function: Callable[[int], object], size: int) -> float:
    """Growth of the work with an input of four times the size: 4 if it is linear, 16 if it is quadratic."""
    function(2)  # imports and caches
    return work(lambda: function(4 * size)) / work(lambda: function(size))
