"""The course of the demonstration."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from demonstration.concept_service import concept_service
from demonstration.leftovers import Notes, clean_up, directory_name
from demonstration.outcome import Outcome
from demonstration.papers import make_papers
from demonstration.signals import Signals
from demonstration.stage import Stage, new_key
from local_postgres import postgres_server
from toriconfig.testing import Keeper, vault_server


def show(folder: Path | None, seconds: float, signals: Signals) -> Outcome:
    """Clean up, set the stage, ingest, and see what came of it.

    Args:
        folder: of PDFs; None: some are made.
        seconds: to ingest for.
        signals: one of them ends it.

    Raises:
        Interrupted: one came.
        RuntimeError: a server did not come up.
    """
    for left in clean_up():
        say(f"cleaned up what a killed run left: {left}")
    with ExitStack() as stack:
        directory, keeper, notes = _directory(stack)
        say("starting PostgreSQL, OpenBao and the concept service")
        signals.check()
        postgres = stack.enter_context(postgres_server())
        keeper.tell("start", postgres.pid)
        notes.add(postgres.pid)
        signals.check()
        vault = stack.enter_context(vault_server())
        keeper.tell("start", vault.pid)
        notes.add(vault.pid)
        signals.check()
        key = new_key()
        service = stack.enter_context(concept_service(key))
        stage = Stage(directory, vault, postgres, service, signals, keeper, notes)
        stage.set(key)
        if folder is None:
            folder = directory / "papers"
            folder.mkdir()
            make_papers(folder)
        start = stage.measure_start()
        vault.forget_requests()
        say(f"ingesting for {seconds:g} s, while the secrets rotate")
        report = stage.ingest(folder, seconds)
        return Outcome(
            report=report,
            database=stage.in_database(),
            keys=stage.keys,
            accepted=service.accepted,
            refused=service.refused,
            audit=vault.audit(),
            start=start,
            seconds=seconds,
        )


def _directory(stack: ExitStack) -> tuple[Path, Keeper, Notes]:
    """The directory of this run, in which all others are made; gone with this process, however that ends."""
    # SIGINT, because PostgreSQL takes its shared memory along then.
    keeper = Keeper(directory_name(), last_signal=signal.SIGINT)
    stack.callback(keeper.close)
    notes = Notes(keeper.directory)
    keeper.directory.chmod(0o711)  # PostgreSQL, which root runs as nobody, must come through
    stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
    tempfile.tempdir = str(keeper.directory)
    return keeper.directory, keeper, notes


def say(text: str) -> None:
    """Tell what is going on, beside the report."""
    print(f"demo: {text}", file=sys.stderr, flush=True)
