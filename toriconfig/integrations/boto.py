"""Credentials for botocore that are read from a secret. This module does not import botocore.

Usage:

    session = botocore.session.get_session()
    session.get_component("credential_provider").insert_before("env", SecretProvider(settings.aws))
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from toriconfig._core.clean_call import clean_methods
from toriconfig._secrets.secret import Secret
from toriconfig.integrations._account import check_secret, part


class Frozen(NamedTuple):
    """Credentials for one signature, all from one read.

    Attributes:
        access_key: the access key id.
        secret_key: the secret key.
        token: the session token, or None.
    """

    access_key: str
    secret_key: str
    token: str | None


@clean_methods
class Credentials:
    """Credentials for botocore. Each request is signed with the current value of the secret.

    Args:
        secret: a secret with the keys of Vault's AWS engine: `access_key`, `secret_key` and, for temporary credentials,
            `security_token`.
    """

    method = "toriconfig"

    def __init__(self, secret: Secret[Any]) -> None:
        check_secret(secret, "Credentials()")
        self._secret = secret

    def get_frozen_credentials(self) -> Frozen:
        """Return the current credentials, all from one read."""
        value = self._secret.get()
        return Frozen(part(value, "access_key"), part(value, "secret_key"), part(value, "security_token"))

    @property
    def access_key(self) -> str:
        """The current access key id."""
        return self.get_frozen_credentials().access_key

    @property
    def secret_key(self) -> str:
        """The current secret key."""
        return self.get_frozen_credentials().secret_key

    @property
    def token(self) -> str | None:
        """The current session token, or None."""
        return self.get_frozen_credentials().token

    @property
    def expiry(self) -> datetime | None:
        """Expiry time of the credentials in memory; None: no expiry, or no credentials in memory."""
        ends = self._secret.expires_at
        return datetime.fromtimestamp(ends, UTC) if ends is not None else None


@clean_methods
class SecretProvider:
    """Provider for botocore's credential chain.

    Args:
        secret: a secret with `access_key`, `secret_key` and, for temporary credentials, `security_token`.
    """

    METHOD = CANONICAL_NAME = "toriconfig"

    def __init__(self, secret: Secret[Any]) -> None:
        check_secret(secret, "SecretProvider()")
        self._secret = secret

    def load(self) -> Credentials:
        """Return the credentials. They are fetched when the first request is signed."""
        return Credentials(self._secret)
