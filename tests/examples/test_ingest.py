"""The ingestion application against a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from demonstration.concept_service import ConceptServer, concept_service
from demonstration.papers import UNREADABLE, make_papers
from ingest_pdf.chunking import Chunk
from ingest_pdf.concepts import ConceptService
from ingest_pdf.ingest import Ingestion
from ingest_pdf.pool import open_pool
from ingest_pdf.reading import Document
from ingest_pdf.store import write
from local_postgres import database_role
from support.demo_place import read_until
from support.ingest_target import Target
from toriconfig import ToriSettings, lazy
from toriconfig.testing import VaultServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(name="papers", scope="module")
def _papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    make_papers(folder, papers=3, pages=3)
    return folder


@contextmanager
def ingestion(settings: ToriSettings, service: ConceptServer | None = None) -> Iterator[Ingestion]:
    with open_pool(settings) as pool:
        yield Ingestion(settings, pool, ConceptService(service.url, settings.api_key) if service else None)


def test_each_unreadable_file_is_named_and_the_others_are_ingested(target: Target, papers: Path) -> None:
    with ingestion(target.settings()) as ingest:
        ingest.run(papers)
    assert set(UNREADABLE) == set(ingest.report.not_read)
    assert [("paper-01.pdf",), ("paper-02.pdf",), ("paper-03.pdf",)] == target.rows(
        "SELECT name FROM documents ORDER BY name"
    )
    assert ingest.report.chunks == dict(
        target.rows("SELECT name, count(*) FROM chunks JOIN documents ON id = document GROUP BY name")
    )
    assert not ingest.report.failures


def test_a_document_that_is_ingested_again_replaces_its_chunks(target: Target, papers: Path) -> None:
    with ingestion(target.settings()) as ingest:
        ingest.run(papers)
    with ingestion(target.settings(chunking={"size": 400})) as again:
        again.run(papers)
    assert sum(again.report.chunks.values()) > sum(ingest.report.chunks.values())
    assert [(3, sum(again.report.chunks.values()))] == target.rows(
        "SELECT count(DISTINCT document), count(*) FROM chunks"
    )


def test_two_writers_of_one_document_leave_the_chunks_of_one(target: Target) -> None:
    together = threading.Barrier(4)

    def one(pieces: int) -> None:
        document = Document(pieces, "0" * 64, ("text",))
        chunks = [Chunk(1, f"{pieces}") for _ in range(pieces)]
        for _ in range(10):
            together.wait(30)
            write(pool, "paper.pdf", document, chunks, [[] for _ in chunks])

    with open_pool(target.settings(database={"pool": {"max_size": 4}})) as pool:
        threads = [threading.Thread(target=one, args=(pieces,)) for pieces in (10, 20, 30, 40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    ((size, count, texts),) = target.rows("SELECT max(bytes), count(*), count(DISTINCT text) FROM documents, chunks")
    assert (size, 1) == (count, texts)


def test_a_tier_keeps_no_more_chunks_than_its_limit(target: Target, papers: Path) -> None:
    sizes = {"small": {"mb": 1, "chunks": 2, "concepts": 5}}
    with ingestion(target.settings(limits={"file_sizes": sizes})) as ingest:
        ingest.run(papers)
    assert {2} == set(ingest.report.chunks.values())
    assert all(cut_off > 0 for cut_off in ingest.report.cut_off.values())
    assert 3 == len(ingest.report.cut_off)


def test_the_concepts_of_each_chunk_are_stored(target: Target, papers: Path) -> None:
    with concept_service("key-of-the-test") as service, ingestion(target.settings(), service) as ingest:
        ingest.run(papers)
    ((least,),) = target.rows("SELECT min(cardinality(concepts)) FROM chunks")
    assert least > 0


def test_a_key_that_is_no_longer_valid_fails_visibly(target: Target, papers: Path) -> None:
    with concept_service("key-of-the-test") as service, ingestion(target.settings(), service) as ingest:
        service.rotate("a newer key")
        ingest.run(papers)
        assert (0, 3) == (ingest.report.refused, service.accepted["previous"])
        service.rotate("the newest key")
        ingest.run(papers)
    why = "the concept service answered 401 Unauthorized"
    assert {why: 3} == ingest.report.failures
    assert {f"paper-0{number}.pdf": why for number in (1, 2, 3)} == ingest.report.failed
    assert (3, 3) == (ingest.report.refused, service.refused)


def test_a_write_that_fails_is_counted_and_the_others_continue(target: Target, papers: Path) -> None:
    with psycopg.connect(target.postgres.conninfo(database=target.name)) as connection:
        connection.execute("ALTER TABLE documents ADD CHECK (name <> 'paper-02.pdf')")
    with ingestion(target.settings()) as ingest:
        ingest.run(papers)
    assert (1, 2) == (ingest.report.failed_writes, ingest.report.writes)
    assert [("paper-01.pdf",), ("paper-03.pdf",)] == target.rows("SELECT name FROM documents ORDER BY name")


def test_a_failed_result_is_a_file_with_a_name_until_it_is_written(target: Target, papers: Path) -> None:
    with psycopg.connect(target.postgres.conninfo(database=target.name), autocommit=True) as connection:
        connection.execute("ALTER TABLE documents ADD CONSTRAINT dislike CHECK (name <> 'paper-02.pdf')")
        with ingestion(target.settings()) as ingest:
            ingest.run(papers)
            files = 3 + len(UNREADABLE)
            assert f"files          {files}, of which 2 were ingested\n" in str(ingest.report)
            assert "\nfailed         paper-02.pdf: new row for relation" in str(ingest.report)
            connection.execute("ALTER TABLE documents DROP CONSTRAINT dislike")
            ingest.run(papers)
    assert f"files          {files}, of which 3 were ingested\n" in str(ingest.report)
    assert not ingest.report.failed


def test_a_file_whose_name_is_no_utf8_is_ingested_under_an_escaped_name(
    target: Target, papers: Path, tmp_path: Path
) -> None:
    shutil.copy(papers / "paper-01.pdf", tmp_path / os.fsdecode(b"caf\xe9.pdf"))
    with ingestion(target.settings()) as ingest:
        ingest.run(tmp_path)
    assert [(r"caf\xe9.pdf",)] == target.rows("SELECT name FROM documents")
    assert [r"caf\xe9.pdf"] == list(ingest.report.pages)


def test_an_interrupted_round_reports_its_position_and_the_remaining_files(
    target: Target, papers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        shutil.copy(papers / "paper-01.pdf", tmp_path / f"{number}.pdf")
    asked = count(1)
    settings = target.settings(parallelism={"max_workers": 1})
    with open_pool(settings) as pool:
        ingest = Ingestion(settings, pool, stopping=lambda: next(asked) > 2)
        ingest.run(tmp_path)
    assert ["0.pdf", "1.pdf"] == list(ingest.report.pages)
    assert str(ingest.report).endswith("\ninterrupted    3 files left")
    assert "ingested: stopped at 40 % (2 of 5)" in capsys.readouterr().err


@contextmanager
def command(environ: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The application as a process, killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest_pdf", *arguments],
        cwd=EXAMPLES,
        env={**environ, "PYTHONPATH": str(EXAMPLES.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_reports_and_has_its_own_exit_code(
    target: Target, papers: Path, number: signal.Signals, status: int
) -> None:
    with command(target.environ, str(papers), "--repeat-for", "60") as process:
        read_until(process, "ingested: 100 %")
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert status == process.returncode
    assert out.startswith("files          ")


def until_asleep(pid: int) -> None:
    """Wait until the main thread is blocked: CPython defers a signal that comes just before a wait to its end."""
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "S" and time.monotonic() < end:
        time.sleep(0.01)


def test_ctrl_c_ends_the_wait_for_a_database_that_is_down(target: Target, papers: Path) -> None:
    with command({**target.environ, "TORI_DATABASE__PORT": "1"}, str(papers)) as process:
        read_until(process, "error connecting")
        until_asleep(process.pid)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=30)
    assert 130 == process.returncode
    assert log.endswith("ingest_pdf: interrupted before the first file\n")


def test_a_rotated_out_account_has_no_connection_left_before_it_ends(target: Target, vault_server: VaultServer) -> None:
    server = target.postgres
    vault_server.put("secret/tori", dict.fromkeys(("api_key", "database_url", "embedding_token"), "unused-secret"))
    with psycopg.connect(server.conninfo(database=target.name), autocommit=True) as owner:
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
        account = database_role(vault_server, server, "tori", "8s", "8s", grants=())
        plain = {name: value for name, value in target.environ.items() if "CREDENTIALS" not in name}
        settings = lazy(
            ToriSettings, environ={**plain, **vault_server.environ}, overrides={"database.pool.min_size": 4}
        )
        with open_pool(settings) as pool:
            first = settings.database.credentials.get().username
            sessions = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{first}'".encode()
            assert [(4,)] == owner.execute(sessions).fetchall()
            stop = threading.Event()
            while settings.database.credentials.get().username == first:
                assert not stop.wait(0.02)
            while owner.execute(sessions).fetchall() != [(0,)]:
                # The account itself is still there: its lease has not ended yet.
                assert owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (first,)).fetchall()
            write(pool, "paper.pdf", Document(1, "0" * 64, ("text",)), [Chunk(1, "text")], [[]])
    assert 2 == vault_server.requests(account, "read")


def test_the_helpers_are_those_of_toriconfig() -> None:
    code = (
        "import toriconfig.pipeline as ours\n"
        "from ingest_pdf.pipeline import ProgressTracker, get_logger, run_sync, track\n"
        "assert ProgressTracker is ours.ProgressTracker and get_logger is ours.get_logger\n"
        "assert run_sync is ours.run_sync and track is ours.track\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=EXAMPLES, env={"PYTHONPATH": str(EXAMPLES.parent)}, check=True, timeout=60
    )


def test_a_missing_vault_configuration_is_reported_in_one_line(target: Target, papers: Path) -> None:
    plain = {name: value for name, value in target.environ.items() if name.startswith("TORI_DATABASE__")}
    done = subprocess.run(
        [sys.executable, "-m", "ingest_pdf", str(papers)],
        cwd=EXAMPLES,
        env={**plain, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 3 == done.returncode
    assert done.stderr.strip().splitlines()[-1].startswith("ingest_pdf: api_key: ")
    assert "Traceback" not in done.stderr
