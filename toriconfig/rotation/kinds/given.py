"""Rotation to a given value: from standard input, a prompt, or another program."""

from __future__ import annotations

from toriconfig._core.clean_call import clean_methods
from toriconfig.pipeline._redact import register
from toriconfig.rotation._errors import RotationRefused
from toriconfig.rotation._option import Option
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation._sealed import Sealed
from toriconfig.rotation.kinds._stored import Stored, key_of


@clean_methods
class Given(Stored):
    """One key of a KV path, set to a given value.

    Args:
        value: the new value. None is allowed only to resume or roll back a rotation, because the record has the value.
    """

    name = "given"
    summary = "a value from a prompt, or from standard input"
    options = (Option("value", secret=True, required=True, new_value=True, ask=True, help="the new value."),)

    def __init__(self, value: str | None = None) -> None:
        self._value = Sealed({"value": value})
        if value:
            register(value)

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return a list with one planned action."""
        return [f"set {key_of(work)} to the given value"]

    def generate(self, work: Work, current: Values) -> Values:
        """Return the given value.

        Raises:
            RotationRefused: no value was given.
        """
        key = key_of(work)
        value = self._value.open()["value"]
        if not value:
            raise RotationRefused("the new value is empty", reference=str(work.ref), help="nothing was changed")
        return {key: value}

    def __repr__(self) -> str:
        return "Given(**********)"
