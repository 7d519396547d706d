"""One version of a path of KV v2."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple


class Version(NamedTuple):
    """Data and state of one version of a path.

    Attributes:
        data: keys and values; empty if the version has no data.
        number: number of the version; 0: nothing was ever written.
        state: "there": the version has data. "absent": never written, or no longer exists. "deleted": the data can be
            restored. "destroyed": the data is lost.
        created: time of the write, in RFC 3339; "": unknown.
        notes: the custom metadata of the path.
    """

    data: dict[str, Any]
    number: int
    state: Literal["there", "absent", "deleted", "destroyed"]
    created: str
    notes: dict[str, str]

    def __repr__(self) -> str:
        return f"Version({self.number}, {self.state})"
