"""The rule by which layers meet at one field: `Annotated[list[str], Merge("append")]`."""

from __future__ import annotations

from typing import Literal

from toriconfig._value import Value

Rule = Literal["replace", "append", "prepend", "unique"]
_RULES = ("replace", "append", "prepend", "unique")


class Merge(Value):
    """How a field's value meets those of lower layers, where the usual rule will not do.

    Args:
        rule: "replace": the higher layer alone counts (for a mapping; lists do so anyway).
            "append", "prepend": a list goes behind, or before, the lower layers' items.
            "unique": appended, without the items that are there already.
    """

    rule: Rule

    def __post_init__(self) -> None:
        if self.rule not in _RULES:
            raise ValueError(f"Merge() takes one of {', '.join(_RULES)}")
