"""Position in the user's code at which an error was raised, for messages that must not show the text of the error."""

from __future__ import annotations

from os.path import basename
from types import TracebackType

from toriconfig._core.clean_call import is_ours


def raise_place(error: BaseException, *, any_frame: bool = False) -> str:
    """Return "FILE:LINE" of the innermost frame of `error` in the user's code.

    If no frame is in the user's code, return a position in an installed package. toriconfig and its dependencies
    are ignored. If no position is found, return "".

    Args:
        error: the error.
        any_frame: True: instead of "", return the position of the innermost frame of the whole traceback.
    """
    frames: list[TracebackType] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    others = [one for one in frames if not is_ours(one)]
    own = [one for one in others if not _is_installed(one)]
    if not own and others:  # a kind or function of an installed package: its own file, not a library that it calls
        own = [one for one in others if _file(one) == _file(others[0])]
    found = own or (frames if any_frame else [])
    return f"{basename(_file(found[-1]))}:{found[-1].tb_lineno}" if found else ""


def _file(trace: TracebackType) -> str:
    return trace.tb_frame.f_code.co_filename


def _is_installed(trace: TracebackType) -> bool:
    return "site-packages" in _file(trace) or "dist-packages" in _file(trace)
