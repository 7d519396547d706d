"""A password in AWS Secrets Manager that rotates while the program runs. Needs `toriconfig[aws]` and `moto[server]`.

$ python examples/aws_secrets.py
connected to postgresql://app:*****@db, 5 characters of password
password: rotated
connected to postgresql://app:*****@db, 12 characters of password
the password before had 5 characters

Moto's server on the loopback stands in for AWS. In a program of yours only the settings class and `lazy` are left: region
and credentials are those of boto3, such as AWS_REGION and the role of the machine.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel

from toriconfig import Change, Secret, lazy, on_change, refresh


class Database(BaseModel):
    """Settings of the program; in `app.yaml` they would be the same references."""

    user: Secret[str]
    password: Secret[str]
    before: Secret[str]


REFERENCES = {
    "user": "${aws:prod/db#user}",
    "password": "${aws:prod/db#password}",
    "before": "${aws:prod/db?stage=AWSPREVIOUS#password}",
}
connected = threading.Event()
settings = lazy(Database, overrides=REFERENCES)


def store(password: str) -> None:
    """Store a new version of the secret, as a rotation in AWS does."""
    import boto3

    client = boto3.client("secretsmanager")
    value = json.dumps({"user": "app", "password": password})
    try:
        client.put_secret_value(SecretId="prod/db", SecretString=value)
    except client.exceptions.ResourceNotFoundException:
        client.create_secret(Name="prod/db", SecretString=value)


def connect() -> None:
    """Connect to the database; here a line says so."""
    length = len(settings.password.get())
    print(f"connected to postgresql://{settings.user.get()}:*****@db, {length} characters of password")


def reconnect(change: Change) -> None:
    """Log in again with the new password."""
    print(f"{change.path}: {change.kind}")
    connect()
    connected.set()


@contextmanager
def moto() -> Iterator[dict[str, str]]:
    """Moto's server; the variables with which boto3 asks it."""
    command = [sys.executable, "-m", "moto.server", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stderr)))
            yield {
                "AWS_ENDPOINT_URL": address[0],
                "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "example",
                "AWS_SECRET_ACCESS_KEY": "example",
            }
        finally:
            server.kill()


def main() -> None:
    """Read, rotate, and read again."""
    with moto() as environ:
        os.environ.update(environ)
        store("first")
        connect()
        subscription = on_change(settings, "password", reconnect)
        store("second-value")
        refresh(settings)  # at once; else the next poll finds the new version
        connected.wait(10)
        subscription.cancel()
        print(f"the password before had {len(settings.before.get())} characters")


if __name__ == "__main__":
    main()
