"""Events of a rotation, sent to the log and to a callback as they happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from toriconfig._core.clean_call import clean_init
from toriconfig.pipeline._library_logger import library_logger

Step = Literal["resume", "reserve", "apply", "verify", "promote", "grace", "retire", "undo", "close"]
State = Literal["started", "done", "failed", "lost"]


@clean_init
@dataclass(frozen=True, slots=True)
class Event:
    """Event of one step of a rotation.

    Attributes:
        step: name of the step.
        state: "started": the step has changed nothing yet. "done": the step succeeded. "failed": the step failed.
            "lost": another rotator has taken over. The last two are sent before the failure is handled. After a crash,
            a resumed rotation may repeat a step that was done.
        reference: reference of the secret.
        kind: name of the kind.
        id: id of the rotation; the same in all its events, even after a resume.
        who: name of the rotator.
        request_ids: ids of the requests to Vault since the previous event, as in Vault's audit log.
        message: details, or "".
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
    """Log the event and call the callback. An exception of the callback is logged, and the rotation continues.

    Args:
        event: the event.
        callback: the callback, or None.
    """
    log = library_logger("toriconfig.rotation")
    write = log.warning if event.state in ("failed", "lost") or event.step == "undo" else log.info
    write("%s [%s, requests %s]", event, event.id or "-", " ".join(event.request_ids) or "none")
    if callback is None:
        return
    try:
        callback(event)
    except Exception as error:  # noqa: BLE001  (user code; its error must not stop a rotation half-way)
        log.error("on_event raised %s at %s", type(error).__name__, event)
