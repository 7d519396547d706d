"""Errors of the ingestion application for files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fpdf import FPDF

from demonstration.papers import UNREADABLE, make_papers
from ingest_pdf.reading import UnreadableError, read_pdf


@pytest.fixture(name="papers", scope="module")
def _papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    make_papers(folder, papers=1, pages=2)
    return folder


@pytest.mark.parametrize(("name", "word"), UNREADABLE.items())
def test_a_file_without_text_is_refused_with_its_reason(papers: Path, name: str, word: str) -> None:
    with pytest.raises(UnreadableError, match=f"^{word}"):
        read_pdf(papers / name)


def test_the_text_of_each_page_is_one_line(papers: Path) -> None:
    document = read_pdf(papers / "paper-01.pdf")
    assert ["Paper 1, page 1", "Paper 1, page 2"] == [page[:15] for page in document.pages]
    assert all("\n" not in page for page in document.pages)


def test_a_blank_page_is_empty(tmp_path: Path) -> None:
    blank = FPDF()
    blank.add_page()
    blank.output(str(tmp_path / "blank.pdf"))
    with pytest.raises(UnreadableError, match="^empty: neither text nor images"):
        read_pdf(tmp_path / "blank.pdf")


def test_a_file_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    closed = FPDF()
    closed.set_font("helvetica")
    closed.add_page()
    closed.text(10, 10, "read me")
    closed.set_encryption(owner_password="owner")
    closed.output(str(tmp_path / "closed.pdf"))
    assert ("read me",) == read_pdf(tmp_path / "closed.pdf").pages


def test_a_deleted_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="^cannot be opened: No such file"):
        read_pdf(tmp_path / "gone.pdf")


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "huge.pdf").touch()
    os.truncate(tmp_path / "huge.pdf", 3_000_000_000)
    with pytest.raises(UnreadableError, match="^too large: 3000 MB, of 500 MB at most"):
        read_pdf(tmp_path / "huge.pdf")


def test_a_file_that_does_not_fit_in_memory_is_unreadable(papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(stream: object) -> None:
        raise MemoryError

    monkeypatch.setattr("ingest_pdf.reading.PdfReader", exhausted)
    with pytest.raises(UnreadableError, match="^too large: the memory"):
        read_pdf(papers / "paper-01.pdf")


def test_any_error_of_pypdf_means_a_broken_file(papers: Path, tmp_path: Path) -> None:
    good = (papers / "paper-01.pdf").read_bytes()
    outcomes = set()
    for cut in range(0, len(good), max(1, len(good) // 40)):
        (tmp_path / "cut.pdf").write_bytes(good[:cut] + bytes(reversed(good[cut : cut + 200])) + good[cut + 200 :])
        try:
            read_pdf(tmp_path / "cut.pdf")
        except UnreadableError as error:
            outcomes.add(str(error).partition(":")[0])
    assert outcomes <= {"broken", "empty", "images only"}
    assert "broken" in outcomes
