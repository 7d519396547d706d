"""A handful of PDFs: some to read, and one of each kind that cannot be read."""

from __future__ import annotations

import random
from pathlib import Path
from textwrap import wrap

from fpdf import FPDF
from PIL import Image

_WORDS = [
    "memory",
    "concept",
    "lattice",
    "entropy",
    "context",
    "graph",
    "soliton",
    "kernel",
    "phase",
    "vector",
    "cluster",
    "archive",
    "query",
    "signal",
    "measure",
    "theory",
    "model",
    "proof",
    "result",
    "method",
    "sample",
    "error",
    "bound",
    "limit",
    "series",
    "field",
    "operator",
    "spectrum",
    "coupling",
    "network",
    "pattern",
    "recall",
    "index",
    "weight",
    "prior",
    "evidence",
    "the",
    "of",
    "and",
    "with",
    "under",
    "between",
    "without",
    "into",
    "we",
    "show",
    "that",
    "this",
    "holds",
    "for",
    "each",
    "follows",
    "from",
    "remains",
    "depends",
    "on",
    "increases",
    "decreases",
]

UNREADABLE = {"empty.pdf": "empty", "broken.pdf": "broken", "encrypted.pdf": "encrypted", "scan.pdf": "images only"}
"""The files that give no text, and the word by which the report must name each."""


def make_papers(folder: Path, papers: int = 8, pages: int = 10) -> None:
    """Fill `folder`: that many papers of that many pages, the same at each call, and the unreadable ones."""
    for number in range(1, papers + 1):
        paper = _paper(number, pages)
        paper.output(str(folder / f"paper-{number:02d}.pdf"))
    (folder / "empty.pdf").touch()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 9 0 R\nendobj\ntrailer\n")
    encrypted = _paper(0, 1)
    encrypted.set_encryption(owner_password="owner", user_password="reader")
    encrypted.output(str(folder / "encrypted.pdf"))
    scan = FPDF()
    scan.add_page()
    scan.image(Image.effect_noise((200, 200), 60), x=30, y=30, w=100)
    scan.output(str(folder / "scan.pdf"))


def _paper(number: int, pages: int) -> FPDF:
    words = random.Random(number)
    paper = FPDF()
    paper.set_font("helvetica", size=10)
    for page in range(1, pages + 1):
        paper.add_page()
        lines = [f"Paper {number}, page {page}", "", *wrap(" ".join(_sentence(words) for _ in range(40)), 100)]
        for row, line in enumerate(lines, 1):
            paper.text(10, 10 + 5 * row, line)
    return paper


def _sentence(words: random.Random) -> str:
    return " ".join(words.choices(_WORDS, k=words.randint(7, 14))).capitalize() + "."
