"""Attempts to use a power through AWS Secrets Manager, or through the variables and files of boto3."""

from __future__ import annotations

import json
from pathlib import Path

from support.aws import KEYS, REGION, answering
from support.powers import App, At, Attempt
from toriconfig import load
from toriconfig.backends.aws import SecretsManager

VALUE = json.dumps({"SecretString": "stored"}).encode()


def aws_says(text: str, **headers: str) -> Attempt:
    """A value of Secrets Manager, or an answer with these headers, is more than a value."""

    def attempt(at: At) -> bool:
        _alone(at)
        _set(at, **KEYS)
        Path("beside").write_text("what the file holds")
        elsewhere = answering(200, VALUE)
        named = {name: elsewhere.address if value == "elsewhere" else value for name, value in headers.items()}
        server = answering(307 if headers else 200, json.dumps({"SecretString": text}).encode(), **named)
        try:
            backend = SecretsManager(region=REGION, endpoint=server.address)
            key = load(App, overrides={"key": "${aws:app}"}, environ={}, backends=[backend]).key
            value = key.get(text) if key is not None else ""
            return value != text or Path("ran").exists() or elsewhere.connections > 0
        finally:
            server.close()
            elsewhere.close()

    return attempt


def aws_variable(name: str, value: str) -> Attempt:
    """A variable of boto3, in the environment or in `.env`, has a host contacted or code run."""

    def attempt(at: At) -> bool:
        _alone(at)
        server = answering(200, VALUE)
        variables = {"AWS_DEFAULT_REGION": REGION, name: value.replace("elsewhere", server.address)}
        if name != "AWS_CONFIG_FILE":
            variables |= KEYS
        Path("config").write_text("[default]\ncredential_process = touch ran\n")
        if at.channel == "environment":
            _set(at, **variables)
        else:
            _set(at, AWS_DEFAULT_REGION=REGION)
            at.monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            Path(".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        try:
            key = load(App, overrides={"key": "${aws:app}"}, environ={}, backends=[SecretsManager(timeout=60.0)]).key
            return (key is not None and key.get("") == "stored") or Path("ran").exists() or server.connections > 0
        finally:
            server.close()

    return attempt


def aws_home() -> Attempt:
    """A folder `.aws` in the working directory runs code."""

    def attempt(at: At) -> bool:
        _alone(at)
        _set(at, AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL="http://127.0.0.1:9")
        Path(".aws").mkdir()
        Path(".aws", "config").write_text("[default]\ncredential_process = touch ran\n")
        key = load(App, overrides={"key": "${aws:app}"}, environ={}, backends=[SecretsManager()]).key
        assert key is None or key.get("") == ""
        return Path("ran").exists()

    return attempt


def _alone(at: At) -> None:
    """A home without files of AWS; nothing of the environment of the tests."""
    Path("home").mkdir()
    at.monkeypatch.setenv("HOME", str(Path("home").resolve()))
    for name in (
        "PROFILE",
        "REGION",
        "DEFAULT_REGION",
        "ENDPOINT_URL",
        "CONFIG_FILE",
        "SHARED_CREDENTIALS_FILE",
        *KEYS,
    ):
        at.monkeypatch.delenv(name if name in KEYS else f"AWS_{name}", raising=False)
    at.monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _set(at: At, **variables: str) -> None:
    for name, value in variables.items():
        at.monkeypatch.setenv(name, value)
