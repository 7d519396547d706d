"""The chunks into which the ingestion application cuts text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest_pdf.chunking import chunks_of

PAGES = st.lists(st.text("ab ", max_size=60), max_size=5)
CUTS = st.integers(2, 40).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


@given(PAGES, CUTS)
def test_the_chunks_without_their_overlap_are_the_text(pages: list[str], cut: tuple[int, int]) -> None:
    size, overlap = cut
    texts = [chunk.text for chunk in chunks_of(pages, size, overlap)]
    assert " ".join(pages) == "".join([*texts[:1], *(text[overlap:] for text in texts[1:])])


@given(PAGES, CUTS)
def test_no_chunk_is_longer_than_requested(pages: list[str], cut: tuple[int, int]) -> None:
    size, overlap = cut
    assert all(len(chunk.text) <= size for chunk in chunks_of(pages, size, overlap))


def test_words_stay_whole_if_one_ends_in_the_second_half() -> None:
    assert ["alpha beta", " gamma", " delta"] == [c.text for c in chunks_of(["alpha beta gamma delta"], 10, 0)]


def test_a_word_longer_than_a_chunk_is_cut() -> None:
    assert ["abcde", "efghi", "ij"] == [chunk.text for chunk in chunks_of(["abcdefghij"], 5, 1)]


def test_a_chunk_has_the_page_on_which_it_begins() -> None:
    chunks = chunks_of(["one", "two", "three"], 4, 0)
    assert [(1, "one"), (1, " two"), (2, " thr"), (3, "ee")] == [(chunk.page, chunk.text) for chunk in chunks]
