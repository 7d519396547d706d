"""Sources and file formats. A source reads one input into a `Tree`, and does not depend on the settings class.

A custom source is any object with `load() -> Tree`. The option `sources` lists the custom sources, highest precedence
first. They belong to the layer `files`, and have precedence over settings files. Test a custom source with
`toriconfig.testing.SourceContract`::

    class Consul:
        def load(self) -> Tree:
            try:
                found = fetch_all("app/", timeout=5)
            except OSError as error:
                wrong = Problem("TC505", origin=Origin("source", "consul"), message=f"no answer: {error.strerror}")
                return tree({}, "consul", problems=[wrong])
            return tree(found, "consul", text=True)

    app = load(App, config_name="app", sources=[Consul()])

A custom file format is a reader, registered in the module of the settings class::

    def read_ini(text: str, name: str) -> Tree:
        parser = ConfigParser(interpolation=None)
        parser.read_string(text)
        return tree({one: dict(parser[one]) for one in parser.sections()}, name, kind="files", text=True)

    register(Format("INI", (".ini",), read_ini, shows="keys"))

To add a source to the package, write a module here with a class such as `Consul`, and a test class that inherits
`toriconfig.testing.SourceContract`. For an option or a layer of its own, also add a line to the table of
`_load/read.py`. To add a file format to the package, write a reader here and add one line to `FORMATS`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from toriconfig._core.clean_call import clean_call
from toriconfig._core.origin import LayerKind
from toriconfig._core.tree import Format, Source, Tree
from toriconfig.sources.read_file import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toriconfig._core.origin import OriginKind
    from toriconfig._core.problem import Problem
    from toriconfig.sources.mapping import Places

__all__ = ["Format", "Source", "Tree", "register", "tree"]


@clean_call
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
    """Build the tree that a source returns, from nested mappings and lists.

    Args:
        values: a mapping of keys to values, mappings and lists. It is neither changed nor kept. A key may contain a
            dot. Invalid content does not raise an exception, but adds a problem to the tree, such as TC007 if `values`
            is not a mapping.
        name: name of the input, for origins such as `consul["database.host"]`; never a secret.
        kind: the layer in origins: "source" for a source, "files" for a reader of a file format.
        text: True: strings are parsed by the type of their field, like environment variables: JSON or `a,b` for a list,
            `null` for None. False: strings stay strings.
        references: True: `${env:NAME}` and other references in strings are resolved, as in YAML. False: references
            are not resolved. The load then reports an error for text with `${env:NAME}` in a field of type
            `Secret`, and a warning for any other field.
        places: dict from the path of each value to its line and column, from 1, such as
            `{("database", "port"): (12, 8)}`. Two more numbers may follow: the line and column of the character after
            the value. None: the input has no lines.
        problems: problems of the input. If one of them is an error, missing keys are not reported.

    Raises:
        TypeError: `name` is not text, a position is not a tuple of numbers, or a problem is not a Problem.

    >>> str(tree({"database": {"port": 5432}}, "consul").root.find(("database", "port")).origin)
    'consul["database.port"]'
    """
    from toriconfig.sources.mapping import nested

    return nested(values, name, kind=kind, text=text, references=references, places=places, problems=problems)


FORMATS: tuple[Format, ...] = (
    Format("YAML", (".yaml", ".yml"), "toriconfig.sources.yaml.documents:read_yaml", "lines", empty="`{}`", raw=True),
    Format("JSON", (".json",), "toriconfig.sources.yaml.documents:read_yaml", "lines", empty="`{}`", raw=True),
    Format("TOML", (".toml",), "toriconfig.sources.toml.file:read_toml", "lines", tables=True, raw=True),
)
"""Every format. If several files have the same name, the file whose extension is first in this list is read."""


@clean_call
def register(form: Format) -> None:
    """Register a format of settings files, for every load and command of the process.

    Call this function in the module of the settings class. Each program and command that imports the class then
    knows the format. If the option `config_name` matches two files, such as `app.yaml` and `app.ini`, only the file
    in the built-in format (YAML, JSON, TOML) is read.

    Args:
        form: the format. If the same format is registered again, because its module is imported twice, the new object
            replaces the old one.

    Raises:
        ValueError: `form` is not a Format, a field is invalid, or another format has the extension; the message
            names the error.

    >>> register(Format("INI", (".ini",), "mypackage.ini:read_ini", "keys"))  # doctest: +SKIP
    """
    global FORMATS
    if form in FORMATS:
        return
    from toriconfig.sources.text_format import is_again, wrong_format

    again = [one for one in FORMATS if is_again(form, one)]
    if wrong := wrong_format(form, (one for one in FORMATS if one not in again)):
        raise ValueError(wrong)
    FORMATS = tuple(form if one in again else one for one in FORMATS) if again else (*FORMATS, form)


def endings() -> tuple[str, ...]:
    """Return the extensions of all formats, in the order of `FORMATS`."""
    return tuple(ending for one in FORMATS for ending in one.endings)


def stem_of(name: str) -> str:
    """Return the option `config_name` without the extension of a format.

    Args:
        name: the option `config_name`.
    """
    base, ending = os.path.splitext(name)
    return base if ending in endings() else name


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
    """Return a list with one tree per document of a text. The extension in `name` determines the format.

    Args:
        content: the text.
        name: name for messages, such as a file or `<stdin>`.
        kind: the layer of the values.
        limits: limits on size and depth; None: the default limits.
        options: options of the format's reader, such as `table` of TOML.
    """
    form = format_of(name)
    if form.raw:
        trees: list[Tree] = form.function(content, name, kind=kind, limits=limits, **options)
        return trees
    from toriconfig.sources.text_format import read_text

    return [read_text(form, content, name, kind, limits or Limits(), options)]
