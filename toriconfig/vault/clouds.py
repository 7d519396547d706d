"""Credentials that a cloud gives to a machine or container, as arguments of the login method of the cloud.

The requests and the environment variables are the same as in the SDK of each cloud.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from toriconfig.errors import VaultDenied
from toriconfig.vault.login_tools import LoginTools

LINK_LOCAL = "http://169.254.169.254"
"""The metadata service of a virtual machine on AWS and Azure."""

CONTAINERS = ("169.254.170.2", "169.254.170.23", "localhost", "127.0.0.1")
"""Hosts that the credentials of an AWS container may be requested from without TLS."""

Arguments = Mapping[str, str]


def completed(cloud: str, arguments: Arguments, tools: LoginTools) -> Arguments:
    """Return `arguments`; for `aws`, `gcp` and `azure`, add missing credentials that the cloud gives to this machine.

    Args:
        cloud: name of the login method.
        arguments: the arguments that were given.
        tools: the tools of the login.

    Raises:
        SecretError: the cloud provides no credentials for this machine.
    """
    complete = _CLOUDS.get(cloud)
    return arguments if complete is None else complete(arguments, tools)


def _aws(arguments: Arguments, tools: LoginTools) -> Arguments:
    if not arguments.keys().isdisjoint(("access_key", "pkcs7")):
        return arguments
    key, secret = tools.variable("AWS_ACCESS_KEY_ID"), tools.variable("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        token = tools.variable("AWS_SESSION_TOKEN")
        return {**arguments, "access_key": key, "secret_key": secret} | ({"session_token": token} if token else {})
    what = "the credentials of AWS"
    if tools.variable("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return {**arguments, **_aws_web_identity(tools, what)}
    answer = _object(_aws_answer(tools, what), what)
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "Token"}
    return {**arguments, **{name: _text(answer, member, what) for name, member in names.items()}}


def _aws_web_identity(tools: LoginTools, what: str) -> Arguments:
    """Request credentials of AWS with the token of the pod's service account. Return them as arguments of the login.

    Args:
        tools: the tools of the login.
        what: name of the credentials, for messages.
    """
    token = tools.read(tools.variable("AWS_WEB_IDENTITY_TOKEN_FILE") or "", "the token of the web identity")
    region = tools.variable("AWS_REGION") or tools.variable("AWS_DEFAULT_REGION")
    host = f"sts.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}" if region else "sts.amazonaws.com"
    query = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": tools.variable("AWS_ROLE_ARN") or "",
        "RoleSessionName": tools.variable("AWS_ROLE_SESSION_NAME") or "toriconfig",
        "WebIdentityToken": token,
    }
    endpoint = (tools.variable("AWS_ENDPOINT_URL_STS") or f"https://{host}").rstrip("/")
    text = tools.fetch(f"{endpoint}/?{urlencode(query)}", what)
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "SessionToken"}
    found = {member: re.search(f"<{member}>([^<>&]+)</{member}>", text) for member in names.values()}
    values = {member: match[1] for member, match in found.items() if match}
    return {name: _text(values, member, what) for name, member in names.items()}


def _aws_answer(tools: LoginTools, what: str) -> str:
    relative, full = (tools.variable(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI") for kind in ("RELATIVE", "FULL"))
    if relative or full:
        url = f"http://{CONTAINERS[0]}{relative}" if relative else full or ""
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in CONTAINERS:
            raise VaultDenied(
                f"{what} are not requested from {parts.hostname or 'an address without a host'} without TLS",
                help="correct AWS_CONTAINER_CREDENTIALS_FULL_URI",
            )
        authorization = tools.either(
            tools.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            tools.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
            "the authorization of the container",
        )
        return tools.fetch(url, what, headers={"Authorization": authorization} if authorization else {})
    if (tools.variable("AWS_EC2_METADATA_DISABLED") or "").lower() == "true":
        raise VaultDenied(
            f"{what} are not requested from the machine: AWS_EC2_METADATA_DISABLED is set", help="give credentials"
        )
    base = (tools.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") or LINK_LOCAL).rstrip("/")
    seconds = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    session = tools.fetch(f"{base}/latest/api/token", what, method="PUT", headers=seconds)
    headers = {"X-aws-ec2-metadata-token": session}
    roles = f"{base}/latest/meta-data/iam/security-credentials/"
    role = tools.fetch(roles, what, headers=headers).splitlines()[0].strip()
    return tools.fetch(roles + role, what, headers=headers)


def _gcp(arguments: Arguments, tools: LoginTools) -> Arguments:
    if "jwt" in arguments:
        return arguments
    host = tools.variable("GCE_METADATA_HOST") or "metadata.google.internal"
    query = urlencode({"audience": f"http://vault/{arguments['role']}", "format": "full"})
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/identity?{query}"
    return {**arguments, "jwt": tools.fetch(url, "the identity of GCP", headers={"Metadata-Flavor": "Google"})}


def _azure(arguments: Arguments, tools: LoginTools) -> Arguments:
    given = {name: value for name, value in arguments.items() if name not in ("resource", "client_id")}
    if "jwt" in given:
        return given
    what = "the identity of Azure"
    query = {"resource": arguments.get("resource", "https://management.azure.com/")}
    if "client_id" in arguments:
        query["client_id"] = arguments["client_id"]
    endpoint, header = tools.variable("IDENTITY_ENDPOINT"), tools.variable("IDENTITY_HEADER")
    if endpoint and header:  # App Service, Functions, Container Apps: there is no machine to describe
        url = f"{endpoint}?{urlencode({'api-version': '2019-08-01', **query})}"
        answer = tools.fetch(url, what, headers={"X-IDENTITY-HEADER": header})
        return {**given, "jwt": _text(_object(answer, what), "access_token", what)}
    base = (tools.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST") or LINK_LOCAL).rstrip("/") + "/metadata"
    url = f"{base}/identity/oauth2/token?{urlencode({'api-version': '2018-02-01', **query})}"
    answer = tools.fetch(url, what, headers={"Metadata": "true"})
    found = {"jwt": _text(_object(answer, what), "access_token", what)}
    if given.keys().isdisjoint(("vm_name", "vmss_name")):
        what = "the description of the machine"
        answer = tools.fetch(f"{base}/instance?api-version=2021-02-01", what, headers={"Metadata": "true"})
        machine = _object(answer, what).get("compute")
        machine = machine if isinstance(machine, dict) else {}
        found["subscription_id"] = _text(machine, "subscriptionId", what)
        found["resource_group_name"] = _text(machine, "resourceGroupName", what)
        scale_set = machine.get("vmScaleSetName")
        found["vmss_name" if scale_set else "vm_name"] = _text(machine, "vmScaleSetName" if scale_set else "name", what)
    return found | given


def _object(text: str, what: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise VaultDenied(f"{what} cannot be used: the service answered no JSON object", help=_LOOK)
    return found


def _text(found: Mapping[str, Any], member: str, what: str) -> str:
    value = found.get(member)
    if not isinstance(value, str) or not value:
        raise VaultDenied(f"{what} cannot be used: the service answered no `{member}`", help=_LOOK)
    return value


_LOOK = "look at the role or identity that the cloud gives to this machine"
_CLOUDS: Mapping[str, Callable[[Arguments, LoginTools], Arguments]] = {"aws": _aws, "gcp": _gcp, "azure": _azure}
