"""The command: `python -m ingest_pdf FOLDER`, against the Vault and the PostgreSQL that the settings name."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import psycopg

from ingest_pdf.concepts import ConceptService
from ingest_pdf.ingest import Ingestion
from ingest_pdf.pipeline import get_logger
from ingest_pdf.pool import open_pool
from ingest_pdf.rotations import Rotations
from toriconfig import ConfigError, SecretError, settings


def main() -> int:
    """Ingest a folder, print the report, and return 0.

    Returns: 1 when a readable file was not written, 3 without a start, 130 or 143 when SIGINT or SIGTERM has come.
    """
    arguments = _arguments()
    interruption = Interruption()
    try:
        _show_logs()
        rotations = Rotations(settings)
        service = ConceptService(arguments.concepts, settings.api_key) if arguments.concepts else None
        with open_pool(settings) as pool:
            interruption.waits = True
            ingestion = Ingestion(settings, pool, service, interruption.has_come)
            end = time.monotonic() + arguments.repeat_for
            ingestion.run(arguments.folder)
            while time.monotonic() < end and not interruption.has_come():
                ingestion.run(arguments.folder)
    except KeyboardInterrupt:
        print("ingest_pdf: interrupted before the first file", file=sys.stderr)
        return interruption.status
    except (ConfigError, SecretError, psycopg.Error, ValueError) as error:
        print(f"ingest_pdf: {error}", file=sys.stderr)
        return 3
    report = ingestion.report
    if arguments.json:
        print(json.dumps({**asdict(report), "rotations": rotations.seen}))
    else:
        print(report)
        print(rotations)
    return interruption.status or (1 if report.failures else 0)


class Interruption:
    """SIGINT or SIGTERM: an exception until `waits` is set, afterwards something to be asked for between two files."""

    def __init__(self) -> None:
        self.waits = False
        self.status = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._come)

    def has_come(self) -> bool:
        return self.status != 0

    def _come(self, number: int, _: FrameType | None) -> None:
        self.status = 128 + number
        if not self.waits:
            raise KeyboardInterrupt


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
