"""Why a rotation did not come to its end. None of them holds a secret."""

from __future__ import annotations

from toriconfig._clean_call import clean_init
from toriconfig.errors import SecretError


@clean_init
class RotationError(SecretError):
    """A rotation failed; `step` says where.

    Attributes:
        step: the step that failed, or "".
        undone: True: everything is as it was. False: it is not, and `help` says what to do.
    """

    def __init__(
        self, message: str, *, path: str = "", reference: str = "", help: str = "", step: str = "", undone: bool = False
    ) -> None:
        super().__init__(message, path=path, reference=reference, help=help)
        self.step = step
        self.undone = undone


class RotationRefused(RotationError):
    """Nothing was changed: what is missing was seen before."""


@clean_init
class RotationLost(RotationError):
    """Somebody else rotates, or has rotated, the same secret; what he does stands.

    Attributes:
        winner: who.
        since: when he began, in RFC 3339.
    """

    def __init__(self, message: str, *, reference: str = "", help: str = "", winner: str = "", since: str = "") -> None:
        super().__init__(message, reference=reference, help=help)
        self.winner = winner
        self.since = since
