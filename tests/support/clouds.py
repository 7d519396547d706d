"""Metadata services of clouds and a Vault that logs everybody in, on one loopback port, with the recorded shapes.

The answers of AWS (STS, IMDSv2 and the credentials of a container), Google Compute Engine and Azure (IMDS and App Service) are
those of their documentation, with other secrets.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from support.faults import Answer
from support.loopback import Loopback, read_request

AWS_ROLE = {
    "Code": "Success",
    "LastUpdated": "2026-11-29T10:00:00Z",
    "Type": "AWS-HMAC",
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Token": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
    "Expiration": "2026-11-29T16:00:00Z",
}
AWS_CONTAINER = {
    "RoleArn": "arn:aws:iam::123456789012:role/app",
    **{name: AWS_ROLE[name] for name in ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")},
}
AWS_WEB_IDENTITY = """
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>system:serviceaccount:ns:app</SubjectFromWebIdentityToken>
    <Audience>sts.amazonaws.com</Audience>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/app/toriconfig</Arn>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:toriconfig</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <SessionToken>AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE</SessionToken>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <Expiration>2026-11-29T16:00:00Z</Expiration>
      <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>
    </Credentials>
    <Provider>arn:aws:iam::123456789012:oidc-provider/oidc.eks.example</Provider>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
"""
AZURE_TOKEN = {
    "access_token": "eyJ0eXAi.azure.identity",
    "refresh_token": "",
    "expires_in": "3599",
    "expires_on": "1795950000",
    "not_before": "1795946400",
    "resource": "https://management.azure.com/",
    "token_type": "Bearer",
}
AZURE_MACHINE: dict[str, dict[str, Any]] = {
    "compute": {
        "azEnvironment": "AzurePublicCloud",
        "location": "westeurope",
        "name": "vm-7",
        "resourceGroupName": "rg-app",
        "subscriptionId": "8d10da13-8125-4ba9-a717-bf7490507b3d",
        "vmScaleSetName": "",
    },
    "network": {"interface": []},
}
GCP_IDENTITY = "eyJhbGciOiJSUzI1NiJ9.gcp.identity"


class Asked(NamedTuple):
    """One request that arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


class Cloud:
    """The services.

    Attributes:
        host: host and port; all services and Vault are there.
        asked: every request that arrived, oldest first.
        answers: own answers by path, which come first.
    """

    def __init__(self) -> None:
        self.host = ""
        self.asked: list[Asked] = []
        self.answers: dict[str, Callable[[Asked], Answer]] = {}

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    def logins(self) -> list[Asked]:
        """The logins at Vault."""
        return [one for one in self.asked if one.path.startswith("/v1/auth/") and one.path.endswith("/login")]

    def answer(self, asked: Asked) -> Answer:
        own = self.answers.get(asked.path)
        if own is not None:
            return own(asked)
        headers, path = asked.headers, asked.path
        if asked.path.startswith("/v1/"):
            return _vault(asked)
        if path == "/" and asked.query.get("Action") == "AssumeRoleWithWebIdentity":
            proved = asked.query["WebIdentityToken"] == "pod.jwt"
            return Answer(200, AWS_WEB_IDENTITY.encode()) if proved else Answer(400, b"<ErrorResponse/>")
        if path == "/latest/api/token":
            fits = asked.method == "PUT" and headers.get("x-aws-ec2-metadata-token-ttl-seconds") == "60"
            return Answer(200, b"imds-session") if fits else Answer(400)
        if path.startswith("/latest/meta-data/iam/security-credentials/"):
            if headers.get("x-aws-ec2-metadata-token") != "imds-session":
                return Answer(401)
            return Answer(200, AWS_ROLE if path.endswith("/app-role") else b"app-role\n")
        if path == "/v2/credentials/app":
            return Answer(200, AWS_CONTAINER) if headers.get("authorization") == "container-token" else Answer(401)
        if path == "/computeMetadata/v1/instance/service-accounts/default/identity":
            return Answer(200, GCP_IDENTITY.encode()) if headers.get("metadata-flavor") == "Google" else Answer(403)
        if path.startswith("/metadata/"):
            if headers.get("metadata") != "true":
                return Answer(400, {"error": "invalid_request"})
            return Answer(200, AZURE_TOKEN if "oauth2" in path else AZURE_MACHINE)
        if path == "/msi/token":
            return Answer(200, AZURE_TOKEN) if headers.get("x-identity-header") == "app-service" else Answer(401)
        return Answer(404)


def _vault(asked: Asked) -> Answer:
    if asked.path.endswith("/login"):
        auth = {"client_token": "s.cloud", "lease_duration": 3600, "renewable": True}
        return Answer(200, {"request_id": "1", "auth": auth})
    if asked.path.startswith("/v1/sys/internal/ui/mounts/"):
        return Answer(200, {"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}})
    if asked.path == "/v1/secret/data/app" and asked.headers.get("x-vault-token") == "s.cloud":
        metadata = {"version": 1, "created_time": "2026-01-01T00:00:00Z"}
        return Answer(200, {"data": {"data": {"key": "k3y"}, "metadata": metadata}})
    return Answer(204) if asked.path.endswith("revoke-self") else Answer(403, {"errors": ["permission denied"]})


@contextmanager
def cloud() -> Iterator[Cloud]:
    """The services, until the end of the block."""

    def serve(connection: socket.socket) -> None:
        rest = b""
        while True:
            request, rest = read_request(connection, rest)
            if not request:
                return
            head, _, body = request.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            method, target, _ = first.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            url = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            asked = Asked(method, url.path, query, headers, json.loads(body) if body else None)
            services.asked.append(asked)
            connection.sendall(services.answer(asked).encoded())

    services = Cloud()
    server = Loopback(serve)
    services.host = f"127.0.0.1:{server.port}"
    try:
        yield services
    finally:
        server.close()
