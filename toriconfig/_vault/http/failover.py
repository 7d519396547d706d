"""Choice of the address for a request. The address that answered last is tried first, then the other addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from toriconfig._runtime import warn_once
from toriconfig._runtime.deadline import SLICE, Deadline
from toriconfig._vault.http.envelope import format_error
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.translate import PAUSE, judge
from toriconfig._vault.log import LOGGER

if TYPE_CHECKING:
    from toriconfig._vault.http.transport import Transport

REDIRECTS = (301, 302, 303, 307, 308)


def warn_http(addresses: tuple[str, ...]) -> None:
    """Log one warning per process for each address that uses HTTP without TLS over a network."""
    for address in addresses:
        url = urlsplit(address)
        local = url.hostname in ("localhost", "::1") or (url.hostname or "").startswith("127.")
        if url.scheme == "http" and not local:
            text = f"Vault at {address} is used without TLS: tokens and secrets can be read on the network"
            warn_once.warn(("vault without TLS", address), text, LOGGER)


class Route:
    """The addresses of one client. The address that answered last is tried first.

    Args:
        addresses: the addresses; at least one.
    """

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self.addresses = addresses
        self._at = 0
        self._origins = [_origin(address) for address in addresses]
        self._bases = [urlsplit(address).path if not address.startswith("unix:") else "" for address in addresses]

    @property
    def address(self) -> str:
        """The address that is tried first."""
        return self.addresses[self._at]

    def exchange(
        self,
        transport: Transport,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Any,
        deadline: Deadline,
        *,
        query: Mapping[str, str | int] | None = None,
        repeatable: bool = True,
    ) -> Answer | Failure:
        """Send a request to one address after the other, until no further attempt is needed. Return the last outcome.

        While the nodes elect a leader, the attempts continue until the deadline. If `repeatable` is False, a request
        that Vault may have processed is not sent again.
        """
        asked = "/v1/" + quote(path, safe="/-._~") + (f"?{urlencode(query)}" if query else "")
        at, failed, pauses, moved, electing = self._at, 0, 0, "", False
        while True:
            last = not repeatable or (failed + 1) % len(self.addresses) == 0
            left = deadline.remaining()
            seconds = left - min(SLICE, left / 10) if last else left / 2
            target = moved or self._bases[at] + asked
            outcome = _checked(
                transport.send(self.addresses[at], method, target, headers, body, deadline, seconds), path
            )
            if not moved and (again := self._same_origin(outcome, at)) is not None:
                moved = again
                continue
            verdict = judge(outcome, repeatable=repeatable)
            if verdict.action == "done":
                self._at = at
                return outcome
            if verdict.action == "fail":
                # this request is not repeated, but the next one tries another address first
                self._at = (at + 1) % len(self.addresses)
                return outcome
            if verdict.action == "next":
                failed, moved = failed + 1, ""
                leader = self._leader(outcome)
                # a standby names a leader, which may be dead, or a node has no leader: an election is in progress
                electing = electing or leader is not None or verdict.pause > 0
                at = (at + 1) % len(self.addresses) if leader in (None, at) else leader
                if failed % len(self.addresses) and deadline.remaining() > 0:
                    continue
                if not electing:
                    return outcome
            pauses += 1
            if not deadline.pause(max(verdict.pause, min(1.0, PAUSE * 1.5 ** (pauses - 1)))):
                return outcome

    def _leader(self, outcome: Answer | Failure) -> int | None:
        """If `outcome` redirects to one of this client's addresses, return the index of that address; else None.

        A redirect to another server is not followed, because that server must not get the token.
        """
        if isinstance(outcome, Failure) or outcome.status not in REDIRECTS:
            return None
        location = urlsplit(outcome.headers.get("location", ""))
        origin = f"{location.scheme}://{location.netloc}"
        return self._origins.index(origin) if origin in self._origins else None

    def _same_origin(self, outcome: Answer | Failure, at: int) -> str | None:
        """If `outcome` redirects to a path of Vault on the same server, return path and query; else None.

        `at` is the index of this server's address. An unknown server must not get the token.
        """
        if isinstance(outcome, Failure) or outcome.status not in REDIRECTS:
            return None
        location = urlsplit(outcome.headers.get("location", ""))
        if location.netloc and f"{location.scheme}://{location.netloc}" != self._origins[at]:
            return None
        if not location.path.startswith(f"{self._bases[at]}/v1/"):
            return None
        return location.path + (f"?{location.query}" if location.query else "")


def _origin(address: str) -> str:
    url = urlsplit(address)
    return f"{url.scheme}://{url.netloc}"


def _checked(outcome: Answer | Failure, path: str) -> Answer | Failure:
    """Return `outcome`; but return a failure if `outcome` is a successful answer that is not in Vault's format."""
    wrong = format_error(outcome.body, path) if isinstance(outcome, Answer) and outcome.status < 300 else ""
    return Failure("garbage", f"gave no answer of Vault's: {wrong}", outcome.address, sent=True) if wrong else outcome
