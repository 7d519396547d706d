"""The command: `python -m ingest_pdf FOLDER`, against the Vault and the PostgreSQL that the settings name."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import psycopg

from ingest_pdf.concepts import ConceptService
from ingest_pdf.ingest import Ingestion
from ingest_pdf.pipeline import get_logger
from ingest_pdf.pool import open_pool
from ingest_pdf.rotations import Rotations
from toriconfig import ConfigError, SecretError, settings


def main() -> int:
    """Ingest a folder, print the report, and return 0; 1 when a readable file was not written, 3 without a start."""
    arguments = _arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _show_logs()
        rotations = Rotations(settings)
        service = ConceptService(arguments.concepts, settings.api_key) if arguments.concepts else None
        with open_pool(settings) as pool:
            ingestion = Ingestion(settings, pool, service, stop.is_set)
            end = time.monotonic() + arguments.repeat_for
            ingestion.run(arguments.folder)
            while time.monotonic() < end and not stop.is_set():
                ingestion.run(arguments.folder)
    except (ConfigError, SecretError, psycopg.Error, ValueError) as error:
        print(f"ingest_pdf: {error}", file=sys.stderr)
        return 3
    report = ingestion.report
    if arguments.json:
        print(json.dumps({**asdict(report), "rotations": rotations.seen}))
    else:
        print(report)
        print(rotations)
    return 1 if report.failures else 0


def _show_logs() -> None:
    get_logger("ingest_pdf", level=settings.logging.level)
    get_logger("toriconfig")
    get_logger("psycopg.pool", level="WARNING")
    # What it finds odd in a file is no news: what cannot be read at all is in the report.
    get_logger("pypdf", level="CRITICAL")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingest_pdf", description="Ingest the PDFs of a folder.")
    parser.add_argument("folder", metavar="FOLDER", type=_folder, help="it, and all folders below it")
    parser.add_argument("--concepts", metavar="URL", help="the concept service; without one, chunks get no concepts")
    parser.add_argument(
        "--repeat-for", metavar="SECONDS", type=float, default=0.0, help="go through the folder again and again so long"
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    return parser.parse_args()


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"not a folder: {text}")
    return folder


if __name__ == "__main__":
    sys.exit(main())
