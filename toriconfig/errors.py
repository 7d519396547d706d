"""The exceptions of the library, and the problems that `ConfigError` carries.

    Exception
    ├── ConfigError (ValueError)           the settings are invalid; `problems` lists every error at once
    └── SecretError                        a secret has no usable value now
        ├── MissingCredentialError         no layer and no backend supplies the secret
        ├── SecretDenied                   a backend denies access; also a base class of VaultDenied
        ├── SecretNotFound                 a backend does not hold the secret; also a base class of VaultNotFound
        ├── SecretUnreachable              a backend cannot be reached; also a base class of VaultUnreachable
        └── VaultError                     a request to Vault failed
            ├── VaultDenied                403: the login failed, or no policy allows the path
            ├── VaultNotFound              404: no such path, key or version
            ├── VaultSealed                Vault is sealed or not initialised
            └── VaultUnreachable           refused connection, timeout, 5xx, or an answer that is not Vault's
    UserWarning
    └── ToriconfigWarning                  a warning that no logging handler accepted

No exception contains the value of a secret, not even in `__cause__` or `__context__`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toriconfig._core.clean_call import clean_init
from toriconfig._core.printable import clean
from toriconfig._core.problem import CODES, Code, Problem, Related, Severity

__all__ = [
    "CODES",
    "Code",
    "ConfigError",
    "MissingCredentialError",
    "Problem",
    "Related",
    "SecretDenied",
    "SecretError",
    "SecretNotFound",
    "SecretUnreachable",
    "Severity",
    "ToriconfigWarning",
    "VaultDenied",
    "VaultError",
    "VaultNotFound",
    "VaultSealed",
    "VaultUnreachable",
]


@clean_init
class ConfigError(ValueError):
    """Error for invalid settings. It reports all problems of a load at once.

    `str(error)` is the full report, with the lines of the files. Secrets in those lines are masked.

    Args:
        problems: the problems, sorted by position; available as the tuple `error.problems`.
        schema: name of the settings class, for the first line of the report; "": no name is shown.
    """

    def __init__(self, problems: Iterable[Problem], *, schema: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.schema = schema
        super().__init__(self.problems)

    def __str__(self) -> str:
        from toriconfig._render import render_text

        return render_text(self.problems, schema=self.schema)

    def __reduce__(self) -> Any:
        return (_restore_config_error, (self.problems, self.schema))


def _restore_config_error(problems: tuple[Problem, ...], schema: str) -> ConfigError:
    return ConfigError(problems, schema=schema)


@clean_init
class SecretError(Exception):
    """Error for a secret that has no usable value now.

    Attributes:
        message: description of the failure, without the remedy.
        path: dotted path of the field, or "" when no field is involved.
        reference: the reference that was read, such as `secret/tori#api_key`, or "".
        help: the remedy, or "".
    """

    def __init__(self, message: str, *, path: str = "", reference: str = "", help: str = "") -> None:
        message = clean(message)  # it may contain file names and answers of servers, and is logged too
        super().__init__(message)
        self.message = message
        self.path = path
        self.reference = reference
        self.help = help

    def at(self, path: str) -> SecretError:
        """Return a copy of the error for another field.

        Args:
            path: dotted path of the field.

        Returns:
            A new error without a cause.
        """
        new = self.__class__.__new__(self.__class__)
        new.__dict__.update(self.__dict__)
        new.path = path
        new.args = self.args
        return new

    def __str__(self) -> str:
        head = f"{self.path}: " if self.path else ""
        tail = f" ({self.help})" if self.help else ""
        return clean(f"{head}{self.message}{tail}")

    def __reduce__(self) -> Any:
        return (_restore_secret_error, (self.__class__, self.args, dict(self.__dict__)))


def _restore_secret_error(cls: type[SecretError], args: tuple[Any, ...], state: dict[str, Any]) -> SecretError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class MissingCredentialError(SecretError, LookupError):
    """Error for a secret without any value: no layer has a value, and no backend supplies one."""


class SecretDenied(SecretError):
    """Error for a secret that the program has no permission to read."""


class SecretNotFound(SecretError):
    """Error for a path, key or version that the backend does not hold.

    If a lower layer has a value, that value is used, and this error is not raised.
    """


class SecretUnreachable(SecretError):
    """Error for a backend that cannot be reached, or does not answer in time.

    If a lower layer has a value, that value is used, and this error is not raised.
    """


@clean_init
class VaultError(SecretError):
    """Error for a request to Vault that failed.

    Attributes:
        status: HTTP status, or None when there was no answer.
        request_id: id of the request in Vault's audit log, or "".
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        reference: str = "",
        help: str = "",
        status: int | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, path=path, reference=reference, help=help)
        self.status = status
        self.request_id = request_id


class VaultDenied(VaultError, SecretDenied):
    """Error for a request that Vault denied: the login failed, the token expired, or no policy allows the path."""


class VaultNotFound(VaultError, SecretNotFound):
    """Error for a path, key or version that Vault does not hold."""


class VaultSealed(VaultError):
    """Error for a Vault that is sealed or not initialised. An operator must unseal or initialise it."""


class VaultUnreachable(VaultError, SecretUnreachable):
    """Error for a request that Vault did not answer usably: refused connection, timeout, status 5xx, invalid JSON."""


class ToriconfigWarning(UserWarning):
    """Warning of a load, issued at the end of the program if no logging handler accepted it."""
