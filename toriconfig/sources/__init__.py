"""The sources: each reads one kind of input into a `Tree`, and knows nothing of the schema.

A new source is one file here of the same shape, one line in the table of `_layers.py`, and a test
that runs `toriconfig.testing.SourceContract` over it.
"""

from __future__ import annotations

from typing import Protocol

from toriconfig._tree import Tree


class Source(Protocol):
    """Something that can be read into a tree of values with origins."""

    def load(self) -> Tree:
        """Read the input now.

        Bad input is returned as `Tree.problems`, never raised; what could be read is in the tree.
        """
        ...
