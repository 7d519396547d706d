"""AWS Secrets Manager: refused requests, missing secrets, unreachable servers, and machines without a configuration of AWS."""

from __future__ import annotations

import json
import logging
import os
import pickle
import socket
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import toriconfig
from support.aws import Moto, answering
from support.loopback import Loopback
from toriconfig import Secret, health, lazy, load
from toriconfig.backends.aws import SecretsManager
from toriconfig.errors import (
    MissingCredentialError,
    SecretDenied,
    SecretError,
    SecretNotFound,
    SecretUnreachable,
)
from toriconfig.testing import Canary


class App(BaseModel):
    token: Secret[str]
    other: Secret[str] | None = None


def app(token: str = "${aws:prod/db#password}", **options: Any) -> App:
    return load(App, overrides={"token": token}, **options)


# Answers of Secrets Manager


def test_a_missing_secret_is_not_found(moto: Moto) -> None:
    with pytest.raises(SecretNotFound, match=r"token: aws does not hold prod/db \(store it there, or correct"):
        app().token.get()


def test_a_missing_version_is_named(moto: Moto) -> None:
    moto.put("prod/db", "text")
    missing = "0" * 36
    with pytest.raises(SecretNotFound, match=rf"prod/db has no version {missing} \(correct the version"):
        app(f"${{aws:prod/db?version={missing}}}").token.get()


def test_a_missing_stage_is_named(moto: Moto) -> None:
    moto.put("prod/db", {"password": "x"})
    with pytest.raises(SecretNotFound, match=r"prod/db has no version with stage NOPE \(correct the version"):
        app("${aws:prod/db?stage=NOPE#password}").token.get()


def test_a_stage_of_a_missing_secret_is_not_found(moto: Moto) -> None:
    with pytest.raises(SecretNotFound, match=r"token: aws does not hold prod/db \(store it there, or correct"):
        app("${aws:prod/db?stage=NOPE#password}").token.get()


def test_a_secret_that_is_marked_for_deletion_is_not_found_and_can_be_restored(moto: Moto) -> None:
    moto.put("prod/db", {"password": "x"})
    moto.client.delete_secret(SecretId="prod/db")
    with pytest.raises(SecretNotFound, match=r"prod/db is marked for deletion \(restore it"):
        app().token.get()
    moto.client.restore_secret(SecretId="prod/db")
    toriconfig.shutdown()
    assert app(backends=[SecretsManager()]).token.get() == "x"


def test_credentials_that_do_not_exist_in_aws_are_denied(moto: Moto) -> None:
    moto.put("prod/db", {"password": "x"})
    with moto.checked(), pytest.raises(SecretDenied, match="aws does not accept the credentials of this program"):
        app().token.get()


