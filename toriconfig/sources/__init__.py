"""The sources: each reads one kind of input into a `Tree`, and does not depend on the schema.

A source of your own is any object with `load() -> Tree`, given by the option `sources`, highest first. Its values rank
above the settings files, and below the other layers that rank above `files`. Test it with `toriconfig.testing.SourceContract`::

    class Consul:
        def load(self) -> Tree:
            try:
                found = fetch_all("app/", timeout=5)
            except OSError as error:
                wrong = Problem("TC505", origin=Origin("source", "consul"), message=f"no answer: {error.strerror}")
                return tree({}, "consul", problems=[wrong])
            return tree(found, "consul", text=True)

    app = load(App, config_name="app", sources=[Consul()])

To add a source to the package, write a module here with the same shape, add one line to the table of `_load/read.py`, and a test class
that inherits `toriconfig.testing.SourceContract`. To add a file format, write a reader and add one line to `FORMATS`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from toriconfig._core.origin import LayerKind
from toriconfig._core.tree import Source, Tree
from toriconfig._core.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toriconfig._core.origin import OriginKind
    from toriconfig._core.problem import Problem
    from toriconfig.sources.mapping import Places
    from toriconfig.sources.yaml.file import Limits

__all__ = ["Source", "Tree", "tree"]


def tree(
    values: Any,
    name: str,
    *,
    kind: OriginKind = "source",
    text: bool = False,
    references: bool = False,
    places: Places | None = None,
    problems: Iterable[Problem] = (),
) -> Tree:
    """Build the tree that a source returns from nested mappings and lists. Never raises for what `values` holds.

    Args:
        values: a mapping of keys to values, mappings and lists; not changed, and not kept. A key may hold a dot. What is no
            mapping is a problem (TC007), so that the data of a source can be given as it came.
        name: what people call the input, for origins such as `consul["database.host"]`; never a secret.
        kind: the layer in origins: "source", or for a reader of a file format its argument `kind`.
        text: True: strings are read by the type of their field as those of variables are: JSON and `a,b` for a list, `null`
            for None. False: a string is a string.
        references: True: `${env:NAME}` and the other references in strings are resolved, as in YAML. False: values are data,
            and a `Secret` that holds a reference is an error.
        places: line and column, from 1, by path, such as `{("database", "port"): (12, 8)}`; None: the input has no lines.
        problems: what is wrong with the input. With an error among them missing keys are not reported.

    >>> str(tree({"database": {"port": 5432}}, "consul").root.find(("database", "port")).origin)
    'consul["database.port"]'
    """
    from toriconfig.sources.mapping import nested

    return nested(values, name, kind=kind, text=text, references=references, places=places, problems=problems)


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
