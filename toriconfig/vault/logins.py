"""The ways to log in, as values that make the request of one login.

A new way is a class here, and its name in the table `METHODS` at the end. A program makes its own by subclassing
`LoginMethod`, and passes it as `Vault(auth=...)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from toriconfig._core.clean_call import clean_init
from toriconfig._core.markers import check_path
from toriconfig._core.trust import PINNED, SECRET, TUNING, Declared
from toriconfig.vault.addresses import addresses_in

KUBERNETES_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  (a path)
"""Where Kubernetes mounts the token of the pod's service account."""


class LoginRequest(NamedTuple):
    """The request of one login.

    Attributes:
        path: below `/v1/`, such as `auth/userpass/login/ada`.
        body: sent as JSON by POST; it may hold secrets, which `repr` does not show.
    """

    path: str
    body: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"LoginRequest({self.path!r})"


class LoginTools(ABC):
    """Functions that a login method may use while it makes its request."""

    @abstractmethod
    def read(self, path: str, what: str) -> str:
        """Return the text of a regular file of at most 1 MiB, without surrounding space.

        Args:
            path: the file; `~` is expanded.
            what: a name of the content for messages, such as "the password".

        Raises:
            SecretError: the file cannot be read, or holds no text; the message names it.
        """

    @abstractmethod
    def either(self, value: str | None, file: str | None, what: str) -> str | None:
        """Return the value, else the text of the file as by `read`, else None."""

    @abstractmethod
    def unwrap(self, token: str, mount: str, creation_path: str | None) -> str:
        """Return the secret id that a wrapping token holds, opened once for all sessions.

        Raises:
            SecretError: the token was used, has ended, or was not made at `creation_path`.
        """


class LoginMethod(Declared, ABC):
    """Base of every way to log in: a frozen dataclass that makes the request of one login.

    Each field declares its trust class in its metadata: `SECRET` for a credential, `PINNED` for a setting that only
    code and the environment may give, `TUNING` for any other. A field that declares nothing is treated as a secret.

    Attributes:
        method: name of the method, for messages.
        locks: True if Vault locks the account after a few refused logins; a refused login is then not sent again with
            the same credentials for 15 minutes.

    Example:
        >>> @dataclass(frozen=True)
        ... class Ldap(LoginMethod):
        ...     method: ClassVar[str] = "ldap"
        ...     locks: ClassVar[bool] = True
        ...     username: str = field(metadata=TUNING)
        ...     password: str = field(metadata=SECRET)
        ...
        ...     def request(self, tools: LoginTools) -> LoginRequest:
        ...         return LoginRequest(f"auth/ldap/login/{self.username}", {"password": self.password})
        >>> Ldap("ada", "hunter2")
        Ldap(username='ada', password='**********')
    """

    method: ClassVar[str] = ""
    locks: ClassVar[bool] = False

    @abstractmethod
    def request(self, tools: LoginTools) -> LoginRequest:
        """Return the request of one login; called for each login, on a thread of the library.

        Raises:
            SecretError: a credential cannot be had; the message says why, and holds no part of it.
        """


@clean_init
@dataclass(frozen=True)
class Token(Declared):
    """A token that somebody else obtained.

    Args:
        token: the token; None: `file`, else `VAULT_TOKEN`, else `~/.vault-token`.
        file: a file that holds it, such as the sink of an agent; read again when Vault refuses the token.
    """

    method: ClassVar[str] = "token"
    token: str | None = field(default=None, metadata=SECRET)
    file: str | None = field(default=None, metadata=PINNED)

    def __post_init__(self) -> None:
        check_text(self, "token", "file")
        _not_both(self, "token", "file")


@clean_init
@dataclass(frozen=True)
class AppRole(LoginMethod):
    """The login of machines: a role id and a secret id.

    Args:
        role_id: the role's id.
        secret_id: the secret id, or a wrapping token that holds it; None: `secret_id_file`, or a role that binds none.
        secret_id_file: a file that holds it; read at each login.
        wrapped: whether what is given is a wrapping token, to be used once.
        creation_path: where the wrapping token must have been made; None: any role's `secret-id` of the mount.
        mount: where the method is mounted.
    """

    method: ClassVar[str] = "approle"
    locks: ClassVar[bool] = True
    role_id: str = field(metadata=TUNING)
    secret_id: str | None = field(default=None, metadata=SECRET)
    secret_id_file: str | None = field(default=None, metadata=PINNED)
    wrapped: bool = field(default=False, metadata=PINNED)
    creation_path: str | None = field(default=None, metadata=PINNED)
    mount: str = field(default="approle", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "role_id", "mount")
        check_text(self, "secret_id", "secret_id_file", "creation_path")
        _not_both(self, "secret_id", "secret_id_file")
        if self.wrapped and self.secret_id is None and self.secret_id_file is None:
            raise ValueError("AppRole: `wrapped` needs `secret_id` or `secret_id_file`, which holds the wrapping token")
        if self.creation_path is not None and not self.wrapped:
            raise ValueError("AppRole: `creation_path` means something only with `wrapped=True`")

    def request(self, tools: LoginTools) -> LoginRequest:
        """The role id, and the secret id where there is one."""
        secret = tools.either(self.secret_id, self.secret_id_file, "the secret id")
        if secret is not None and self.wrapped:
            secret = tools.unwrap(secret, self.mount, self.creation_path)
        body = {"role_id": self.role_id} | ({"secret_id": secret} if secret is not None else {})
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", body)


