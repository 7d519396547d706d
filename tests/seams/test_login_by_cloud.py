"""The logins of AWS, GCP and Azure get their credentials from the metadata services, with the requests of the SDKs."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.clouds import AWS_ROLE, AZURE_MACHINE, AZURE_TOKEN, GCP_IDENTITY, Cloud, cloud
from support.faults import Answer, dripping_server, refusing_address
from toriconfig import Ref, Secret, SettingsConfigDict, Vault, load, shutdown
from toriconfig.errors import SecretError, VaultDenied
from toriconfig.testing import Canary
from toriconfig.vault import HvacLogin

Read = Callable[..., str]
AWS_KEY = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "env-secret-key-1"}


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app")
    key: Annotated[Secret[str], Ref("secret/app#key")]


@pytest.fixture(name="services")
def _services() -> Iterator[Cloud]:
    with cloud() as services:
        yield services
        shutdown()


@pytest.fixture(name="read")
def _read(services: Cloud, tmp_path: Path) -> Read:
    """Reads the secret of a program that logs in so, with these variables; Vault is at the same address."""

    def make(auth: HvacLogin, variables: Mapping[str, str], **options: Any) -> str:
        environ = {"VAULT_ADDR": services.address, "HOME": str(tmp_path), **variables}
        return load(App, vault=Vault(auth=auth, **options), environ=environ, config_dir=tmp_path).key.get()

    return make


def _signed(services: Cloud) -> tuple[dict[str, str], dict[str, Any]]:
    """The headers of the request to AWS that the last login holds, and the login itself."""
    body = services.logins()[-1].body
    headers = json.loads(base64.b64decode(body["iam_request_headers"]))
    return {name: values[0] for name, values in headers.items()}, body


def _signature(headers: Mapping[str, str], body: str, secret: str) -> str:
    """The signature that AWS expects, computed as in its documentation."""
    names = sorted((name for name in headers if name.lower() != "authorization"), key=str.lower)
    lines = "".join(f"{name.lower()}:{headers[name]}\n" for name in names)
    signed = ";".join(name.lower() for name in names)
    request = "\n".join(["POST", "/", "", lines, signed, sha256(body.encode()).hexdigest()])
    date = headers["X-Amz-Date"]
    scope = f"{date[:8]}/us-east-1/sts/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, sha256(request.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return hmac.new(key, text.encode(), sha256).hexdigest()


def test_aws_signs_an_identity_request_with_the_role_of_the_machine(read: Read, services: Cloud) -> None:
    auth = HvacLogin("aws", role="app", header_value="vault.example")
    assert "k3y" == read(auth, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.address})
    headers, login = _signed(services)
    question = base64.b64decode(login["iam_request_body"]).decode()
    assert ("POST", "app") == (login["iam_http_request_method"], login["role"])
    assert b"https://sts.amazonaws.com/" == base64.b64decode(login["iam_request_url"])
    assert "Action=GetCallerIdentity&Version=2011-06-15" == question
    assert AWS_ROLE["Token"] == headers["X-Amz-Security-Token"]
    assert "vault.example" == headers["X-Vault-AWS-IAM-Server-ID"]
    assert f"Credential={AWS_ROLE['AccessKeyId']}/" in headers["Authorization"]
    assert headers["Authorization"].endswith(_signature(headers, question, AWS_ROLE["SecretAccessKey"]))
    assert AWS_ROLE["SecretAccessKey"] not in json.dumps(login) + json.dumps(headers)


@pytest.mark.parametrize("kind", ["RELATIVE", "FULL"])
def test_aws_uses_the_credentials_of_a_container(
    read: Read, services: Cloud, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toriconfig.vault import clouds

    monkeypatch.setattr(clouds, "CONTAINERS", (services.host, "127.0.0.1"))
    uri = "/v2/credentials/app" if kind == "RELATIVE" else f"{services.address}/v2/credentials/app"
    variables = {f"AWS_CONTAINER_CREDENTIALS_{kind}_URI": uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token"}
    assert "k3y" == read(HvacLogin("aws", role="app"), variables)
    assert f"Credential={AWS_ROLE['AccessKeyId']}/" in _signed(services)[0]["Authorization"]


def test_aws_reads_the_authorization_of_a_container_from_its_file(read: Read, services: Cloud, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("container-token\n")
    variables = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{services.address}/v2/credentials/app",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert "k3y" == read(HvacLogin("aws", role="app"), variables)


def test_aws_uses_the_web_identity_of_a_pod_and_not_the_role_of_its_machine(
    read: Read, services: Cloud, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("pod.jwt\n")
    variables = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/app",
        "AWS_ENDPOINT_URL_STS": services.address,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": services.address,
    }
    assert "k3y" == read(HvacLogin("aws", role="app"), variables)
    query = services.asked[0].query
    assert ("arn:aws:iam::123456789012:role/app", "toriconfig") == (query["RoleArn"], query["RoleSessionName"])
    headers, _ = _signed(services)
    assert "Credential=ASgeIAIOSFODNN7EXAMPLE/" in headers["Authorization"]
    assert "AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE" == headers["X-Amz-Security-Token"]
    assert not [one for one in services.asked if one.path.startswith("/latest/")]


def test_a_web_identity_that_aws_refuses_is_named_and_its_token_not_shown(
    read: Read, services: Cloud, tmp_path: Path
) -> None:
    canary = Canary()
    (tmp_path / "token").write_text(canary.secret)
    variables = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ENDPOINT_URL_STS": services.address}
    with pytest.raises(VaultDenied, match="credentials of AWS for Vault cannot be read .* it answered 400") as caught:
        read(HvacLogin("aws", role="app"), variables)
    canary.absent_from(caught.value)


def test_aws_sends_no_request_to_a_machine_whose_service_is_switched_off(read: Read, services: Cloud) -> None:
    variables = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.address, "AWS_EC2_METADATA_DISABLED": "true"}
    with pytest.raises(VaultDenied, match="AWS_EC2_METADATA_DISABLED is set"):
        read(HvacLogin("aws", role="app"), variables)
    assert not [one for one in services.asked if one.path.startswith("/latest/")]


def test_aws_prefers_the_variables_to_the_machine(read: Read, services: Cloud) -> None:
    variables = {**AWS_KEY, "AWS_EC2_METADATA_SERVICE_ENDPOINT": services.address}
    assert "k3y" == read(HvacLogin("aws", role="app"), variables)
    assert "Credential=AKIAIOSFODNN7EXAMPLE/" in _signed(services)[0]["Authorization"]
    assert "X-Amz-Security-Token" not in _signed(services)[0]


def test_aws_prefers_given_credentials_to_the_variables(read: Read, services: Cloud) -> None:
    assert "k3y" == read(HvacLogin("aws", role="app", access_key="AKIAGIVEN", secret_key="given-key-1"), AWS_KEY)
    assert "Credential=AKIAGIVEN/" in _signed(services)[0]["Authorization"]


def test_aws_sends_the_credentials_of_a_container_to_no_other_host_without_tls(read: Read, services: Cloud) -> None:
    variables = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://elsewhere.example/creds",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
    }
    with pytest.raises(VaultDenied, match=r"not requested from elsewhere\.example without TLS"):
        read(HvacLogin("aws", role="app"), variables)
    assert [] == services.logins()


def test_an_identity_document_of_ec2_is_sent_as_it_is_given(read: Read, services: Cloud) -> None:
    assert "k3y" == read(HvacLogin("aws-ec2", pkcs7="MIAGCS", role="app", nonce="n"), {})
    assert {"pkcs7": "MIAGCS", "role": "app", "nonce": "n"} == services.logins()[-1].body


def test_gcp_requests_an_identity_for_the_role(read: Read, services: Cloud) -> None:
    assert "k3y" == read(HvacLogin("gcp", role="app"), {"GCE_METADATA_HOST": services.host})
    assert {"audience": "http://vault/app", "format": "full"} == services.asked[0].query
    assert {"role": "app", "jwt": GCP_IDENTITY} == services.logins()[-1].body


def test_azure_sends_the_identity_and_the_description_of_the_machine(read: Read, services: Cloud) -> None:
    variables = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": services.address}
    assert "k3y" == read(HvacLogin("azure", role="app", resource="https://vault.example/", client_id="c1"), variables)
    query = {"api-version": "2018-02-01", "resource": "https://vault.example/", "client_id": "c1"}
    assert query == services.asked[0].query
    compute = AZURE_MACHINE["compute"]
    assert {
        "role": "app",
        "jwt": AZURE_TOKEN["access_token"],
        "subscription_id": compute["subscriptionId"],
        "resource_group_name": "rg-app",
        "vm_name": "vm-7",
    } == services.logins()[-1].body


def test_azure_names_the_scale_set_of_a_machine_that_has_one(read: Read, services: Cloud) -> None:
    compute = {**AZURE_MACHINE["compute"], "vmScaleSetName": "set-1"}
    services.answers["/metadata/instance"] = lambda asked: Answer(200, {"compute": compute})
    assert "k3y" == read(HvacLogin("azure", role="app"), {"AZURE_POD_IDENTITY_AUTHORITY_HOST": services.address})
    body = services.logins()[-1].body
    assert ("set-1", None) == (body["vmss_name"], body.get("vm_name"))


def test_azure_app_service_has_its_own_endpoint(read: Read, services: Cloud) -> None:
    variables = {"IDENTITY_ENDPOINT": f"{services.address}/msi/token", "IDENTITY_HEADER": "app-service"}
    assert "k3y" == read(HvacLogin("azure", role="app"), variables)
    assert {"api-version": "2019-08-01", "resource": "https://management.azure.com/"} == services.asked[0].query
    assert {"role": "app", "jwt": AZURE_TOKEN["access_token"]} == services.logins()[-1].body


@pytest.mark.parametrize(("name", "argument"), [("gcp", "jwt"), ("azure", "jwt"), ("github", "token")])
def test_a_given_credential_is_sent_and_no_service_called(
    read: Read, services: Cloud, name: str, argument: str
) -> None:
    given = {"role": "app"} if name != "github" else {}
    assert "k3y" == read(HvacLogin(name, **{argument: "given-1"}, **given), {})
    assert {argument: "given-1", **given} == services.logins()[-1].body
    assert services.asked[0] is services.logins()[0]


IMDS = "/latest/meta-data/iam/security-credentials/app-role"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404, b"not found"), "it answered 404"),
        (Answer(200, b"<html>"), "answered no JSON object"),
        (Answer(200, {"Code": "Failed"}), "answered no `AccessKeyId`"),
        (Answer(200, {**AWS_ROLE, "Token": 5}), "answered no `Token`"),
        (Answer(200, b""), "its answer is empty"),
        (Answer(200, b"\xff\xfe"), "is not UTF-8"),
        (Answer(200, b"x" * (1 << 20) + b"x"), "more than 1 MiB"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:9/"}), "it answered 302"),
    ],
)
def test_an_answer_that_holds_no_credentials_is_named_and_not_shown(
    read: Read, services: Cloud, answer: Answer, says: str
) -> None:
    services.answers[IMDS] = lambda asked: answer
    with pytest.raises(VaultDenied, match=says) as caught:
        read(HvacLogin("aws", role="app"), {"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.address})
    assert "role or identity" in caught.value.help or "address" in caught.value.help
    assert AWS_ROLE["SecretAccessKey"] not in str(caught.value)
    assert [] == services.logins()


def test_a_service_that_is_not_there_is_named(read: Read) -> None:
    with pytest.raises(VaultDenied, match="the identity of GCP for Vault cannot be read from .* cannot be reached"):
        read(HvacLogin("gcp", role="app"), {"GCE_METADATA_HOST": refusing_address().removeprefix("http://")})


def test_a_slow_service_is_abandoned_at_the_end_of_the_read(read: Read) -> None:
    with dripping_server() as slow, pytest.raises(SecretError, match="in time|within"):
        read(HvacLogin("gcp", role="app"), {"GCE_METADATA_HOST": slow.address.removeprefix("http://")}, timeout=0.5)


def test_no_proxy_of_the_environment_gets_the_request(
    read: Read, services: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, refusing_address())
    assert "k3y" == read(HvacLogin("gcp", role="app"), {"GCE_METADATA_HOST": services.host})


def test_no_credential_of_a_cloud_is_shown_when_vault_refuses_it(
    read: Read, services: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    canary = Canary()
    services.answers[IMDS] = lambda asked: Answer(200, {**AWS_ROLE, "SecretAccessKey": canary.secret})
    services.answers["/v1/auth/aws/login"] = lambda asked: Answer(400, {"errors": ["entry for role app not found"]})
    with canary.watch(), pytest.raises(VaultDenied, match="login by aws at auth/aws/login was refused") as caught:
        read(HvacLogin("aws", role="app"), {"AWS_EC2_METADATA_SERVICE_ENDPOINT": services.address})
    canary.absent_from(caught.value)
    canary.absent_from(caplog.text)


def test_a_login_that_needs_a_second_factor_is_named(read: Read, services: Cloud) -> None:
    auth = {"client_token": "", "mfa_requirement": {"mfa_request_id": "1"}}
    services.answers["/v1/auth/github/login"] = lambda asked: Answer(200, {"auth": auth})
    with pytest.raises(VaultDenied, match="needs a second factor"):
        read(HvacLogin("github", token="t"), {})
