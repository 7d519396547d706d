"""A format of settings files, and the limits on a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from toriconfig._core.value import Value

Shown = Literal["nothing", "keys", "lines"]
SHOWN: tuple[Shown, ...] = ("nothing", "keys", "lines")


class Format(Value):
    """A format of settings files.

    Attributes:
        name: name for messages, such as "INI".
        endings: the file extensions, with the dot, in lower case.
        reader: `read(text, name) -> Tree`, or its "module:function", imported when a file of the format is read.
            The text is decoded from UTF-8 with line feeds as line breaks; the tree is built by `tree(values, name,
            kind="files")`. An exception of the reader becomes a problem that shows its type and its line.
        shows: the part of a file's lines that problems show. "nothing": no line. "keys": `NAME=`, as for a `.env`
            file, with the rest masked. "lines": the lines, with two sorts of text masked. First, text that would be
            masked in a YAML file, such as the text after `password:`. Second, the values of `Secret` fields, at the
            positions in `places`, an argument of the function `tree`. For a value of several lines, the position must
            have four numbers: start and end.
        empty: the content of a file that is empty on purpose, such as "`{}`", for the message of a reload that
            rejects a blank file.
        tables: True: the reader has an argument `table`: the keys of the table to read, as for TOML files.
        raw: True: the reader takes the bytes, `kind` and `limits`, returns one tree per document, and reports all
            problems itself. Only for formats of this package.
    """

    name: str
    endings: tuple[str, ...]
    reader: str | Callable[..., Any]
    shows: Shown = "nothing"
    empty: str = "a comment"
    tables: bool = False
    raw: bool = False

    @property
    def function(self) -> Callable[..., Any]:
        """The reader. If it is given as "module:function", it is imported now."""
        if not isinstance(self.reader, str):
            return self.reader
        module, _, function = self.reader.partition(":")
        found: Callable[..., Any] = getattr(__import__(module, fromlist=["*"]), function)
        return found


class Limits(Value):
    """Limits on the size and structure of a file.

    Attributes:
        max_bytes: size of the file in bytes.
        max_lines: number of lines, including empty ones and comments.
        max_depth: depth of nested collections, including the top level; aliases count as their target.
        max_nodes: number of values in all documents, after aliases and merge keys are expanded.
        max_documents: number of documents, each of which is checked separately.
    """

    max_bytes: int = 16 << 20
    max_lines: int = 1_000_000
    max_depth: int = 100
    max_nodes: int = 1_000_000
    max_documents: int = 1_000
