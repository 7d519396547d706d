"""Logins by hvac: by a login method of `hvac.Client.auth`, or by a function that receives an `hvac.Client`.

These logins are chosen in code. Settings files and environment variables cannot choose them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeGuard

from toriconfig._core.clean_call import clean_init, expect
from toriconfig._core.trust import PINNED, SECRET
from toriconfig.vault.login_method import LoginMethod
from toriconfig.vault.login_request import LoginAnswer
from toriconfig.vault.login_tools import LoginTools

Argument = str | Callable[[], str]
"""Value of an argument, or a function that returns the value at each login."""


class Way(NamedTuple):
    """One login method of hvac.

    Attributes:
        required: names of the required arguments, separated by spaces.
        optional: names of the optional arguments, separated by spaces.
        function: name of the function of hvac.
        locks: True if refused logins lock an account, in Vault or in the service that checks the password for Vault.
    """

    required: str
    optional: str
    function: str = "login"
    locks: bool = False


WAYS: Mapping[str, Way] = {
    "approle": Way("role_id", "secret_id mount_point", locks=True),
    "aws": Way("", "role access_key secret_key session_token header_value region mount_point", "iam_login"),
    "aws-ec2": Way("pkcs7", "nonce role mount_point", "ec2_login"),
    "azure": Way("role", "jwt subscription_id resource_group_name vm_name vmss_name mount_point resource client_id"),
    "gcp": Way("role", "jwt mount_point"),
    "github": Way("token", "mount_point"),
    "jwt": Way("role jwt", "path", "jwt_login"),
    "kubernetes": Way("role jwt", "mount_point"),
    "ldap": Way("username password", "mount_point", locks=True),
    "oidc": Way("role jwt", "path", "jwt_login"),
    "okta": Way("username password", "mount_point", locks=True),
    "radius": Way("username password", "mount_point", locks=True),
    "userpass": Way("username password", "mount_point", locks=True),
}
"""The login methods of hvac, with hvac's names of their arguments; `resource` and `client_id` are ours."""

SHOWN = frozenset(
    [
        "role",
        "username",
        "mount_point",
        "path",
        "region",
        "header_value",
        "subscription_id",
        "resource_group_name",
        "vm_name",
        "vmss_name",
        "resource",
        "client_id",
    ]
)
"""Arguments that hold no secret. All others are credentials."""

_COROUTINE = 0x80  # inspect.CO_COROUTINE
_OTHERS = {"cert": "`TLSCertificate(...)`", "token": "`Token(...)`"}


@clean_init
@dataclass(frozen=True, init=False)
class HvacLogin(LoginMethod):
    """Login by a login method of hvac.

    An argument is text, or a function without arguments that returns the text at each login. An argument
    `<name>_file` is the path of a file that is read at each login.

    If the credentials of `aws`, `gcp` or `azure` are not passed as arguments, each login takes the credentials from the
    environment of the program. `aws` uses the first source that exists: the variable `AWS_ACCESS_KEY_ID` and related
    variables, STS with the web identity of a pod, the credentials service of the container, the metadata service of the
    machine. `gcp` uses the metadata service. `azure` uses the service that the variables
    `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` describe, or else the metadata service.

    Args:
        name: `approle`, `aws`, `aws-ec2`, `azure`, `gcp`, `github`, `jwt`, `kubernetes`, `ldap`, `oidc`, `okta`,
            `radius` or `userpass`.
        arguments: the arguments of hvac's login function, such as `username`, `password` and `mount_point`. `azure` has
            two more: `resource`, the resource to request a token for, and `client_id`, the managed identity.

    Raises:
        ValueError: the name or an argument is unknown, or an argument is missing or has an invalid value.

    >>> HvacLogin("ldap", username="ada", password="hunter2")
    HvacLogin(name='ldap', shown=(('username', 'ada'),), credentials='**********')
    """

    method: ClassVar[str] = "hvac"
    name: str = field(metadata=PINNED)
    shown: tuple[tuple[str, str], ...] = field(default=(), metadata=PINNED)
    credentials: tuple[tuple[str, Argument], ...] = field(default=(), metadata=SECRET)

    def __init__(self, name: str, /, **arguments: Argument | None) -> None:
        given = {key: value for key, value in arguments.items() if value is not None}
        _check(name, given)
        shown = tuple((key, value) for key, value in given.items() if isinstance(value, str) and _is_shown(key))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "shown", shown)
        object.__setattr__(self, "credentials", tuple(one for one in given.items() if one not in shown))

    def request(self, tools: LoginTools) -> LoginAnswer:
        """Log in with hvac, and return the answer."""
        from toriconfig.vault.clouds import completed

        way = WAYS[self.name]
        given = dict(_value(key, value, tools) for key, value in (*self.shown, *self.credentials))
        by = partial(_log_in, self.name.partition("-")[0], way.function, completed(self.name, given, tools))
        return tools.log_in(by, name=self.name, locks=way.locks)


