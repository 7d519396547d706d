"""The judging of a task: what a call returned or raised, as a verdict."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from typing import Literal

from packaging.requirements import Requirement

Verdict = Literal["yes", "partly", "no"]

_DEADLINE = 5.0


def grade(*, full: bool, half: bool = False) -> Verdict:
    """Return "yes" if the task is done, "partly" if a part of it is done, else "no"."""
    return "yes" if full else "partly" if half else "no"


def graded_errors(text: str, file: str) -> Verdict:
    """Grade the report of the two errors in WRONG."""
    both = "port" in text and "max_size" in text
    placed = re.search(rf"{file}\D+2\b", text) and re.search(rf"{file}\D+4\b|(?m:^ *4 \|)", text)
    return grade(full=both and bool(placed) and "^" in text, half=both)


def graded_variables(report: Callable[[], str]) -> Verdict:
    """Grade the report of a misspelt variable: of a nested key, and of a top-level one.

    Args:
        report: loads the settings, and returns what the library reports.
    """
    found = []
    for name, key in (("APP_POOL__MAX_SZIE", "max_szie"), ("APP_PROT", "prot")):
        with variable(name, "5"):
            found.append(key in report().lower())
    return grade(full=all(found), half=any(found))


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable inside the block."""
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def becomes(read: Callable[[], object], value: object) -> bool:
    """Return True if a function returns a value within five seconds. Its exceptions count as another value."""
    end = time.monotonic() + _DEADLINE
    while time.monotonic() < end:
        try:
            if read() == value:
                return True
        except Exception:  # noqa: BLE001 - any library's
            pass
        time.sleep(0.02)
    return False


def text_of(call: Callable[[], object]) -> str:
    """Return the text of the exception that a call raises, with the exceptions in a group; "" if it raises none."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - any library's
        inner = getattr(error, "exceptions", ())
        return "\n".join(map(str, (error, *inner)))
    return ""


def elsewhere(read: Callable[[], object]) -> object:
    """Return what a function returns on another thread."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(read()))
    thread.start()
    thread.join()
    return found[0]


def has_command(package: str) -> bool:
    """Return True if a package installs a command."""
    return any(one.group == "console_scripts" for one in distribution(package).entry_points)


def small(package: str) -> Verdict:
    """Grade the number of packages that `pip install PACKAGE` installs: up to 3, up to 10, or more."""
    found: set[str] = set()
    todo = [package]
    while todo:
        name = todo.pop().lower()
        if name in found:
            continue
        found.add(name)
        try:
            needed = [Requirement(one) for one in requires(name) or ()]
        except PackageNotFoundError:
            continue
        todo += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return grade(full=len(found) <= 3, half=len(found) <= 10)


def stable(package: str) -> Verdict:
    """Grade the version of a package."""
    return grade(full=int(version(package).partition(".")[0]) >= 1)


OF_PACKAGE = {"small": small, "stable": stable}
"""The rows that look at the package of a library."""
