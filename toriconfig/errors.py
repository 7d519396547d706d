"""Problems and every exception of the library, as data. Text is made in `_render.py`.

    Exception
    ├── ConfigError (ValueError)           what was read cannot be used; `problems` says why, all at once
    └── SecretError                        one secret cannot be had now
        ├── MissingCredentialError         nothing supplies it
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
from typing import Any, Literal

from toriconfig._core.clean_call import clean_init
from toriconfig._core.origin import Origin
from toriconfig._core.printable import clean
from toriconfig._core.value import Value
from toriconfig._runtime.warn_once import ToriconfigWarning

__all__ = [
    "CODES",
    "ConfigError",
    "MissingCredentialError",
    "Problem",
    "Related",
    "SecretError",
    "Severity",
    "ToriconfigWarning",
    "VaultDenied",
    "VaultError",
    "VaultNotFound",
    "VaultSealed",
    "VaultUnreachable",
]

Severity = Literal["error", "warning", "info"]

MOST_SHOWN = 1000
"""Problems that texts and reports show when nobody says otherwise; the rest is counted."""

CODES: dict[str, str] = {
    "TC001": "the file is not valid YAML or JSON",
    "TC002": "duplicate key",
    "TC003": "the file cannot be read",
    "TC004": "the file is too large, too deep or expands too far",
    "TC005": "a tag or key that configuration files do not have",
    "TC006": "a file, or a table of one, that was asked for does not exist",
    "TC007": "the top level is not a mapping",
    "TC101": "unknown key",
    "TC102": "wrong type",
    "TC103": "missing key",
    "TC104": "value not allowed",
    "TC105": "a mapping meets a scalar in another layer",
    "TC106": "null removes what lower layers said",
    "TC107": "deprecated key",
    "TC108": "a rule over several keys is broken",
    "TC201": "a scalar that YAML 1.1 reads otherwise",
    "TC301": "unknown reference",
    "TC302": "a reference to a secret in a plain field",
    "TC303": "references form a cycle",
    "TC304": "a referenced value is not set",
    "TC305": "a reference to a file outside the declared roots",
    "TC306": "malformed reference",
    "TC307": "a reference where none is resolved",
    "TC308": "a part of a URL that is not percent-encoded",
    "TC401": "a secret that nothing supplies",
    "TC402": "a secret that is only half there",
    "TC403": "the mask of a secret given as its value",
    "TC404": "a Vault path that cannot be",
    "TC405": "Vault could not be asked",
    "TC406": "Vault denied the path",
    "TC407": "Vault does not hold the path or key",
    "TC408": "a token of Vault that ends soon, or may do more than it needs to",
    "TC409": "a clock that differs from Vault's",
    "TC410": "a connection to Vault that is not protected",
    "TC501": "unknown variable under the prefix",
    "TC502": "two spellings of one variable",
    "TC503": "a profile that is none",
    "TC504": "an option that cannot be",
    "TC505": "a source that could not be read",
    "TC506": "a file that another one of its name hides",
}
"""What each code means, in one sentence. Codes are stable: a code is never given a second meaning."""


class Related(Value):
    """A second place that explains a problem: `origin`, and what stands there."""

    origin: Origin
    label: str


class Problem(Value):
    """One thing that is wrong, as data; it never holds the offending value of a secret.

    Attributes:
        code: stable code, a key of `CODES`.
        path: dotted key path; empty when the problem is not about a key.
        origin: where it stands, or None when it stands nowhere (a missing key without a parent).
        expected: what would have been right, as a phrase.
        help: what to do about it.
        message: one sentence, for the first line.
        label: what stands under the caret.
        severity: error, warning or info.
        layer: which layer wins or loses here, as a sentence; empty when one layer alone speaks.
        related: other places that explain it.
        excerpts: the lines of the frames as (source, line, text), secrets already masked.
        fix: the text that should stand at `origin` instead, when there is exactly one candidate.
    """

    code: str
    path: str = ""
    origin: Origin | None = None
    expected: str = ""
    help: str = ""
    message: str = ""
    label: str = ""
    severity: Severity = "error"
    layer: str = ""
    related: tuple[Related, ...] = ()
    excerpts: tuple[tuple[str, int, str], ...] = ()
    fix: str | None = None

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin else ""
        return clean(f"{where}{self.severity}[{self.code}]: {self.message or CODES.get(self.code, '')}")


@clean_init
class ConfigError(ValueError):
    """What was read cannot be used. `problems` holds everything that is wrong, sorted by place."""

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


class VaultDenied(VaultError):
    """Vault refused: the login failed, the token ended, or no policy allows the path."""


class VaultNotFound(VaultError):
    """Vault does not hold the path, the key or the version."""


class VaultSealed(VaultError):
    """Vault is sealed or not initialised; somebody must unseal it."""


class VaultUnreachable(VaultError):
    """No usable answer in time: refused, timed out, 5xx, or not Vault's JSON."""