@clean_init
@dataclass(frozen=True)
class Login(LoginMethod):
    """Login by a function that gets an `hvac.Client`.

    The client has no token. Its requests use the addresses, the TLS settings and the deadline of the login. The
    function is called for each login, on a thread of the library. The function logs in by a method of `client.auth`, or
    sets `client.token`. Its return value is ignored. The function must limit the time of its own requests to other
    services. A login that Vault refuses is not sent again for 15 minutes.

    Args:
        log_in: the function. The function is never printed or pickled, because it may hold credentials.

    Raises:
        ValueError: `log_in` is not a function, is a coroutine function, or is an object that cannot be hashed.

    >>> Login(lambda client: client.auth.ldap.login("ada", "hunter2"))
    Login(log_in='**********')
    """

    method: ClassVar[str] = "login"
    log_in: Callable[[Any], object] = field(metadata=SECRET)

    def __post_init__(self) -> None:
        if not _is_function(self.log_in):
            raise ValueError(
                "Login.log_in: expected a function that gets an `hvac.Client`; no coroutine function, and hashable"
            )

    def request(self, tools: LoginTools) -> LoginAnswer:
        """Call `log_in` with an `hvac.Client`, and return the answer of the login that `log_in` sends."""
        return tools.log_in(self.log_in, name=getattr(self.log_in, "__name__", type(self.log_in).__name__))


def _log_in(method: str, function: str, arguments: Mapping[str, str], client: Any) -> None:
    getattr(getattr(client.auth, method), function)(**arguments)


def _is_function(value: object) -> TypeGuard[Callable[..., object]]:
    """Return True for a hashable function that is called without `await`."""
    flags: int = getattr(getattr(value, "__code__", None), "co_flags", 0)
    return callable(value) and type(value).__hash__ is not None and not flags & _COROUTINE


def _is_shown(key: str) -> bool:
    return key in SHOWN or key.endswith("_file")


def _check(name: object, given: Mapping[str, object]) -> None:
    expect(name, str, "HvacLogin() needs the name of a login method as text")
    assert isinstance(name, str)
    way = WAYS.get(name)
    if way is None:
        instead = _OTHERS.get(name)
        if instead:
            raise ValueError(f"HvacLogin: use {instead} instead of {name!r}")
        from toriconfig._core.suggest import did_you_mean

        raise ValueError(
            f"HvacLogin: unknown login method {name!r}{did_you_mean(name, WAYS)}; known: {', '.join(WAYS)}"
        )
    known = [*way.required.split(), *way.optional.split()]
    for key, value in given.items():
        argument = key.removesuffix("_file")
        if argument not in known:
            from toriconfig._core.suggest import did_you_mean

            near = did_you_mean(argument, known)
            raise ValueError(f"HvacLogin({name!r}): unknown argument `{key}`{near}; known: {', '.join(known)}")
        if argument != key and argument in given:
            raise ValueError(f"HvacLogin({name!r}): give `{argument}` or `{key}`, not both")
        if not (isinstance(value, str) and value) and not (_is_function(value) and argument == key):
            wanted = "the path of a file" if argument != key else "text, or a function that returns text"
            raise ValueError(f"HvacLogin({name!r}): `{key}` is to be {wanted}")
    for key in way.required.split():
        if key not in given and f"{key}_file" not in given:
            raise ValueError(f"HvacLogin({name!r}): `{key}` is missing: give `{key}` or `{key}_file`")
    if ("access_key" in given or "access_key_file" in given) != ("secret_key" in given or "secret_key_file" in given):
        raise ValueError(f"HvacLogin({name!r}): give `access_key` and `secret_key`, or none of them")


def _value(key: str, value: Argument, tools: LoginTools) -> tuple[str, str]:
    """Return the name and the current value of an argument of the login.

    Args:
        key: name of the argument. If the name ends with `_file`, the file is read, and the name is returned without
            `_file`.
        value: the value, the path of the file, or a function that returns the value.
        tools: functions for login methods.

    Raises:
        SecretError: the file cannot be used, or the function raised an exception or returned no text.
    """
    if not callable(value):
        name = key.removesuffix("_file")
        return (key, value) if name == key else (name, tools.read(value, f"the {name}"))
    from toriconfig.errors import SecretError, VaultDenied

    try:
        text: object = value()
    except SecretError:
        raise
    except Exception as error:  # noqa: BLE001  (user code; its text may hold the credential)
        raise VaultDenied(
            f"the function for `{key}` of the login raised {type(error).__name__}", help="correct the function"
        ) from None
    if not isinstance(text, str) or not text:
        raise VaultDenied(f"the function for `{key}` of the login returned no text", help="correct the function")
    return key, text
