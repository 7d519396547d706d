"""The tasks of the comparison, and the place in which each one runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from comparison.inputs import SECRET
from comparison.judging import Verdict, becomes, grade, text_of
from support.changes import kubernetes_swap
from toriconfig.testing import AppRoleLogin, VaultServer, vault_server

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
    "lazy_secret": "secret fetched at its first use",
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

_CACHE = Path(__file__).parents[2] / ".mypy_cache" / "comparison"


class Case:
    """The place of one cell: an empty folder, which is the working directory, and a server.

    Args:
        folder: the folder.
        stack: ends the server and what the task started.
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

    def at_end(self, call: Callable[[], object]) -> None:
        """Call a function when the cell has been run, before the server ends."""
        self._stack.callback(call)

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
    """Change `mounted/app.yaml` as Kubernetes changes a ConfigMap."""
    kubernetes_swap(case.folder / "mounted", f"..{time.time_ns()}", **{"app.yaml": text})
