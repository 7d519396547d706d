"""Errors of a rotation that was not completed. They contain no secret."""

from __future__ import annotations

from toriconfig._core.clean_call import clean_init
from toriconfig.errors import SecretError


@clean_init
class RotationError(SecretError):
    """Error for a rotation that failed.

    Attributes:
        step: the step that failed, or "".
        undone: True: the state before the rotation is restored. False: nothing was undone; see `help`.
        unreachable: True: Vault or the database gave no usable answer, so a later attempt may succeed.
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
    """Error for a rotation that cannot start. Nothing was changed."""


class RotatedRecently(RotationRefused):
    """Error for a rotation that is not due, or would follow the last one too soon. Nothing was changed."""


class KindUnknown(RotationRefused):
    """Error for a rotation whose kind is unknown or cannot be created from its setup. Nothing was changed."""


@clean_init
class DatabaseUnreachable(RotationError):
    """Error for a database without a usable answer: it is down, starting or overloaded, or the connection was lost."""

    def __init__(self, message: str, *, reference: str = "", help: str = "", step: str = "") -> None:
        super().__init__(message, reference=reference, help=help, step=step, unreachable=True)


@clean_init
class RotationLost(RotationError):
    """Error for a rotation of a secret that another rotator is rotating, has rotated, or has rolled back.

    The result of the other rotator is kept.

    Attributes:
        winner: name of the other rotator.
        since: start time of the other rotation, in RFC 3339.
    """

    def __init__(self, message: str, *, reference: str = "", help: str = "", winner: str = "", since: str = "") -> None:
        super().__init__(message, reference=reference, help=help)
        self.winner = winner
        self.since = since
