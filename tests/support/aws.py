"""Moto's server on the loopback, in a process of its own, as AWS Secrets Manager."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from support.loopback import Loopback

REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret-key"}


class Moto:
    """One server.

    Attributes:
        address: `http://127.0.0.1:PORT`.
        client: a client of Secrets Manager that may do anything.
    """

    def __init__(self, address: str, region: str = REGION) -> None:
        self.address = address
        self.client = self.of("secretsmanager", region)

    def of(self, service: str, region: str = REGION) -> Any:
        import boto3

        keys = {name.lower(): value for name, value in KEYS.items()}
        return boto3.client(service, region_name=region, endpoint_url=self.address, **keys)

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which a program uses this server."""
        return {
            **KEYS,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.address,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def put(self, name: str, value: Any, **more: Any) -> str:
        """Store text, bytes, or a mapping as JSON; returns the version id."""
        kind = "SecretBinary" if isinstance(value, bytes) else "SecretString"
        given = {kind: value if isinstance(value, (str, bytes)) else json.dumps(value)}
        with _quiet():
            known = {one["Name"] for one in self.client.list_secrets(MaxResults=100)["SecretList"]}
            if name in known:
                answer = self.client.put_secret_value(SecretId=name, **given)
            else:
                answer = self.client.create_secret(Name=name, **given, **more)
        return str(answer["VersionId"])

    def command(self, path: str, body: str = "") -> str:
        """A command of moto itself."""
        plain = {"Content-Type": "text/plain"}
        asked = Request(f"{self.address}/moto-api/{path}", body.encode(), plain, method="POST")
        with urlopen(asked, timeout=30) as answer:
            return str(answer.read().decode())

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Check credentials and policies inside, as AWS does."""
        self.command("reset-auth", "0")
        try:
            yield
        finally:
            self.command("reset-auth", "inf")


@contextmanager
def _quiet() -> Iterator[None]:
    """Have botocore log no bodies of the tests' own requests, at any level."""
    named = [name for name in list(logging.root.manager.loggerDict) if name.startswith("botocore.")]
    loggers = [logging.getLogger(name) for name in named]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger in loggers:
            logger.disabled = False


@contextmanager
def moto_server() -> Iterator[Moto]:
    """A server, ended by its process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        text=True,
    )
    assert process.stderr is not None
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    try:
        found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stderr)), None)
        assert found is not None, "moto did not come up"
        drain.start()
        yield Moto(found[0])
    finally:
        process.kill()
        process.wait(30)
        if drain.is_alive():
            drain.join(30)
        process.stderr.close()


def answering(status: int, body: bytes, **headers: str) -> Loopback:
    """A server that gives each request this answer."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def serve(connection: socket.socket) -> None:
        connection.settimeout(30)
        head = connection.recv(65536)
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        start = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
        connection.sendall(start.encode() + body)

    return Loopback(serve)


def without_aws(folder: Path) -> dict[str, str]:
    """Variables of a machine without a configuration of AWS."""
    return {
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
