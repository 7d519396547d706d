"""Versions of one path of KV v2, written with check-and-set: each write names the version that it replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from toriconfig._vault.engines.version import Version
from toriconfig._vault.http.envelope import positive_int
from toriconfig.errors import VaultError, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._vault.http.response import Answer
    from toriconfig._vault.requester import Requester

_LOST = "check-and-set parameter did not match"
_MERGE = {"Content-Type": "application/merge-patch+json"}


class Versions:
    """The versions of one path.

    Args:
        requester: object that sends the requests.
        mount: mount path of the KV v2 engine, with `/` at its end.
        rest: the path below the mount.
    """

    def __init__(self, requester: Requester, mount: str, rest: str) -> None:
        self._requester = requester
        self.data_path = f"{mount}data/{rest}"
        self.metadata_path = f"{mount}metadata/{rest}"
        self.destroy_path = f"{mount}destroy/{rest}"

    def read(self, number: int | None = None) -> Version:
        """Read version `number`, or the newest version if `number` is None.

        Raises:
            VaultError: the request failed. A missing or deleted version raises no error; see `Version.state`.
        """
        answer = self._requester.request(
            "GET", self.data_path, query={"version": number} if number else None, check=False
        )
        data, found = answer.data.get("data") or {}, answer.data.get("metadata") or {}
        if not isinstance(data, dict) or not isinstance(found, dict):
            raise _not_vaults(self.data_path)
        if answer.status not in (200, 404):
            self._requester.request("GET", self.data_path)  # raises the error
        state: Literal["there", "absent", "deleted", "destroyed"] = "there"
        if answer.status == 404:
            state = "destroyed" if found.get("destroyed") else "deleted" if found else "absent"
        return Version(
            data,
            positive_int(found.get("version")) or 0,
            state,
            str(found.get("created_time", "")),
            found.get("custom_metadata") or {},
        )

    def write(self, data: Mapping[str, Any], newest: int) -> int | None:
        """Write a new version if `newest` is still the number of the newest version (0: never written).

        Returns:
            The number of the new version, or None if another client wrote first.

        Raises:
            VaultError: the request failed. Without an answer, the version may or may not have been written.
        """
        body = {"data": dict(data), "options": {"cas": newest}}
        answer = self._requester.request("POST", self.data_path, body, check=False)
        if answer.status == 400 and _LOST in answer.text:
            return None
        if answer.status >= 300:
            raise _refused(answer, self.data_path)
        version = positive_int(answer.data.get("version"))
        if version is None:
            raise _not_vaults(self.data_path)
        return version

    def note(self, notes: Mapping[str, str]) -> None:
        """Write `notes` to the custom metadata of the path. Other keys keep their values."""
        self._requester.request("PATCH", self.metadata_path, {"custom_metadata": dict(notes)}, headers=_MERGE)

    def keep_only_newest(self) -> None:
        """Set the metadata of the path so that Vault keeps one version, and requires check-and-set for each write."""
        self._requester.request("POST", self.metadata_path, {"max_versions": 1, "cas_required": True})

    def destroy(self, numbers: Iterable[int]) -> None:
        """Remove the data of the versions `numbers` permanently."""
        self._requester.request("PUT", self.destroy_path, {"versions": list(numbers)})

    def first_written(self) -> str:
        """Return the time of the first write to the path, in RFC 3339; "" if the answer has no time.

        Raises:
            VaultError: the request failed. The token needs `read` on the metadata of the path.
        """
        return str(self._requester.request("GET", self.metadata_path).data.get("created_time", ""))


def _not_vaults(path: str) -> VaultUnreachable:
    return VaultUnreachable(f"what answered for {path} is not Vault's answer", reference=path)


def _refused(answer: Answer, path: str) -> Exception:
    from toriconfig._vault.http.translate import error_of

    return error_of(answer, "POST", path) or VaultError(f"Vault refused to write {path}", reference=path)


def capabilities(requester: Requester, paths: Iterable[str]) -> dict[str, set[str]]:
    """Return a dict from each path to the capabilities of the token there, such as `{"read"}`.

    Raises:
        VaultError: the request failed.
    """
    answer = requester.request("POST", "sys/capabilities-self", {"paths": list(paths)})
    return {path: set(can) for path, can in answer.data.items() if isinstance(can, list)}
