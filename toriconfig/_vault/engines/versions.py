"""One path of KV v2, written with check-and-set: whoever writes says which version he believes to be the newest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from toriconfig.errors import VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._vault.http.response import Answer
    from toriconfig._vault.requester import Requester

_MERGE = {"Content-Type": "application/merge-patch+json"}


class Version(NamedTuple):
    """Data and state of one version of a path.

    Attributes:
        data: its keys; empty when it holds nothing.
        number: of the version; 0 when the path never held one.
        state: whether it can be read.
        created: when it was written, in RFC 3339.
        notes: the custom metadata of the path.
    """

    data: dict[str, Any]
    number: int
    state: Literal["there", "absent", "deleted", "destroyed"]
    created: str
    notes: dict[str, str]

    def __repr__(self) -> str:
        return f"Version({self.number}, {self.state})"


class Versions:
    """The versions of one path.

    Args:
        requester: sends the requests.
        mount: of the KV v2 engine, with its `/`.
        rest: the path below it.
    """

    def __init__(self, requester: Requester, mount: str, rest: str) -> None:
        self._requester = requester
        self.data_path = f"{mount}data/{rest}"
        self.metadata_path = f"{mount}metadata/{rest}"
        self.destroy_path = f"{mount}destroy/{rest}"

    def read(self, number: int | None = None) -> Version:
        """The newest version, or the one of that number.

        Raises:
            VaultError: it could not be asked for; a missing or deleted one is an answer.
        """
        answer = self._requester.request(
            "GET", self.data_path, query={"version": number} if number else None, check=False
        )
        found = answer.data.get("metadata") or {}
        if answer.status not in (200, 404):
            self._requester.request("GET", self.data_path)  # raises what it means
        state: Literal["there", "absent", "deleted", "destroyed"] = "there"
        if answer.status == 404:
            state = "destroyed" if found.get("destroyed") else "deleted" if found else "absent"
        return Version(
            answer.data.get("data") or {},
            int(found.get("version", 0)),
            state,
            str(found.get("created_time", "")),
            found.get("custom_metadata") or {},
        )

    def write(self, data: Mapping[str, Any], newest: int) -> int | None:
        """Write a new version if `newest` still is the newest (0: none was ever written).

        Returns:
            Its number, or None when somebody was quicker.

        Raises:
            VaultError: as for reads; without an answer it is not known whether it was written.
        """
        body = {"data": dict(data), "options": {"cas": newest}}
        answer = self._requester.request("POST", self.data_path, body, check=False)
        if answer.status == 400 and "did not match" in answer.text:
            return None
        if answer.status >= 300:
            raise _refused(answer, self.data_path)
        version = answer.data.get("version")
        if not isinstance(version, int):
            raise VaultUnreachable(f"what answered for {self.data_path} names no version", reference=self.data_path)
        return version

    def note(self, notes: Mapping[str, str]) -> None:
        """Set these keys of the custom metadata; others stay."""
        self._requester.request("PATCH", self.metadata_path, {"custom_metadata": dict(notes)}, headers=_MERGE)

    def keep_only_newest(self) -> None:
        """From now on each write removes the version before it, and must be a check-and-set."""
        self._requester.request("POST", self.metadata_path, {"max_versions": 1, "cas_required": True})

    def destroy(self, numbers: Iterable[int]) -> None:
        """Remove the data of these versions for good."""
        self._requester.request("PUT", self.destroy_path, {"versions": list(numbers)})

    def first_written(self) -> str:
        """Return the time of the first write to the path, in RFC 3339; needs `read` on the path's metadata."""
        return str(self._requester.request("GET", self.metadata_path).data.get("created_time", ""))


def _refused(answer: Answer, path: str) -> Exception:
    from toriconfig._vault.http.translate import error_of
    from toriconfig.errors import VaultError

    return error_of(answer, "POST", path) or VaultError(f"Vault refused to write {path}", reference=path)


def capabilities(requester: Requester, paths: Iterable[str]) -> dict[str, set[str]]:
    """Return the capabilities of the token for each path."""
    answer = requester.request("POST", "sys/capabilities-self", {"paths": list(paths)})
    return {path: set(can) for path, can in answer.data.items() if isinstance(can, list)}
