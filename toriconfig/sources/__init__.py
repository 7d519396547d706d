"""The sources: each reads one kind of input into a `Tree`, and does not depend on the schema.

To add a source, write a module here with the same shape, add one line to the table of `_load/read.py`, and a test class
that inherits `toriconfig.testing.SourceContract`. To add a file format, write a reader and add one line to `FORMATS`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from toriconfig._core.origin import LayerKind
from toriconfig._core.tree import Tree
from toriconfig._core.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from toriconfig.sources.yaml.file import Limits


class Source(Protocol):
    """Protocol of a source: it reads one input into a tree of values with origins."""

    def load(self) -> Tree:
        """Read the input now.

        Returns:
            The tree. Invalid input is never raised, but returned in `Tree.problems`; the valid part is in the tree.
        """
        ...


class Format(Value):
    """A format of settings files.

    Attributes:
        name: name for messages.
        endings: the file extensions, with the dot.
        reader: "module:function", imported when a file of the format is read. Its signature is that of `read_yaml`.
    """

    name: str
    endings: tuple[str, ...]
    reader: str


FORMATS = (
    Format("YAML", (".yaml", ".yml"), "toriconfig.sources.yaml.file:read_yaml"),
    Format("JSON", (".json",), "toriconfig.sources.yaml.file:read_yaml"),
    Format("TOML", (".toml",), "toriconfig.sources.toml.file:read_toml"),
)
"""Every format; where several files of one name stand side by side, the ending that comes first here is read."""

ENDINGS = tuple(ending for one in FORMATS for ending in one.endings)


def format_of(name: str) -> Format:
    """Return the format of a file by its extension, or the first format if the extension is unknown.

    Args:
        name: name or path of the file.
    """
    ending = os.path.splitext(name)[1].lower()
    return next((one for one in FORMATS if ending in one.endings), FORMATS[0])


def read_content(
    content: str | bytes, name: str, *, kind: LayerKind = "files", limits: Limits | None = None, **options: Any
) -> list[Tree]:
    """Read every document of a text, in the format that its name implies.

    Args:
        content: the text.
        name: name for messages, such as a file or `<stdin>`.
        kind: the layer of the values.
        limits: limits on size and depth; None: the default limits.
        options: options of the format's reader, such as `table` of TOML.

    Returns:
        One tree per document.
    """
    module, _, function = format_of(name).reader.partition(":")
    reader: Callable[..., list[Tree]] = getattr(__import__(module, fromlist=["*"]), function)
    return reader(content, name, kind=kind, limits=limits, **options)
