"""Error for an optional library that is not installed."""

from __future__ import annotations


def missing_extra(what: str, library: str, extra: str) -> ImportError:
    """Return an ImportError with a one-line message that names the `pip install` command.

    Args:
        what: the feature that needs the library, such as "watch()".
        library: name of the library on the package index.
        extra: the extra of toriconfig that installs the library.
    """
    return ImportError(f"{what} needs {library}: pip install 'toriconfig[{extra}]'", name=library)
