"""A PDF as the text of its pages."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from pypdf import PasswordType, PdfReader

LARGEST = 500_000_000
"""Bytes: a file is read whole, and its text comes on top."""


class UnreadableError(Exception):
    """The file gives no text; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Document:
    """Content of a file that was read.

    Attributes:
        size: bytes of the file.
        sha256: of the file, as hexadecimal digits.
        pages: the text of each, in one line; "" for a page without text.
    """

    size: int
    sha256: str
    pages: tuple[str, ...]


def read_pdf(path: Path) -> Document:
    """Read the file.

    Raises:
        UnreadableError: it is empty, encrypted, broken or too large, or holds images alone.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UnreadableError(f"too large: {size / 1e6:.0f} MB, of {LARGEST / 1e6:.0f} MB at most")
        return _read(path)
    except OSError as error:
        raise UnreadableError(f"cannot be opened: {error.strerror}") from None
    except MemoryError:
        raise UnreadableError("too large: the memory does not suffice") from None


def _read(path: Path) -> Document:
    data = path.read_bytes()
    if not data:
        raise UnreadableError("empty: 0 bytes")
    try:
        pages, images = _text_of(data)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a parser of foreign bytes meets what its authors did not think of
        raise UnreadableError(f"broken: {str(error) or type(error).__name__}") from None
    if not pages:
        raise UnreadableError("empty: no pages")
    if not any(pages):
        raise UnreadableError("images only: no text to read" if images else "empty: neither text nor images")
    return Document(len(data), hashlib.sha256(data).hexdigest(), pages)


def _text_of(data: bytes) -> tuple[tuple[str, ...], bool]:
    """The text of each page, and whether there are images (asked only when there is no text)."""
    reader = PdfReader(io.BytesIO(data))
    # Many encrypted files only forbid printing; those open without a password.
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        raise UnreadableError("encrypted: it needs a password")
    pages = tuple(_clean(page.extract_text()) for page in reader.pages)
    return pages, not any(pages) and any(page.images.keys() for page in reader.pages)


def _clean(text: str) -> str:
    """One line that PostgreSQL takes: no NUL, no half of a surrogate pair."""
    return " ".join(text.replace("\0", " ").encode(errors="replace").decode().split())
