"""Errors of a rotation that was not completed. None of them holds a secret."""

from __future__ import annotations

from toriconfig._core.clean_call import clean_init
from toriconfig.errors import SecretError


@clean_init
class RotationError(SecretError):
    """A rotation failed; `step` says where.

    Attributes:
        step: the step that failed, or "".
        undone: True: everything is as it was. False: it is not, and `help` says what to do.
        unreachable: True: Vault or the database gave no usable answer, so that the same may succeed later.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        reference: str = "",
        help: str = "",
        step: str = "",
        undone: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(message, path=path, reference=reference, help=help)
        self.step = step
        self.undone = undone
        self.unreachable = unreachable


class RotationRefused(RotationError):
    """Nothing was changed: what is missing was seen before."""


class RotatedRecently(RotationRefused):
    """Nothing was changed: the last rotation is so recent that another one would do harm, or is not due."""


class KindUnknown(RotationRefused):
    """Nothing was changed: neither the caller, nor a record, nor the reference says how the secret is rotated."""


@clean_init
class DatabaseUnreachable(RotationError):
    """The database gives no usable answer: it is down, starting, overloaded, or the connection was lost."""

    def __init__(self, message: str, *, reference: str = "", help: str = "", step: str = "") -> None:
        super().__init__(message, reference=reference, help=help, step=step, unreachable=True)


@clean_init
class RotationLost(RotationError):
    """Somebody else rotates, has rotated, or has taken back, the same secret; their outcome stands.

    Attributes:
        winner: the other rotator.
        since: when the other rotation began, in RFC 3339.
    """

    def __init__(self, message: str, *, reference: str = "", help: str = "", winner: str = "", since: str = "") -> None:
        super().__init__(message, reference=reference, help=help)
        self.winner = winner
        self.since = since
