"""The smallest IAM policy that lets a program read some secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from toriconfig.backends.aws._path import SecretPath, parse

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"))


def _partition_of(region: str) -> str:
    """Return the partition (second part of an ARN) for a region, such as `aws-cn` for the region `cn-north-1`."""
    return next((partition for start, partition in _PARTITIONS if region.startswith(start)), "aws")


def offline_policy(paths: Sequence[str], region: str) -> str:
    """Return the policy for `paths` without a request. Account and random ending of each ARN are wildcards."""
    return policy_text(parse(path).resource(_partition_of(region), region, "*") for path in paths)


def policy_text(resources: Iterable[str], decrypt: Iterable[dict[str, Any]] = ()) -> str:
    """Return the policy as JSON.

    Args:
        resources: ARNs of secrets.
        decrypt: the statements for the KMS keys that encrypt the secrets.
    """
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": sorted(set(resources))}
    statements = [read]
    for statement in decrypt:
        if statement not in statements:
            statements.append(statement)
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def described(secret: SecretPath, answer: Any) -> tuple[str, dict[str, Any] | None]:
    """Return `(ARN of the secret, statement for its KMS key)`. The statement is None if the key belongs to AWS.

    Args:
        secret: the secret that was described.
        answer: the answer of DescribeSecret.

    Raises:
        SecretUnreachable: the answer holds no ARN.
    """
    arn, key = str(answer.get("ARN") or ""), str(answer.get("KmsKeyId") or "")
    parts = arn.split(":")
    if len(parts) < 7:
        from toriconfig.backends.aws._errors import foreign

        raise foreign(secret, "it holds no ARN")
    _, partition, _, region, account = parts[:5]
    _, alias, name = key.partition("alias/")
    if not key or name == "aws/secretsmanager":
        return arn, None
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    conditions: dict[str, Any] = {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.{suffix}"}}
    if alias:  # an alias is no resource of IAM
        key = f"arn:{partition}:kms:{region}:{account}:key/*"
        conditions["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": f"alias/{name}"}
    elif not key.startswith("arn:"):
        key = f"arn:{partition}:kms:{region}:{account}:key/{key}"
    return arn, {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key, "Condition": conditions}
