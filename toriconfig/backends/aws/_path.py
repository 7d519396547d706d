"""Paths of references to Secrets Manager: `prod/db`, an ARN, `prod/db?stage=AWSPREVIOUS`, `prod/db?version=ID`."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}\Z")
_ARN = re.compile(r"arn:(aws[a-z-]*):secretsmanager:([a-z0-9-]+):(\d{12}):secret:([A-Za-z0-9/_+=.@-]{1,519})\Z")
_WHOLE = re.compile(r".*-[A-Za-z0-9]{6}\Z")
_STAGE = re.compile(r"[^\s?&=]{1,256}\Z")
_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}\Z")


class SecretPath(NamedTuple):
    """Name and version of a secret. Without `stage` and `version`, AWS returns the version with the label AWSCURRENT.

    Attributes:
        name: name or ARN of the secret.
        stage: staging label of the version; None: no label.
        version: id of the version; None: no id.
    """

    name: str
    stage: str | None = None
    version: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of GetSecretValue."""
        given = {"SecretId": self.name, "VersionStage": self.stage, "VersionId": self.version}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def region(self) -> str | None:
        """The region of an ARN; None for a name."""
        found = _ARN.match(self.name)
        return found[2] if found else None

    @property
    def pinned(self) -> str:
        """Text for the version in messages; "" for the current version."""
        if self.version is not None:
            return f"version {self.version}"
        return f"version with stage {self.stage}" if self.stage is not None else ""

    def resource(self, partition: str, region: str, account: str) -> str:
        """Return the ARN of the secret for an IAM statement. `??????` replaces an unknown random ending."""
        if _ARN.match(self.name):
            return self.name if _WHOLE.match(self.name) else f"{self.name}-??????"
        return f"arn:{partition}:secretsmanager:{region}:{account}:secret:{self.name}-??????"


def parse(path: str) -> SecretPath:
    """Parse a path.

    Raises:
        ValueError: the name or a parameter is invalid.
    """
    name, mark, query = path.partition("?")
    if not (_ARN if name.startswith("arn:") else _NAME).match(name):
        kind = "an ARN of a secret" if name.startswith("arn:") else "letters, digits and any of / _ + = . @ -"
        raise ValueError(f"the name of a secret is {kind}")
    if not mark:
        return SecretPath(name)
    parameter, _, value = query.partition("=")
    if parameter == "stage" and _STAGE.match(value):
        return SecretPath(name, stage=value)
    if parameter == "version" and _VERSION.match(value):
        return SecretPath(name, version=value)
    raise ValueError("after `?` use `stage=LABEL` (AWSCURRENT, AWSPREVIOUS) or `version=ID` (32 to 64 characters)")
