"""Documents and chunks in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg_pool import ConnectionPool

from ingest_pdf.chunking import Chunk
from ingest_pdf.reading import Document

_DOCUMENT = """
    INSERT INTO documents (name, sha256, bytes, pages) VALUES (%s, %s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET (sha256, bytes, pages, written_by, written_at)
        = (excluded.sha256, excluded.bytes, excluded.pages, current_user, now())
    RETURNING id
"""


def write(
    pool: ConnectionPool, name: str, document: Document, chunks: Sequence[Chunk], concepts: Sequence[Sequence[str]]
) -> None:
    """Write a document with its chunks, in one transaction; what an earlier run wrote under `name` is replaced.

    Args:
        concepts: those of each chunk.

    Raises:
        psycopg.Error: nothing was written.
    """
    with pool.connection() as connection, connection.cursor() as cursor:
        # The row of the document is locked from here: two who write the same one come one after the other.
        cursor.execute(_DOCUMENT, (name, document.sha256, document.size, len(document.pages)))
        row = cursor.fetchone()
        assert row is not None
        cursor.execute("DELETE FROM chunks WHERE document = %s", row)
        with cursor.copy("COPY chunks (document, number, page, text, concepts) FROM STDIN") as copy:
            for number, (chunk, about) in enumerate(zip(chunks, concepts, strict=True), 1):
                copy.write_row((row[0], number, chunk.page, chunk.text, list(about)))
