"""The tasks of the comparison: inputs that are the same for every library, and the judging of what came out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from toriconfig.testing import AppRoleLogin, VaultServer, vault_server

Verdict = Literal["yes", "partly", "no"]

ROWS = {
    "origin": "origin of each value: file and line",
    "typos": "unknown key rejected, with a suggestion",
    "variables": "misspelt variable reported",
    "errors": "several errors at once, each with its line and caret",
    "types": "attributes checked by a type checker",
    "command": "command that checks settings in CI",
    "schema": "JSON Schema of the settings",
    "profiles": "files per profile, merged key by key",
    "follow": "reload when a file changes, also in Kubernetes",
    "copies": "changed copies: isolated and validated",
    "overrides": "override for one thread or task",
    "masked": "no secret in `repr` or in an error",
    "lazy": "secret fetched at its first use",
    "rotation": "new value of a secret while the program runs",
    "outage": "last value kept in an outage, and the outage reported",
    "token": "works for longer than its token lives, without a login per read",
    "coroutines": "secret fetched without blocking the event loop",
    "small": "small install: at most 3 packages",
    "formats": "INI files without code",
    "functions": "own functions in values",
    "stores": "three or more other secret stores",
    "stable": "released as 1.0 or later",
}
"""The rows of the table, and what each one asks."""

LOSING = ("small", "formats", "functions", "stores", "stable")
"""Rows in which other libraries are better."""

LOW = "host: a.internal\nport: 1\n"
HIGH = "host: b.internal\nport: 2\n"
TYPO = "pool:\n  max_szie: 5\n"
WRONG = "host: a.internal\nport: many\npool:\n  max_size: large\n"
MISSPELT = "APP_POOL__MAX_SZIE"
SECRET = "n0t-f0r-y0ur-eyes"
_DEADLINE = 5.0
_CACHE = Path(__file__).parents[2] / ".mypy_cache" / "comparison"


class Case:
    """The inputs of one cell: an empty folder, which is the working directory, and a server.

    Args:
        folder: the folder.
        stack: ends the server.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    @cached_property
    def server(self) -> VaultServer:
        """An OpenBao with the secret `secret/app`. It is started when it is needed."""
        server = self._stack.enter_context(vault_server())
        server.put("secret/app", {"password": SECRET, "other": "x"})
        server.forget_requests()
        return server

    def file(self, name: str, text: str) -> str:
        """Write a file into the folder, and return its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def rotate(self) -> str:
        """Store a new password, and return it."""
        value = f"{SECRET}-2"
        self.server.put("secret/app", {"password": value, "other": "x"})
        return value

    def login(self) -> AppRoleLogin:
        """Return an AppRole whose tokens end after two seconds unless they are renewed."""
        self.server.policy("reader", {"secret/data/*": ["read"], "secret/metadata/*": ["read", "list"]})
        return self.server.approle("app", "reader", "default", ttl="2s", max_ttl="1h")

    def outlived(self, read: Callable[[], object]) -> Verdict:
        """Grade a program that logs in by `login` and reads for longer than a token lives.

        Args:
            read: reads the password as the program does.
        """
        read()
        new = self.rotate()
        time.sleep(3)
        seen = becomes(read, new)
        before = self.server.requests("auth/approle/login")
        for _ in range(3):
            text_of(read)
            time.sleep(0.2)
        return grade(full=seen and self.server.requests("auth/approle/login") == before, half=seen)


def grade(*, full: bool, half: bool = False) -> Verdict:
    """Return "yes" if the task is done, "partly" if a part of it is done, else "no"."""
    return "yes" if full else "partly" if half else "no"


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


def graded_errors(text: str, file: str) -> Verdict:
    """Grade the report of the two errors in WRONG."""
    both = "port" in text and "max_size" in text
    placed = re.search(rf"{file}\D+2\b", text) and re.search(rf"{file}\D+4\b|(?m:^ *4 \|)", text)
    return grade(full=both and bool(placed) and "^" in text, half=both)


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable inside the block."""
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def output(case: Case, *command: str) -> tuple[int, str]:
    """Run a command in the folder, and return its exit code and its output."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(case.folder), *filter(None, sys.path)])}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=case.folder, env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def checked(case: Case, program: str) -> Verdict:
    """Check a program with `mypy --strict`: once as it is, and once with a misspelt attribute.

    Args:
        case: the case.
        program: a module that reads `settings.pool.max_size`; the misspelt one reads `max_sise`.
    """
    right = case.file("right.py", program)
    wrong = case.file("wrong.py", program.replace("settings.pool.max_size", "settings.pool.max_sise"))
    cache = _CACHE / sha256(program.encode()).hexdigest()[:8]  # of its own: two may be checked at once
    options = ("--strict", "--no-error-summary", "--cache-dir", str(cache))
    found = [output(case, "mypy", *options, file)[1] for file in (right, wrong)]
    noticed = "max_sise" in found[1]
    return grade(full=noticed and not found[0], half=noticed)


def swap(case: Case, text: str) -> None:
    """Change `mounted/app.yaml` as Kubernetes changes a ConfigMap: `..data` then points to another folder."""
    new = case.folder / "mounted" / f"..{time.time_ns()}"
    new.mkdir(parents=True)
    (new / "app.yaml").write_text(text, encoding="utf-8")
    link = case.folder / "mounted" / "..tmp"
    link.symlink_to(new.name)
    link.rename(case.folder / "mounted" / "..data")
    file = case.folder / "mounted" / "app.yaml"
    if not file.is_symlink():
        file.symlink_to("..data/app.yaml")


def elsewhere(read: Callable[[], object]) -> object:
    """Return what a function returns on another thread."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(read()))
    thread.start()
    thread.join()
    return found[0]


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
