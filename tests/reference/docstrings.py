"""Docstrings in Google's form as Markdown: prose, examples, and the entries of `Args`, `Attributes` and `Raises`."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import NamedTuple

_SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Examples")
_TITLE = re.compile(rf"^({'|'.join(_SECTIONS)})::?$")
_ENTRY = re.compile(r"^([\w*]+(?:, [\w*]+)*): (.*)$")
INTERNAL = re.compile(r"\btoriconfig(?:\.\w+)*\._\w|`_\w+[/`.]")
"""A module or a folder that is no public name."""


class Docstring(NamedTuple):
    """One docstring.

    Attributes:
        summary: its first paragraph, on one line.
        prose: all paragraphs before the sections, as Markdown.
        entries: the names and descriptions of the sections `Args`, `Attributes` and `Raises`, by section.
        returns: the text of `Returns` or `Yields`, on one line.
        example: the section `Example`, as Markdown.
    """

    summary: str
    prose: str
    entries: dict[str, dict[str, str]]
    returns: str
    example: str


def parsed(text: str | None) -> Docstring:
    """Parse a docstring; None is an empty one."""
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in inspect.cleandoc(text or "").splitlines():
        title = _TITLE.match(line)
        if title:
            current = title[1]
            sections[current] = []
        elif current and line and not line.startswith(" "):
            current = ""  # prose or doctests after a section
            sections[""] += ["", line]
        else:
            sections[current].append(line)
    prose = _markdown(sections[""])
    entries: dict[str, dict[str, str]] = {}
    entries |= {name: _entries(sections[name]) for name in ("Args", "Attributes", "Raises") if name in sections}
    returns = _line(sections.get("Returns", sections.get("Yields", [])))
    example = sections.get("Example", sections.get("Examples", []))
    return Docstring(_line(prose.partition("\n\n")[0].splitlines()), prose, entries, returns, _fence(example))


def cell(text: str) -> str:
    """Return a text for a cell of a table."""
    return re.sub(r"\s*\n\s*", " ", text.strip()).replace("|", "\\|")


def _entries(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    body: list[str] = []
    for line in textwrap.dedent("\n".join(lines)).splitlines():
        entry = _ENTRY.match(line)
        if entry:
            body = found[entry[1]] = [entry[2]]
        else:
            body.append(line.strip())
    return {name: _line(body) for name, body in found.items()}


def _line(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def _markdown(lines: list[str]) -> str:
    """Return prose as Markdown: indented blocks and doctests become fenced blocks. Paragraphs on internals are left out."""
    blocks: list[str] = []
    code: list[str] = []
    for block in [*re.split(r"\n{2,}", "\n".join(lines).strip("\n")), ""]:
        prose, indented = _split(block)
        if code and (prose or not indented or indented.startswith(">>>")):
            blocks.append(_fence(code))
            code = []
        if prose and not INTERNAL.search(prose):
            blocks.append(re.sub(r"::$", ":", prose))
        if indented:
            code += [*([""] if code else []), *indented.splitlines()]
    return "\n\n".join(blocks)


def _split(block: str) -> tuple[str, str]:
    """Split a paragraph from the doctest or indented block that it ends with."""
    lines = block.splitlines()
    for index, line in enumerate(lines):
        if line.startswith((">>>", "    ")):
            return "\n".join(lines[:index]), "\n".join(lines[index:])
    return block, ""


def _fence(lines: list[str]) -> str:
    code = textwrap.dedent("\n".join(lines)).strip("\n")
    return f"```text\n{code}\n```" if code else ""
