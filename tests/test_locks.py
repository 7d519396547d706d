"""No lock is taken in a finalizer; nothing is started, called back, logged or waited for under one; no child hangs."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toriconfig.testing import vault_server

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "toriconfig"

SECONDS = [4, pytest.param(150, marks=pytest.mark.chaos)]


def run(program: str, folder: Path, seconds: int, *arguments: str) -> tuple[str, str]:
    """Output of a program of `support`, on standard output and on standard error."""
    with vault_server({f"secret/k{n}": {"v": f"value-{n}-0"} for n in range(9)}) as server:
        done = subprocess.run(
            [sys.executable, "-m", f"support.{program}", str(seconds), *arguments],
            env={**os.environ, **server.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=seconds + 120,
            check=False,
        )
    assert done.stdout, done.stderr
    return done.stdout, done.stderr


def stress(seconds: int, folder: Path, mode: str) -> dict[str, Any]:
    """Findings of `support.lock_stress`."""
    printed, errors = run("lock_stress", folder, seconds, str(folder), mode)
    return {**json.loads(printed), "errors": errors}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seconds", SECONDS)
def test_no_rule_is_broken_and_nothing_hangs_with_a_garbage_collection_at_every_step(
    seconds: int, tmp_path: Path
) -> None:
    seen = stress(seconds, tmp_path, "rules")
    assert ({}, [], []) == (seen["broken"], seen["hung"], seen["wrong"]), seen["errors"]
    used = {"lock", "thread", "Thread.start", "wait", "log line", "report", "callback"}
    assert used <= seen["seen"].keys()
    assert {"fork", "reload", "subscribe", "rotate", "leave_behind", "bridge", "read_all"} == seen["done"].keys()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seconds", SECONDS)
def test_finalizers_of_the_program_may_read_secrets_and_log_anywhere(seconds: int, tmp_path: Path) -> None:
    seen = stress(seconds, tmp_path, "finalizers")
    assert ([], []) == (seen["hung"], seen["wrong"]), seen["errors"]
    assert seen["seen"]["log line"] > 1


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seconds", SECONDS)
def test_a_signal_handler_may_call_the_function_that_it_interrupts(seconds: int, tmp_path: Path) -> None:
    printed, errors = run("signal_stress", tmp_path, seconds)
    assert "" == errors
    assert int(printed) > 100


# The rules as they can be read off the code, for places that the program above does not come to.

LOCKS = ("lock", "_lock", "_memory", "_transition")
ACTS = frozenset(
    [
        "start",
        "submit",
        "at",
        "launch",
        "send",
        "wait",
        "join",
        "sleep",
        "put",
        "request",
        "ask",
        "exchange",
        "subscribe",
        "add_done_callback",
        "debug",
        "info",
        "warning",
        "error",
        "exception",
        "log",
        "warn",
        "flush",
        "call",
        "call_soon",
        "call_soon_threadsafe",
        "tell",
        "run",
        "import_module",
    ]
)
STARTERS = {"pipeline/_threads.py", "rotation/_verifier.py"}
"""Files that start a thread themselves; all others ask `pipeline/_threads.py`, which does not wait for it."""

BARE_LOCKS = {"testing/_fake_clock.py", "pipeline/_progress.py"}
"""Files with a lock that is not re-entrant: neither is taken by what a signal handler may do."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.glob("**/*.py")):
        yield str(file.relative_to(PACKAGE)), ast.parse(file.read_text())


def name_of(node: ast.expr) -> str:
    """The last name of `a.b.c` and of `a.b.c()`."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def callers(*names: str) -> set[str]:
    """The files that call one of these."""
    return {
        file
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node) in names
    }


def now(node: ast.AST) -> Iterator[ast.AST]:
    """Calls that run with a block, without those that its functions and lambdas make later."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.Lambda, ast.FunctionDef)):
            yield child
            yield from now(child)


def test_nothing_is_started_called_logged_imported_or_waited_for_in_a_block_with_a_lock() -> None:
    found, blocks = [], 0
    for file, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.With) or not any(name_of(item.context_expr) in LOCKS for item in node.items):
                continue
            blocks += 1
            for inner in now(node):
                act = isinstance(inner, ast.Call) and name_of(inner) in ACTS
                if act or isinstance(inner, (ast.Import, ast.ImportFrom, ast.Yield, ast.Await)):
                    found.append(f"{file}:{inner.lineno}")  # type: ignore[attr-defined]
    assert [] == found
    assert blocks > 30


def test_no_del_method_and_no_weak_reference_touches_a_lock() -> None:
    found = []
    for file, tree in sources():
        for node in ast.walk(tree):
            finalizer = isinstance(node, ast.FunctionDef) and node.name == "__del__"
            finalizer = finalizer or (isinstance(node, ast.Call) and name_of(node) == "finalize")
            for inner in ast.walk(node) if finalizer else ():
                if isinstance(inner, (ast.Attribute, ast.Name)) and "lock" in name_of(inner):
                    found.append(f"{file}:{inner.lineno}")
    assert [] == found


def test_threads_are_started_in_one_place() -> None:
    assert STARTERS == callers("Thread", "start_new_thread")


def test_only_the_runtime_package_starts_threads_for_secrets() -> None:
    importers = {
        file
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "toriconfig.pipeline._threads"
    }
    assert {"_runtime/run_concurrently.py", "_runtime/scheduler.py", "_runtime/workers.py"} <= importers
    assert not [file for file in importers if file.startswith(("_vault/", "_secrets/", "backends/", "vault/"))]


def test_locks_are_re_entrant_so_that_a_signal_handler_may_come_in_the_middle() -> None:
    assert BARE_LOCKS == callers("Lock", "Condition", "Semaphore", "Queue")
