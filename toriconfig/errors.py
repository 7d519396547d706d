"""Problems and every exception of the library, as data. Text is made in `_render/`.

    Exception
    ├── ConfigError (ValueError)           what was read cannot be used; `problems` says why, all at once
    └── SecretError                        one secret cannot be had now
        ├── MissingCredentialError         nothing supplies it
        ├── SecretDenied                   a backend refuses it (Vault: VaultDenied)
        ├── SecretNotFound                 a backend does not hold it (Vault: VaultNotFound)
        ├── SecretUnreachable              a backend cannot be asked (Vault: VaultUnreachable)
        └── VaultError                     Vault was asked
            ├── VaultDenied                403: no login, or no policy
            ├── VaultNotFound              404: no such path, key or version
            ├── VaultSealed                sealed or not initialised
            └── VaultUnreachable           refused, timed out, 5xx, not Vault's answer

    UserWarning
    └── ToriconfigWarning                  a warning of a load that no logging handler could have

None of them ever holds the value of a secret, nor a cause or context that does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toriconfig._core.clean_call import clean_init
from toriconfig._core.printable import clean
from toriconfig._core.problem import CODES, Problem, Related, Severity

__all__ = [
    "CODES",
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
    """Error for input that cannot be used. `problems` holds everything that is wrong, sorted by place."""

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
    """One secret cannot be had now.

    Attributes:
        message: what happened, without the remedy.
        path: dotted path of the field, or "" when the caller asked for a reference.
        reference: where we looked, such as `secret/tori#api_key`.
        help: the remedy.
    """

    def __init__(self, message: str, *, path: str = "", reference: str = "", help: str = "") -> None:
        message = clean(message)  # it may hold names of files and answers of servers, and is logged too
        super().__init__(message)
        self.message = message
        self.path = path
        self.reference = reference
        self.help = help

    def at(self, path: str) -> SecretError:
        """The same error for the field at `path`; a new object, without a cause."""
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
    """Nothing supplies the secret: Vault is not configured and no layer has a value."""


class SecretDenied(SecretError):
    """The backend refuses to return the secret to this program."""


class SecretNotFound(SecretError):
    """The backend does not hold the path, the key or the version. A lower layer counts then, if it has a value."""


class SecretUnreachable(SecretError):
    """The backend cannot be asked, or did not return in time. A lower layer counts then, if it has a value."""


@clean_init
class VaultError(SecretError):
    """Vault was asked and the answer cannot be used.

    Attributes:
        status: HTTP status, or None when there was no answer.
        request_id: Vault's id of the request, for its audit log, or "".
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
    """Vault refused: the login failed, the token ended, or no policy allows the path."""


class VaultNotFound(VaultError, SecretNotFound):
    """Vault does not hold the path, the key or the version."""


class VaultSealed(VaultError):
    """Vault is sealed or not initialised; somebody must unseal it."""


class VaultUnreachable(VaultError, SecretUnreachable):
    """No usable answer in time: refused, timed out, 5xx, or not Vault's JSON."""


class ToriconfigWarning(UserWarning):
    """A warning of a load that no logging handler accepted until the program ended."""
