"""The sources: each reads one kind of input into a `Tree`, and knows nothing of the schema.

A new source is one file here of the same shape, one line in the table of `_load/read.py`, and a test
that runs `toriconfig.testing.SourceContract` over it. A new format of settings files is a reader, and one
line in the table below.
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
    """Something that can be read into a tree of values with origins."""

    def load(self) -> Tree:
        """Read the input now.

        Bad input is returned as `Tree.problems`, never raised; what could be read is in the tree.
        """
        ...


class Format(Value):
    """A format of settings files.

    Attributes:
        name: what people call it.
        endings: of its files, with the dot.
        reader: `module:function`, imported when a file of the format is read; it has the signature of `read_yaml`.
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
    """The format of a file by its ending; the first one where the ending tells nothing."""
    ending = os.path.splitext(name)[1].lower()
    return next((one for one in FORMATS if ending in one.endings), FORMATS[0])


def read_content(
    content: str | bytes, name: str, *, kind: LayerKind = "files", limits: Limits | None = None, **options: Any
) -> list[Tree]:
    """Read every document of a text in the format of its name.

    Args:
        content: the text.
        name: what people call it: a file, `<stdin>`.
        kind: the layer that it speaks for.
        limits: what is refused; None: the usual limits.
        options: of the reader alone, such as `table` of TOML.
    """
    module, _, function = format_of(name).reader.partition(":")
    reader: Callable[..., list[Tree]] = getattr(__import__(module, fromlist=["*"]), function)
    return reader(content, name, kind=kind, limits=limits, **options)