def test_a_user_without_the_right_is_denied_and_named(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.put("prod/db", {"password": "x"})
    moto.of("iam").create_user(UserName="app")
    key = moto.of("iam").create_access_key(UserName="app")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with moto.checked(), pytest.raises(SecretDenied) as caught:
        app().token.get()
    assert caught.value.message == (
        "aws refuses prod/db: arn:aws:iam::123456789012:user/app may not use secretsmanager:GetSecretValue"
    )
    assert "toriconfig policy --backend aws" in caught.value.help


@pytest.mark.parametrize(
    ("status", "code", "kind", "message"),
    [
        (400, "AccessDeniedException", SecretDenied, "aws refuses prod/db"),
        (400, "DecryptionFailure", SecretDenied, "its KMS key"),
        (400, "ExpiredTokenException", SecretDenied, "sign in again"),
        (400, "UnrecognizedClientException", SecretDenied, "does not accept the credentials"),
        (400, "InvalidSignatureException", SecretDenied, "set the clock"),
        (403, "SomethingNew", SecretDenied, "does not accept the credentials of this program: SomethingNew"),
        (400, "ResourceNotFoundException", SecretNotFound, "does not hold prod/db"),
        (400, "InvalidParameterException", SecretError, "refused the request for prod/db: InvalidParameterException"),
        (400, "ThrottlingException", SecretUnreachable, "did not answer for prod/db: ThrottlingException, status 400"),
        (500, "InternalServiceError", SecretUnreachable, "did not answer for prod/db"),
        (503, "x y\n", SecretUnreachable, "did not answer for prod/db: an unknown error, status 503"),
    ],
)
def test_an_answer_becomes_an_error_with_a_remedy_and_without_its_text(
    status: int, code: str, kind: type[SecretError], message: str, moto: Moto, canary: Canary, monkeypatch: Any
) -> None:
    body = json.dumps({"__type": code, "message": f"the request was signed with {canary.secret}"}).encode()
    server = answering(status, body)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    try:
        with pytest.raises(kind) as caught:
            app().token.get()
    finally:
        server.close()
    assert message in str(caught.value)
    assert (type(caught.value), caught.value.path, caught.value.reference, caught.value.__cause__) == (
        kind,
        "token",
        "aws:prod/db",
        None,
    )
    canary.absent_from(caught.value, pickle.dumps(caught.value))


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"{}", b'{"SecretString": 7}', b"[]", b"null", b""])
def test_a_server_that_is_not_secrets_manager_is_unreachable(
    body: bytes, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = answering(200, body)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    try:
        with pytest.raises(SecretUnreachable, match="AWS_ENDPOINT_URL"):
            app().token.get()
    finally:
        server.close()


# Network


def silent_server() -> Loopback:
    """A server that accepts connections, and answers nothing until it is closed."""

    def serve(connection: socket.socket) -> None:
        connection.settimeout(60)
        while connection.recv(65536):  # until the client gives up
            pass

    return Loopback(serve)


def test_a_port_without_a_listener_is_unreachable(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Loopback(lambda connection: None)
    server.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    with pytest.raises(SecretUnreachable, match="aws cannot be reached for prod/db: EndpointConnectionError"):
        app(backends=[SecretsManager(timeout=20.0)]).token.get()


def test_a_server_that_hangs_ends_at_the_deadline_of_the_reader(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = silent_server()
    backend = SecretsManager(endpoint=hanging.address, timeout=0.2)
    backend._client.get(60.0)
    try:
        with pytest.raises(SecretUnreachable, match=r"aws did not return prod/db within 0\.2 s"):
            app(backends=[backend]).token.get()
    finally:
        hanging.close()


def test_the_thread_of_a_fetch_that_hangs_ends_by_itself(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = silent_server()
    monkeypatch.setenv("AWS_ENDPOINT_URL", hanging.address)
    backend = SecretsManager(timeout=0.2)
    try:
        with pytest.raises(SecretUnreachable, match="ReadTimeoutError"):
            backend.fetch("prod/db", 0.2)
        assert hanging.connections == 2  # a try and one more
    finally:
        hanging.close()


def test_credentials_that_are_fetched_from_a_server_have_the_deadline_too(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hanging = silent_server()
    (tmp_path / "identity").write_text("a.b.c")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "identity"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/app")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", hanging.address)
    try:
        with pytest.raises(SecretUnreachable, match="ReadTimeoutError"):
            SecretsManager(timeout=0.2).fetch("prod/db", 0.2)
    finally:
        hanging.close()


def test_a_client_that_is_never_created_blocks_no_other_thread_beyond_its_deadline(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, go, begun = SecretsManager(), threading.Event(), threading.Event()

    def make() -> Any:
        begun.set()
        go.wait(60)
        raise OSError

    monkeypatch.setattr(backend._client, "_make", make)

    def fetch() -> None:
        with suppress(SecretError):
            backend.fetch("a", 60.0)

    waited: list[float | None] = []
    result = Future.result

    def waiting(future: Future[Any], timeout: float | None = None) -> Any:
        waited.append(timeout)
        return result(future, 0.01)

    monkeypatch.setattr(Future, "result", waiting)
    first = threading.Thread(target=fetch)
    first.start()
    begun.wait(30)
    with pytest.raises(SecretUnreachable, match="TimeoutError"):
        backend.fetch("a", 7.0)
    assert waited == [7.0]
    monkeypatch.undo()
    go.set()
    first.join(30)


def test_a_value_is_kept_while_aws_is_away_with_one_warning(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    moto.put("prod/db", {"password": "kept"})
    backend = SecretsManager()
    settings = lazy(App, overrides={"token": "${aws:prod/db#password}"}, backends=[backend])
    assert settings.token.get() == "kept"
    backend._clients[""] = SecretsManager(endpoint="http://127.0.0.1:9", timeout=1.0)._client
    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            toriconfig.refresh(settings)
    assert (settings.token.get(), health(settings).secrets["token"].state) == ("kept", "stale")
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len([text for text in warnings if "what was fetched before is used" in text]) == 1


# Nothing of AWS is set up


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


def test_without_the_extra_each_secret_is_one_warning_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    overrides = {"token": "${aws:prod/db#password}"}
    settings = lazy(App, overrides=overrides, env_prefix="APP_", environ={})
    with pytest.raises(MissingCredentialError) as caught:
        settings.token.get()
    assert str(caught.value) == (
        "token: boto3 is not installed: pip install 'toriconfig[aws]'; looked in: aws:prod/db#password, variables APP_* "
        "(pip install 'toriconfig[aws]', or set APP_TOKEN)"
    )
    toriconfig.reload(settings)
    (warning,) = warned(caplog)
    assert warning.startswith("App: `token`: boto3 is not installed: pip install 'toriconfig[aws]'; looked in: ")
    assert "\n" not in warning


def test_without_the_extra_a_lower_layer_is_used_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    options: Any = {"env_prefix": "APP_", "environ": {"APP_TOKEN": "from the variable"}}
    assert app(**options).token.get() == app(**options).token.get() == "from the variable"
    (warning,) = warned(caplog)
    assert warning.endswith(
        "boto3 is not installed (pip install 'toriconfig[aws]'), so `token` comes from APP_TOKEN instead of "
        "aws:prod/db#password"
    )


def test_without_a_region_no_request_is_sent_and_each_secret_is_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = load(App, overrides={"token": "${aws:a}", "other": "${aws:b}"})
    with pytest.raises(
        MissingCredentialError, match=r"^token: AWS is not configured: set AWS_REGION; looked in: aws:a"
    ):
        settings.token.get()
    assert settings.other is None
    assert len(warned(caplog)) == 1


def test_without_credentials_an_error_is_raised_or_the_lower_layer_is_used_with_one_warning(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(MissingCredentialError, match=r"token: no AWS credentials were found \(set AWS_PROFILE"):
        app().token.get()
    settings = app(env_prefix="APP_", environ={"APP_TOKEN": "from the variable"})
    for _ in range(3):
        assert settings.token.get() == "from the variable"
    assert [text for text in warned(caplog) if "APP_TOKEN" in text] == [
        "App: `token` comes from APP_TOKEN instead of aws:prod/db#password: no AWS credentials were found"
    ]


def test_a_profile_that_does_not_exist_is_named_as_a_missing_credential(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(MissingCredentialError, match="the AWS profile does not exist"):
        app().token.get()


def test_a_config_file_that_cannot_be_parsed_is_an_error_with_the_file_to_correct(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("region = nowhere\n[default\n")
    with pytest.raises(SecretError, match=r"the configuration of AWS cannot be read: ConfigParseError \(correct"):
        app().token.get()


def test_aws_region_counts_as_the_region(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    moto.put("prod/db", {"password": "x"})
    assert app().token.get() == "x"


def test_a_failed_client_is_created_again_when_the_credentials_exist(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto.put("prod/db", "x")
    backend = SecretsManager()
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(MissingCredentialError):
        backend.fetch("prod/db", 5.0)
    monkeypatch.delenv("AWS_PROFILE")
    assert backend.fetch("prod/db", 5.0).value == "x"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"])
def test_an_env_file_does_not_choose_the_host_of_requests(name: str, moto: Moto, tmp_path: Path) -> None:
    moto.put("prod/db", {"password": "x"})
    elsewhere = answering(200, b"{}")
    (tmp_path / ".env").write_text(f"{name}={elsewhere.address}\nAWS_DEFAULT_REGION=us-east-1\n")
    try:
        assert app(env_file=tmp_path / ".env", env_prefix="APP_").token.get() == "x"
        assert elsewhere.connections == 0
    finally:
        elsewhere.close()


# Logs


def test_botocore_logs_no_body_of_a_fetch_and_still_logs_for_the_program(
    moto: Moto, canary: Canary, caplog: pytest.LogCaptureFixture
) -> None:
    moto.put("prod/db", {"password": canary.secret})
    caplog.set_level(logging.DEBUG)
    assert app().token.get() == canary.secret
    assert canary.secret not in caplog.text
    assert "Response body" not in caplog.text
    caplog.clear()
    moto.client.list_secrets()
    assert "Response body" in caplog.text
