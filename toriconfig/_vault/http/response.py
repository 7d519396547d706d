"""Outcome of one request: an answer of Vault, or a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from toriconfig._core.printable import clean

if TYPE_CHECKING:
    from toriconfig._vault.token import LiveToken


class Answer:
    """Answer of Vault.

    Attributes:
        status: HTTP status.
        body: the JSON object of the answer; `{}`: no JSON object.
        headers: header values by lower-case name.
        address: the address that answered.
        token: the client's token that was sent, or None. A lease in the answer ends when this token ends.
    """

    __slots__ = ("address", "body", "headers", "status", "token")

    def __init__(self, status: int, body: dict[str, Any], headers: Mapping[str, str], address: str) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.address = address
        self.token: LiveToken | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The member `data` of the body; `{}` if there is none."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def request_id(self) -> str:
        """Vault's id of the request, as in its audit log; "" if there is none."""
        return clean(str(self.body.get("request_id") or "")[:100])

    @property
    def text(self) -> str:
        """The errors and warnings of the body, in one line of at most 300 characters; "" if there are none."""
        errors = self.body.get("errors")
        lines = [str(one) for one in errors] if isinstance(errors, list) else []
        warnings = self.body.get("warnings")
        lines += [str(one) for one in warnings] if isinstance(warnings, list) else []
        return clean(" ".join(" ".join(lines).split())[:300])

    def __repr__(self) -> str:
        return f"Answer({self.status}, request_id={self.request_id!r})"


class Failure:
    """Description of a request that got no answer of Vault. Contains no body, because a body may hold a secret.

    Attributes:
        kind: "refused": Vault has not received the request. "timeout": no answer in time. "broken": the connection
            ended early. "tls": TLS failed. "setup": a TLS option or file cannot be used. "garbage": the answer is not
            in Vault's format, or is too long.
        text: description of the failure. It follows "Vault at ..." in messages.
        address: address of Vault.
        sent: True if bytes of the request may have reached Vault.
        help: the remedy; "": the general remedy.
        status: always None. The class `Answer` (an answer of Vault) has an HTTP status here, so callers can compare
            `status` with 403, for example, without a check of the class.
    """

    __slots__ = ("address", "help", "kind", "sent", "text")

    status: None = None

    def __init__(
        self,
        kind: Literal["refused", "timeout", "broken", "tls", "setup", "garbage"],
        text: str,
        address: str,
        sent: bool,
        help: str = "",
    ) -> None:
        self.help = help
        self.kind = kind
        self.text = text
        self.address = address
        self.sent = sent