@clean_init
@dataclass(frozen=True)
class Kubernetes(LoginMethod):
    """The login of a pod, by the token of its service account, read at each login."""

    method: ClassVar[str] = "kubernetes"
    role: str = field(metadata=TUNING)
    jwt_file: str = field(default=KUBERNETES_TOKEN, metadata=PINNED)
    mount: str = field(default="kubernetes", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "role", "jwt_file", "mount")

    def request(self, tools: LoginTools) -> LoginRequest:
        """The role, and the token of the service account."""
        jwt = tools.read(self.jwt_file, "the service account's token")
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", {"role": self.role, "jwt": jwt})


@clean_init
@dataclass(frozen=True)
class JWT(LoginMethod):
    """The login by a signed token of an identity provider.

    Args:
        role: the role; None: the mount's default role.
        jwt: the token; it will end, so a file is better.
        jwt_file: a file that holds it; read at each login.
        mount: where the method is mounted.
    """

    method: ClassVar[str] = "jwt"
    role: str | None = field(default=None, metadata=TUNING)
    jwt: str | None = field(default=None, metadata=SECRET)
    jwt_file: str | None = field(default=None, metadata=PINNED)
    mount: str = field(default="jwt", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "mount")
        check_text(self, "role", "jwt", "jwt_file")
        _one_of(self, "jwt", "jwt_file")

    def request(self, tools: LoginTools) -> LoginRequest:
        """The signed token, and the role where one is named."""
        role = {"role": self.role} if self.role else {}
        signed = tools.either(self.jwt, self.jwt_file, "the JWT")
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", {"jwt": signed, **role})


@clean_init
@dataclass(frozen=True)
class UserPass(LoginMethod):
    """The login by user name and password; `password_file` is read at each login."""

    method: ClassVar[str] = "userpass"
    locks: ClassVar[bool] = True
    username: str = field(metadata=TUNING)
    password: str | None = field(default=None, metadata=SECRET)
    password_file: str | None = field(default=None, metadata=PINNED)
    mount: str = field(default="userpass", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "username", "mount")
        check_text(self, "password", "password_file")
        _one_of(self, "password", "password_file")

    def request(self, tools: LoginTools) -> LoginRequest:
        """The password, at the path of the user."""
        password = tools.either(self.password, self.password_file, "the password")
        return LoginRequest(f"auth/{self.mount.strip('/')}/login/{self.username}", {"password": password})


@clean_init
@dataclass(frozen=True)
class TLSCertificate(LoginMethod):
    """The login by the client certificate of the connection.

    Args:
        role: the role to ask for; None: whichever matches the certificate.
        cert: PEM file of the certificate; None: `Vault.client_cert`, else `VAULT_CLIENT_CERT`.
        key: PEM file of its key; None: `Vault.client_key`, else `VAULT_CLIENT_KEY`.
        mount: where the method is mounted.
    """

    method: ClassVar[str] = "cert"
    role: str | None = field(default=None, metadata=TUNING)
    cert: str | None = field(default=None, metadata=PINNED)
    key: str | None = field(default=None, metadata=PINNED)
    mount: str = field(default="cert", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "mount")
        check_text(self, "role", "cert", "key")
        if self.key is not None and self.cert is None:
            raise ValueError("TLSCertificate: `key` needs `cert`")

    def request(self, tools: LoginTools) -> LoginRequest:
        """The role where one is named; the certificate is that of the connection."""
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", {"name": self.role} if self.role else {})


@clean_init
@dataclass(frozen=True)
class Agent(Declared):
    """No login: an agent or proxy on this host logs in, and takes requests without a token.

    Args:
        address: where it listens, `http://127.0.0.1:8100`; None: `socket`, else `VAULT_AGENT_ADDR`.
        socket: its unix socket.
    """

    method: ClassVar[str] = "agent"
    address: str | None = field(default=None, metadata=PINNED)
    socket: str | None = field(default=None, metadata=PINNED)

    def __post_init__(self) -> None:
        check_text(self, "address", "socket")
        _not_both(self, "address", "socket")
        if self.address is not None:
            addresses_in(self.address, "Agent.address")


Auth = Token | Agent | LoginMethod
"""Origin of the token of a session: given, added by an agent, or obtained by a login."""

METHODS: dict[str, type[Any]] = {
    kind.method: kind for kind in (Token, AppRole, Kubernetes, JWT, UserPass, TLSCertificate, Agent)
}
"""The ways to log in, by the name that `TORI_VAULT__AUTH__METHOD` takes."""


def check_text(value: Any, *names: str) -> None:
    """Refuse a field that is neither None nor a line of text.

    Raises:
        ValueError: with the name of the field.
    """
    for name in names:
        given = getattr(value, name)
        if given is not None and (not isinstance(given, str) or not given.strip() or not given.isprintable()):
            raise ValueError(f"{type(value).__name__}.{name}: expected a line of text, or None")


def _required(value: Any, *names: str) -> None:
    for name in names:
        if getattr(value, name) is None:
            raise ValueError(f"{type(value).__name__}.{name} is missing")
    check_text(value, *names)
    for name in {"mount", "username"}.intersection(names):  # both become part of a path
        try:
            check_path(getattr(value, name).strip("/"))
        except ValueError as error:
            raise ValueError(f"{type(value).__name__}.{name}: {error}") from None


def _not_both(value: Any, first: str, second: str) -> None:
    if getattr(value, first) is not None and getattr(value, second) is not None:
        raise ValueError(f"{type(value).__name__}: give `{first}` or `{second}`, not both")


def _one_of(value: Any, first: str, second: str) -> None:
    _not_both(value, first, second)
    if getattr(value, first) is None and getattr(value, second) is None:
        raise ValueError(f"{type(value).__name__}: give `{first}` or `{second}`")
