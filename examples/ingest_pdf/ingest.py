"""One way through the folder: read, cut, ask, write; a file that fails is noted, and the others go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg_pool import ConnectionPool

from ingest_pdf.chunking import chunks_of
from ingest_pdf.concepts import ConceptsError, ConceptService
from ingest_pdf.pipeline import get_logger, track
from ingest_pdf.reading import UnreadableError, read_pdf
from ingest_pdf.report import Report
from ingest_pdf.store import write
from toriconfig import SecretError, ToriSettings

_log = get_logger("ingest_pdf")


@dataclass(frozen=True, slots=True)
class Written:
    """A document that is in the database now."""

    pages: int
    chunks: int
    cut_off: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that is not; `by` says who would not have it."""

    by: type[Exception]
    why: str


class Ingestion:
    """Ingestion of folders: its inputs, and the report so far.

    Args:
        settings: the pipeline's; read anew for each file.
        pool: connections to the database.
        service: who names the concepts; None: none are named.
        stopping: asked before each file; True leaves the rest.
    """

    def __init__(
        self,
        settings: ToriSettings,
        pool: ConnectionPool,
        service: ConceptService | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.report = Report()
        self._settings = settings
        self._pool = pool
        self._service = service
        self._stopping = stopping

    def run(self, folder: Path) -> None:
        """Go through `folder` once, and the folders below it."""
        settings = self._settings
        files = sorted(_files(folder))
        workers = settings.parallelism.max_workers or os.cpu_count() or 1
        self.report.rounds += 1
        self.report.left = 0
        with ThreadPoolExecutor(workers if settings.features.parallel_processing else 1) as executor:
            tasks = {executor.submit(self._one, file, name): name for name, file in files}
            for task in track(
                as_completed(tasks),
                len(tasks),
                settings.progress.min_change,
                settings.progress.min_seconds,
                description="ingested",
            ):
                outcome = task.result()
                if outcome is None:
                    break
                self._note(tasks.pop(task), outcome)
        for task, name in tasks.items():  # left, or finished after the first that was left
            self._note(name, task.result())

    def _one(self, file: Path, name: str) -> Written | Failed | None:
        if self._stopping():
            return None
        settings = self._settings
        try:
            document = read_pdf(file)
            tier = settings.limits.file_sizes.tier(document.size)
            chunks = list(chunks_of(document.pages, settings.chunking.size, settings.chunking.overlap))
            kept = chunks[: tier.chunks]
            concepts: list[list[str]] = [[] for _ in kept]
            if self._service is not None:
                texts = [chunk.text for chunk in kept]
                concepts = self._service.concepts(texts, tier.concepts, sorted(settings.generic_terms))
            write(self._pool, name, document, kept, concepts)
        except (UnreadableError, ConceptsError, SecretError, psycopg.Error) as error:
            return Failed(type(error), str(error).partition("\n")[0])
        return Written(len(document.pages), len(kept), len(chunks) - len(kept))

    def _note(self, name: str, outcome: Written | Failed | None) -> None:
        report = self.report
        if isinstance(outcome, Written):
            report.writes += 1
            report.pages[name], report.chunks[name] = outcome.pages, outcome.chunks
            report.cut_off.pop(name, None)
            if outcome.cut_off:
                report.cut_off[name] = outcome.cut_off
            report.not_read.pop(name, None)
            report.failed.pop(name, None)
        elif outcome is None:
            report.left += 1
        elif outcome.by is UnreadableError:
            if name not in report.not_read:
                _log.warning("not read: %s: %s", name, outcome.why)
            report.not_read[name] = outcome.why
            report.failed.pop(name, None)
        else:
            _log.error("failed: %s: %s", name, outcome.why)
            report.not_read.pop(name, None)
            report.failed[name] = outcome.why
            report.failures[outcome.why] = report.failures.get(outcome.why, 0) + 1
            if issubclass(outcome.by, psycopg.Error):
                report.failed_writes += 1
            else:
                report.refused += 1


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The PDFs below `folder`, by their names from there on; bytes that are no UTF-8 are escaped."""
    for file in folder.rglob("*"):
        if file.suffix.lower() == ".pdf" and file.is_file():
            name = file.relative_to(folder).as_posix()
            yield os.fsencode(name).decode(errors="backslashreplace"), file
