"""Events of a rotation, sent as they happen to the log and to a callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from toriconfig._core.clean_call import clean_init
from toriconfig.pipeline._logging import library_logger

Step = Literal["resume", "reserve", "apply", "verify", "promote", "grace", "retire", "undo", "close"]
State = Literal["started", "done", "failed", "lost"]


@clean_init
@dataclass(frozen=True, slots=True)
class Event:
    """One step of one rotation.

    Attributes:
        step: which.
        state: `started` fires before the step touches anything; `done` after it was also recorded, so that a
            crash from here on goes on behind it; `failed` and `lost` before anything is done about it.
        reference: of the secret.
        kind: how it is rotated.
        id: of the rotation, the same in all its events, also after a resume.
        who: the rotator.
        request_ids: Vault's ids of the requests since the event before, for its audit log.
        message: more about it, or "".
    """

    step: Step
    state: State
    reference: str
    kind: str
    id: str
    who: str
    request_ids: tuple[str, ...] = ()
    message: str = ""

    def __str__(self) -> str:
        said = f": {self.message}" if self.message else ""
        return f"{self.reference}: {self.step} {self.state}{said}"


def tell(event: Event, callback: Callable[[Event], None] | None) -> None:
    """Log the event and call back; a callback that raises is logged and stops nothing."""
    log = library_logger("toriconfig.rotation")
    write = log.warning if event.state in ("failed", "lost") or event.step == "undo" else log.info
    write("%s [%s, requests %s]", event, event.id or "-", " ".join(event.request_ids) or "none")
    if callback is None:
        return
    try:
        callback(event)
    except Exception as error:  # noqa: BLE001  (anybody's code; a rotation is not left half-way because of it)
        log.error("on_event raised %s at %s", type(error).__name__, event)
