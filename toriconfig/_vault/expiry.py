"""Expiry of issued data without a lease of Vault: certificates, identity tokens, one-time codes."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._vault.http.envelope import parsed_json, seconds, timestamp
from toriconfig._vault.lease import Lease
from toriconfig._vault.result import ReadResult

if TYPE_CHECKING:
    from toriconfig._core.clock import Clock
    from toriconfig._vault.http.response import Answer

IDENTITY = "identity/oidc/token/"
_OF_A_CODE = frozenset({"code", "expire_time", "generated", "period", "ttl"})
_OF_A_TOKEN = ("exp", "iat", "nbf", "jti", "auth_time")
"""Claims in which two tokens of one identity differ."""

_KEY_FIELDS = {
    "ssh-rsa": 2,
    "ssh-dss": 4,
    "ssh-ed25519": 1,
    "sk-ssh-ed25519": 2,
    "sk-ecdsa-sha2-nistp256": 3,
}
"""Number of fields of the public key, by the kind of an SSH certificate; two for other kinds."""


def is_code(path: str, data: Mapping[str, Any]) -> bool:
    """True if `path` and the keys of `data` are those of a one-time code of a TOTP engine."""
    code = isinstance(data.get("code"), str) and _OF_A_CODE.issuperset(data)
    return code and path.split("/")[1:][-2:-1] == ["code"]


def one_time_code(data: dict[str, Any], asked: float) -> ReadResult:
    """Return a one-time code with its expiry. Only a read requests a new code; none is requested in the background.

    Args:
        data: `data` of the answer. If no expiry is in `data`, every read requests a new code.
        asked: monotonic seconds just before the request.
    """
    life = seconds(data.get("ttl"))
    ends, made = seconds(data.get("expire_time")), seconds(data.get("generated"))
    if life is None and ends is not None and made is not None:
        life = ends - made - 1.0  # both are rounded to seconds
    lasts = max(0.0, life or 0.0)
    unchanging = dict.fromkeys(data)
    return ReadResult(data, None, Lease("", False, asked, lasts, lasts, on_demand=True), None, comparable=unchanging)


def identity_token(data: dict[str, Any], answer: Answer, clock: Clock, asked: float) -> ReadResult:
    """Return a signed identity token with its expiry, from the claim `exp` or, without this claim, from `ttl`.

    If there is neither `exp` nor `ttl`, the result has no lease. Two tokens that differ only in their times and ids
    count as the same value.
    """
    claims = _claims(data.get("token"))
    ends = seconds(claims.get("exp"))
    left = _until(ends, answer, clock) if ends is not None else seconds(data.get("ttl"))
    if not left:
        return ReadResult(data, None, None, answer.token)
    lasting = json.dumps({name: value for name, value in claims.items() if name not in _OF_A_TOKEN}, sort_keys=True)
    comparable = {**data, "token": lasting, "ttl": None} if claims else None
    return ReadResult(data, None, Lease("", False, asked, left, left), None, comparable=comparable)


def certificate(data: dict[str, Any], answer: Answer, clock: Clock, asked: float) -> ReadResult:
    """Return a certificate with its expiry. A certificate of unknown expiry is treated as valid without a limit.

    Args:
        data: `data` of the answer.
        answer: the answer; its `Date` is the present time.
        clock: the clock for an answer without a `Date`.
        asked: monotonic seconds just before the request.
    """
    ends = seconds(data.get("expiration"))
    if ends is None:
        ends = _ssh_end(data.get("signed_key"))
    left = _until(ends, answer, clock) if ends is not None else 0.0
    return ReadResult(data, None, Lease("", False, asked, left, left), None)


def _until(ends: float, answer: Answer, clock: Clock) -> float:
    """Return the number of seconds from now until `ends`, at least 1. `ends` is in seconds since 1970.

    The present time is the `Date` of the answer; without a `Date`, the time of `clock`.
    """
    now = timestamp(answer.headers.get("date"))
    if now is None:
        now = clock.time()
    return max(1.0, ends - now)


def _claims(token: object) -> dict[str, Any]:
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        claims = parsed_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _ssh_end(certificate: object) -> float | None:
    """Return the end of an OpenSSH certificate in seconds since 1970; None if there is no certificate or no end.

    The end is the last of these fields (PROTOCOL.certkeys of OpenSSH): type, nonce, public key, serial, kind, key id,
    principals, valid after, valid before.
    """
    words = certificate.split() if isinstance(certificate, str) else []
    if len(words) < 2:
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
        name = words[0].partition("-cert-v01@")[0]
        at = _skip(blob, 0, range(2 + _KEY_FIELDS.get(name, 2)))
        at = _skip(blob, at + 8 + 4, range(2)) + 8
    except (binascii.Error, ValueError):
        return None
    return seconds(int.from_bytes(blob[at : at + 8], "big")) if at + 8 <= len(blob) else None


def _skip(blob: bytes, at: int, fields: Iterable[int]) -> int:
    for _ in fields:
        if at + 4 > len(blob):
            raise ValueError("too short")
        at += 4 + int.from_bytes(blob[at : at + 4], "big")
    return at
