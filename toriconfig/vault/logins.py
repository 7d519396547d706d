"""The built-in login methods.

To add a method, write a subclass of `LoginMethod` and list it in the table `METHODS` at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from toriconfig._core.clean_call import clean_init
from toriconfig._core.markers import check_path
from toriconfig._core.trust import PINNED, SECRET, TUNING, Declared
from toriconfig.vault.addresses import addresses_in
from toriconfig.vault.login_method import LoginMethod
from toriconfig.vault.login_request import LoginRequest
from toriconfig.vault.login_tools import LoginTools

KUBERNETES_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  (a path)
"""Path at which Kubernetes mounts the token of the pod's service account."""


@clean_init
@dataclass(frozen=True)
class Token(Declared):
    """Login with an existing token.

    Args:
        token: the token; None: the content of `file`, else `VAULT_TOKEN`, else the content of the file that
            `VAULT_TOKEN_PATH` names, else the content of `~/.vault-token`.
        file: a file that holds the token, such as the sink of an agent. The file is read again when Vault refuses the
            token. None: no file.
        wrapped: True: the token is a wrapping token that holds the token to use. The wrapping token is unwrapped once.
        creation_path: path at which the wrapping token must have been created; None: any path below `auth/`.
    """

    method: ClassVar[str] = "token"
    token: str | None = field(default=None, metadata=SECRET)
    file: str | None = field(default=None, metadata=PINNED)
    wrapped: bool = field(default=False, metadata=PINNED)
    creation_path: str | None = field(default=None, metadata=PINNED)

    def __post_init__(self) -> None:
        check_text(self, "token", "file", "creation_path")
        _check_wrapped(self)
        _not_both(self, "token", "file")
        if self.creation_path is not None and not self.wrapped:
            raise ValueError("Token: `creation_path` needs `wrapped=True`")


@clean_init
@dataclass(frozen=True)
class AppRole(LoginMethod):
    """Login of a program with a role id and a secret id.

    Args:
        role_id: the role id.
        secret_id: the secret id, or a wrapping token for the secret id. None: the content of `secret_id_file`; without
            a file, no secret id is sent, so the role must not require one.
        secret_id_file: a file that holds the secret id, read at each login; None: no file.
        wrapped: True: the given secret id is a wrapping token, which is unwrapped once.
        creation_path: path at which the wrapping token must have been created; None: the `secret-id` path of any role
            of the mount.
        mount: mount path of the method.
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
        _check_wrapped(self)
        _not_both(self, "secret_id", "secret_id_file")
        if self.wrapped and self.secret_id is None and self.secret_id_file is None:
            raise ValueError("AppRole: `wrapped` needs `secret_id` or `secret_id_file`, which holds the wrapping token")
        if self.creation_path is not None and not self.wrapped:
            raise ValueError("AppRole: `creation_path` needs `wrapped=True`")

    def request(self, tools: LoginTools) -> LoginRequest:
        """Return the login request with the role id, and with the secret id if a secret id is set."""
        secret = tools.either(self.secret_id, self.secret_id_file, "the secret id")
        if secret is not None and self.wrapped:
            secret = tools.unwrap(secret, self.mount, self.creation_path)
        body = {"role_id": self.role_id} | ({"secret_id": secret} if secret is not None else {})
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", body)


@clean_init
@dataclass(frozen=True)
class Kubernetes(LoginMethod):
    """Login of a pod with the token of its service account.

    Args:
        role: the role.
        jwt_file: file of the service account's token, read at each login.
        mount: mount path of the method.
    """

    method: ClassVar[str] = "kubernetes"
    role: str = field(metadata=TUNING)
    jwt_file: str = field(default=KUBERNETES_TOKEN, metadata=PINNED)
    mount: str = field(default="kubernetes", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "role", "jwt_file", "mount")

    def request(self, tools: LoginTools) -> LoginRequest:
        """Return the request with the role and the service account's token."""
        jwt = tools.read(self.jwt_file, "the service account's token")
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", {"role": self.role, "jwt": jwt})


@clean_init
@dataclass(frozen=True)
class JWT(LoginMethod):
    """Login with a signed token of an identity provider.

    Args:
        role: the role; None: the default role of the mount.
        jwt: the signed token; None: the content of `jwt_file`. A token expires, so prefer a file.
        jwt_file: a file that holds the signed token, read at each login; None: `jwt`.
        mount: mount path of the method.
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
        """Return the login request with the signed token, and with the role if `role` is set."""
        role = {"role": self.role} if self.role else {}
        signed = tools.either(self.jwt, self.jwt_file, "the JWT")
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", {"jwt": signed, **role})


@clean_init
@dataclass(frozen=True)
class UserPass(LoginMethod):
    """Login with user name and password.

    Args:
        username: the user name.
        password: the password; None: the content of `password_file`.
        password_file: a file that holds the password, read at each login; None: `password`.
        mount: mount path of the method.
    """

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
        """Return the request with the password, at the path of the user."""
        password = tools.either(self.password, self.password_file, "the password")
        return LoginRequest(f"auth/{self.mount.strip('/')}/login/{self.username}", {"password": password})


@clean_init
@dataclass(frozen=True)
class TLSCertificate(LoginMethod):
    """Login with the client certificate of the connection.

    Args:
        role: the role; None: Vault chooses a role that matches the certificate.
        cert: PEM file of the certificate; None: `Vault.client_cert`, else `VAULT_CLIENT_CERT`, each with its key.
        key: PEM file of the private key of `cert`; None: the file `cert` holds the key too.
        mount: mount path of the method.
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
        """Return the login request, with the role if `role` is set. The TLS connection presents the certificate."""
        return LoginRequest(f"auth/{self.mount.strip('/')}/login", {"name": self.role} if self.role else {})


@clean_init
@dataclass(frozen=True)
class Agent(Declared):
    """No login: an agent or proxy on this host logs in and accepts requests without a token.

    If `address` and `socket` are None, the `address` of the `Vault` options is used, or else `VAULT_AGENT_ADDR`.

    Args:
        address: URL of the agent, such as `http://127.0.0.1:8100`; not together with `socket`.
        socket: path of the agent's Unix socket; not together with `address`.
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
"""The login methods, by the name that `TORI_VAULT__AUTH__METHOD` takes."""


def check_text(value: Any, *names: str) -> None:
    """Check that each field is None or a non-empty line of printable text.

    Args:
        value: the object that has the fields.
        names: names of the fields.

    Raises:
        ValueError: a field has another value; the message names the field.
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


def _check_wrapped(auth: Token | AppRole) -> None:
    """Raise an error if `wrapped` is not a bool: a token given there by mistake would be shown by `repr`."""
    if not isinstance(auth.wrapped, bool):
        raise ValueError(f"{type(auth).__name__}.wrapped: expected true or false")


def _not_both(value: Any, first: str, second: str) -> None:
    if getattr(value, first) is not None and getattr(value, second) is not None:
        raise ValueError(f"{type(value).__name__}: give `{first}` or `{second}`, not both")


def _one_of(value: Any, first: str, second: str) -> None:
    _not_both(value, first, second)
    if getattr(value, first) is None and getattr(value, second) is None:
        raise ValueError(f"{type(value).__name__}: give `{first}` or `{second}`")
