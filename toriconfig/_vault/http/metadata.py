"""Requests to the metadata service of a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from toriconfig._core.printable import clean
from toriconfig._runtime.deadline import SLICE, Deadline
from toriconfig.errors import SecretError, VaultDenied

LARGEST = 1 << 20
"""Bytes of the largest answer that is read."""

CONNECT = 1.0
"""Maximum number of seconds for a connection. Metadata services are on the host or one hop away."""


def fetch(url: str, what: str, method: str, headers: Mapping[str, str], deadline: Deadline) -> str | SecretError:
    """Send a request to a metadata service. Return the text of the answer, or an error.

    No proxy is used, and no redirect is followed.

    Args:
        what: name of the content, for messages.
        method: GET or PUT.
    """
    host = clean(urlsplit(url).netloc.rpartition("@")[2])

    def failed(why: str, help: str) -> SecretError:
        return VaultDenied(f"{what} for Vault cannot be read from the service at {host}: {why}", help=help)

    left = deadline.remaining() - SLICE
    late = failed("it did not answer in time", "look at the address, or raise `vault.timeout`")
    if left <= 0:
        return late
    with urllib3.PoolManager(num_pools=1) as pool:
        try:
            response = pool.request(
                method,
                url,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=Timeout(connect=min(CONNECT, left), read=left),
                preload_content=False,
                decode_content=False,
            )
            raw = b""
            while chunk := response.read1(LARGEST):
                raw += chunk
                if deadline.remaining() <= SLICE:
                    return late
                if len(raw) > LARGEST:
                    return failed(f"it answered with more than {LARGEST >> 20} MiB", "look at the address")
            status = response.status
        except (HTTPError, OSError, ValueError) as error:
            kind = type(error).__name__
            return failed(f"it cannot be reached ({kind})", "run the program where the service is, or pass credentials")
    if status != 200:
        return failed(f"it answered {status}", "look at the role or identity that the cloud gives to this machine")
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        return failed("its answer is not UTF-8 text", "look at the address")
    return text or failed("its answer is empty", "look at the role or identity that the cloud gives to this machine")
