"""Reports about a rotation: its outcome, its plan, its status."""

from __future__ import annotations

from dataclasses import dataclass

from toriconfig._core.clean_call import clean_init


@clean_init
@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a rotation.

    Attributes:
        reference: reference of the secret.
        kind: name of the kind.
        result: "rotated"; "undone": the former value is valid; "nothing": there was nothing to do.
        id: id of the rotation; "" when there is no record.
        former: KV version before the rotation; 0 when there is none.
        version: KV version after the rotation; 0 when there is none.
        restored: KV version whose values this rollback restored; 0: none. For the result "nothing": the version that an
            earlier rollback restored.
    """

    reference: str
    kind: str
    result: str
    id: str = ""
    former: int = 0
    version: int = 0
    restored: int = 0


@clean_init
@dataclass(frozen=True, slots=True)
class Plan:
    """Planned actions of a rotation. Planning changed nothing.

    Attributes:
        reference: reference of the secret.
        kind: name of the kind.
        actions: one line per action.
    """

    reference: str
    kind: str
    actions: tuple[str, ...]


def spoken(seconds: float) -> str:
    """Return a number of seconds as text: in days, or in hours below one day.

    >>> spoken(90_000), spoken(7200), spoken(60)
    ('1.0 days', '2.0 hours', '0.02 hours')
    """
    if seconds >= 86_400:
        return f"{seconds / 86_400:.1f} days"
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours >= 0.1 or not hours else f"{hours:.2f} hours"
