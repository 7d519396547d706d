"""The error for a library of an extra that is not installed."""

from __future__ import annotations


def missing_extra(what: str, library: str, extra: str) -> ImportError:
    """Build the error: one line with the remedy.

    Args:
        what: what needs the library, such as "watch()".
        library: name of the library on the package index.
        extra: the extra of toriconfig that installs it.
    """
    return ImportError(f"{what} needs {library}: pip install 'toriconfig[{extra}]'", name=library)
