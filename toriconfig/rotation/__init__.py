"""The writing side of rotation."""

from __future__ import annotations

from toriconfig.rotation._errors import RotationError, RotationLost, RotationRefused
from toriconfig.rotation._events import Event

__all__ = ["Event", "RotationError", "RotationLost", "RotationRefused"]
