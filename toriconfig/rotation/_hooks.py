"""Delivery of results to programs and webhooks by threads, so that a slow receiver does not delay a rotation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

from toriconfig._core.clean_call import clean_init
from toriconfig._core.printable import clean_json
from toriconfig.errors import SecretError
from toriconfig.pipeline._threads import start
from toriconfig.rotation._run_with_timeout import answered, run_with_timeout
from toriconfig.rotation._sealed import Sealed
from toriconfig.rotation._verifier import Command

_PREFIX = "whsec_"
_LARGEST_ANSWER = 1 << 16


class Hook(Protocol):
    """Receiver of the events of rotations, such as a program or a URL. Messages show the attribute `name`."""

    @property
    def name(self) -> str: ...

    def deliver(self, number: str, body: str, seconds: float) -> str:
        """Deliver one event.

        Args:
            number: id of the event.
            body: the event as JSON.
            seconds: time limit.

        Returns:
            The reason why the event was not delivered, or "".
        """
        ...


class CommandHook:
    """Program that receives each event on standard input.

    The program is started without the environment variables that may contain credentials for Vault.

    Args:
        arguments: program and arguments.

    Raises:
        ValueError: there is no program.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        if not arguments:
            raise ValueError("a hook needs a program")
        self._command = Command(arguments)
        self.name = f"hook {self._command.arguments[0]}"

    def deliver(self, number: str, body: str, seconds: float) -> str:
        """Run the program, and return the reason for a failure; "" for exit code 0."""
        return self._command.run(body, seconds, what="the program")


@clean_init
class Webhook:
    """URL that receives each event by POST, signed as the specification Standard Webhooks defines it.

    The header `webhook-signature` is `v1,` and the base64 HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}`.

    Args:
        url: `https://` or `http://`, without credentials. Redirects are not followed, and no proxy is used.
        key: key of the signature, at least 16 bytes: text, or base64 after `whsec_`.

    Raises:
        ValueError: the URL or the key is invalid; the message shows neither.
    """

    def __init__(self, url: str, key: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("the URL of a webhook is invalid") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or not url.isprintable():
            raise ValueError("the URL of a webhook begins with https:// or http://, and names a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the URL of a webhook holds credentials, which every process of the machine can see")
        # A path may be a secret, for example that of a chat service.
        self.name = f"webhook of {parts.hostname}"
        self._connection = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        # Without a port, http.client parses the end of an IPv6 address as one.
        self._host, self._port = parts.hostname, self._connection.default_port if port is None else port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._key = Sealed({"key": _bytes_of(key)})

    def deliver(self, number: str, body: str, seconds: float) -> str:
        """Send the event, and return the reason for a failure; "" for a status of 2xx."""
        said: list[str] = []
        error = run_with_timeout(
            seconds, lambda: said.append(self._post(number, body.encode(), seconds)), "the request"
        )
        return said[0] if said else error.message if error is not None else ""

    def _post(self, number: str, body: bytes, seconds: float) -> str:
        connection = self._connection(self._host, self._port, timeout=seconds)
        try:
            connection.request("POST", self._target, body, self._headers(number, body))
            answer = connection.getresponse()
            answer.read(_LARGEST_ANSWER)
        except TimeoutError:
            return f"no answer within {seconds:g} s"
        except (OSError, HTTPException) as error:
            return f"no answer: {getattr(error, 'strerror', None) or type(error).__name__}"
        finally:
            connection.close()
        return "" if 200 <= answer.status < 300 else f"the answer was {answer.status}"

    def _headers(self, number: str, body: bytes) -> dict[str, str]:
        at = str(int(time.time()))
        signed = f"{number}.{at}.".encode() + body
        signature = hmac.new(self._key.open()["key"], signed, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "User-Agent": "toriconfig",
            "webhook-id": number,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }


def _bytes_of(key: str) -> bytes:
    try:
        found = base64.b64decode(key.removeprefix(_PREFIX), validate=True) if key.startswith(_PREFIX) else key.encode()
    except ValueError:
        raise ValueError("the key of a webhook is not base64 after whsec_") from None
    if len(found) < 16:
        raise ValueError("the key of a webhook is shorter than 16 bytes")
    return found


class Deliveries:
    """Queues of events for hooks. Each hook has a thread, which delivers its events one after the other.

    Args:
        hooks: the receivers.
        seconds: time limit for one delivery.
    """

    def __init__(self, hooks: Sequence[Hook], seconds: float) -> None:
        self._lanes = [_Lane(hook, seconds) for hook in hooks]

    def send(self, number: str, event: Mapping[str, Any]) -> None:
        """Add an event to the queue of every hook, without waiting for the delivery.

        Args:
            number: id of the event.
            event: data of the event, without a secret.
        """
        body = clean_json(json.dumps(event))
        for lane in self._lanes:
            lane.events.put((number, body))

    def close(self) -> list[str]:
        """Wait until all queues are empty. If a delivery reaches the time limit, drop the later events of that hook.

        Returns:
            One warning for each hook that missed an event; [] if no hook did.
        """
        for lane in self._lanes:
            lane.closing.set()
            lane.events.put(None)
        for lane in self._lanes:
            lane.done.wait()
        return [lane.warning for lane in self._lanes if lane.missed]


class _Lane:
    def __init__(self, hook: Hook, seconds: float) -> None:
        self.hook, self._seconds = hook, seconds
        self.events: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self.closing = threading.Event()
        self.count = self.missed = 0
        self.reason = ""
        self.done = threading.Event()
        start(self._run, "toriconfig-hook")

    @property
    def warning(self) -> str:
        return f"{self.hook.name}: {self.missed} of {self.count} events were not delivered: {self.reason}"

    def _run(self) -> None:
        try:
            self._deliver_all()
        finally:
            self.done.set()

    def _deliver_all(self) -> None:
        given_up = False
        while (event := self.events.get()) is not None:
            self.count += 1
            if given_up and self.closing.is_set():
                self.missed += 1
                continue
            began = time.monotonic()
            reason = self._deliver(*event)
            given_up = bool(reason) and time.monotonic() - began >= self._seconds
            self.missed += bool(reason)
            self.reason = self.reason or reason

    def _deliver(self, number: str, body: str) -> str:
        try:
            return answered(lambda: self.hook.deliver(number, body, self._seconds), "the delivery")
        except SecretError as error:
            return error.message
