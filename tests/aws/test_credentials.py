"""Ways to credentials of boto3: profiles, roles, sign-in, processes, the machine; each with a deadline and a remedy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import boto3
import pytest
from pydantic import BaseModel

from support.aws import KEYS, REGION, Moto
from support.loopback import Loopback
from toriconfig import Secret, load
from toriconfig.backends.aws import SecretsManager
from toriconfig.errors import MissingCredentialError, SecretDenied, SecretError, SecretUnreachable
from toriconfig.testing import Canary


class App(BaseModel):
    token: Secret[str]


def app(backend: SecretsManager) -> App:
    return load(App, overrides={"token": "${aws:prod/db#password}"}, backends=[backend])


def configure(text: str) -> None:
    """The file of the AWS tools in the home directory of the test."""
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text)


@pytest.fixture(name="anonymous")
def _anonymous(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    """The server without credentials in the environment."""
    for name in KEYS:
        monkeypatch.delenv(name)
    moto.put("prod/db", {"password": "x"})
    return moto


def test_a_profile_of_the_constructor_has_its_own_region_and_keys(
    anonymous: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    configure(f"[profile app]\nregion = {REGION}\naws_access_key_id = a\naws_secret_access_key = b\n")
    assert app(SecretsManager(profile="app")).token.get() == "x"
    with pytest.raises(MissingCredentialError, match="AWS is not configured"):
        app(SecretsManager()).token.get()


def test_a_session_of_boto3_logs_in_for_the_backend(anonymous: Moto) -> None:
    session = boto3.Session("a", "b", region_name=REGION)
    assert app(SecretsManager(session=session)).token.get() == "x"


def test_a_process_gives_the_credentials(anonymous: Moto) -> None:
    given = '{\\"Version\\": 1, \\"AccessKeyId\\": \\"a\\", \\"SecretAccessKey\\": \\"b\\"}'
    configure(f'[default]\ncredential_process = echo "{given}"\n')
    assert app(SecretsManager()).token.get() == "x"


def test_a_process_that_fails_is_an_error_that_repeats_nothing_of_its_output(anonymous: Moto, canary: Canary) -> None:
    script = Path(os.environ["HOME"]) / "fails.py"
    script.write_text(f"import sys; print({canary.secret!r}); print({canary.secret!r}, file=sys.stderr); sys.exit(3)\n")
    configure(f"[default]\ncredential_process = {sys.executable} {script}\n")
    with pytest.raises(SecretUnreachable, match="the AWS credentials could not be fetched") as caught:
        app(SecretsManager()).token.get()
    canary.absent_from(caught.value)


def test_a_process_that_hangs_ends_at_the_deadline_of_the_reader(anonymous: Moto) -> None:
    configure(f"[default]\ncredential_process = {sys.executable} -c 'import time; time.sleep(3)'\n")
    with pytest.raises(SecretUnreachable, match=r"aws did not return prod/db within 1 s"):
        app(SecretsManager(timeout=1.0)).token.get()


def test_a_metadata_service_that_hangs_is_given_up(anonymous: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(connection: object) -> None:
        server.closing.wait(60)

    server = Loopback(serve)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.address)
    try:
        with pytest.raises(MissingCredentialError, match="no AWS credentials were found"):
            app(SecretsManager(timeout=60.0)).token.get()
        assert server.connections > 0
    finally:
        server.close()


def test_a_sign_in_that_has_ended_names_the_command_to_sign_in(anonymous: Moto) -> None:
    configure(
        f"[default]\nregion = {REGION}\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        f"[sso-session s]\nsso_start_url = https://nowhere.invalid/start\nsso_region = {REGION}\n"
    )
    with pytest.raises(SecretDenied, match="aws sso login"):
        app(SecretsManager()).token.get()


def test_incomplete_credentials_count_as_missing(anonymous: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    with pytest.raises(MissingCredentialError, match="no AWS credentials were found"):
        app(SecretsManager()).token.get()


@pytest.mark.parametrize("region", ["no/region", "a b", "x" * 70, "-"])
def test_an_invalid_region_is_an_error_that_names_the_variable(region: str, anonymous: Moto) -> None:
    with pytest.raises(SecretError, match="AWS_REGION"):
        app(SecretsManager(region=region)).token.get()


def test_an_invalid_endpoint_is_an_error_that_names_the_variable(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not an address")
    with pytest.raises(SecretError, match="AWS_ENDPOINT_URL"):
        app(SecretsManager()).token.get()
