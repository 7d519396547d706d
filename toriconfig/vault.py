"""Where Vault is and how to log in, as values: nothing here reads a file, a variable or the network.

A value is checked when it is made; its `repr` shows no credential. The metadata of each field declares what a file of
the checkout may set and what is secret (`toriconfig._core.trust`). What is None is taken from the
variables of the Vault tools (`VAULT_ADDR`, `VAULT_TOKEN`, ... and their `BAO_*` twins) at use.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from toriconfig._core.clean_call import clean_init
from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.markers import check_path
from toriconfig._core.trust import PINNED, SECRET, TUNING, Declared

__all__ = ["JWT", "Agent", "AppRole", "Kubernetes", "TLSCertificate", "Token", "UserPass", "Vault"]

KUBERNETES_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  (a path)
"""Where Kubernetes mounts the token of the pod's service account."""


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
        _text(self, "token", "file")
        _not_both(self, "token", "file")


@clean_init
@dataclass(frozen=True)
class AppRole(Declared):
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
    role_id: str = field(metadata=TUNING)
    secret_id: str | None = field(default=None, metadata=SECRET)
    secret_id_file: str | None = field(default=None, metadata=PINNED)
    wrapped: bool = field(default=False, metadata=PINNED)
    creation_path: str | None = field(default=None, metadata=PINNED)
    mount: str = field(default="approle", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "role_id", "mount")
        _text(self, "secret_id", "secret_id_file", "creation_path")
        _not_both(self, "secret_id", "secret_id_file")
        if self.wrapped and self.secret_id is None and self.secret_id_file is None:
            raise ValueError("AppRole: `wrapped` needs `secret_id` or `secret_id_file`, which holds the wrapping token")
        if self.creation_path is not None and not self.wrapped:
            raise ValueError("AppRole: `creation_path` means something only with `wrapped=True`")


@clean_init
@dataclass(frozen=True)
class Kubernetes(Declared):
    """The login of a pod, by the token of its service account, read at each login."""

    method: ClassVar[str] = "kubernetes"
    role: str = field(metadata=TUNING)
    jwt_file: str = field(default=KUBERNETES_TOKEN, metadata=PINNED)
    mount: str = field(default="kubernetes", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "role", "jwt_file", "mount")


@clean_init
@dataclass(frozen=True)
class JWT(Declared):
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
        _text(self, "role", "jwt", "jwt_file")
        _one_of(self, "jwt", "jwt_file")


@clean_init
@dataclass(frozen=True)
class UserPass(Declared):
    """The login by user name and password; `password_file` is read at each login."""

    method: ClassVar[str] = "userpass"
    username: str = field(metadata=TUNING)
    password: str | None = field(default=None, metadata=SECRET)
    password_file: str | None = field(default=None, metadata=PINNED)
    mount: str = field(default="userpass", metadata=PINNED)

    def __post_init__(self) -> None:
        _required(self, "username", "mount")
        _text(self, "password", "password_file")
        _one_of(self, "password", "password_file")


@clean_init
@dataclass(frozen=True)
class TLSCertificate(Declared):
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
        _text(self, "role", "cert", "key")
        if self.key is not None and self.cert is None:
            raise ValueError("TLSCertificate: `key` needs `cert`")


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
        _text(self, "address", "socket")
        _not_both(self, "address", "socket")
        if self.address is not None:
            addresses_in(self.address, "Agent.address")


Auth = Token | AppRole | Kubernetes | JWT | UserPass | TLSCertificate | Agent

METHODS: dict[str, type[Any]] = {
    kind.method: kind for kind in (Token, AppRole, Kubernetes, JWT, UserPass, TLSCertificate, Agent)
}
"""The ways to log in, by the name that `TORI_VAULT__AUTH__METHOD` takes."""


class _Default:
    """Marks a number that nobody gave; the mark stays with it through `dataclasses.replace` and copies of any kind."""


class _Seconds(_Default, float): ...


class _Count(_Default, int): ...


@clean_init
@dataclass(frozen=True, eq=False)
class Vault(Declared):
    """Where Vault is and how to use it.

    Args:
        address: `https://vault:8200`, or several, comma-separated, that fail over; `https://host/vault` where Vault
            answers below a path; None: `VAULT_ADDR`.
        namespace: None: `VAULT_NAMESPACE`, else none; `/`: none, whatever the variable says.
        auth: how to log in; None: as `Token()`, or as `Agent()` where `VAULT_AGENT_ADDR` is set.
        timeout: seconds that a read may take in all, login and retries included, over 0 to 300;
            when it is not given, `VAULT_CLIENT_TIMEOUT` counts.
        refresh_interval: seconds between two looks at a path, 0.05 to 86,400.
        stale_for: seconds that a value is kept while Vault cannot be asked, from 0.
        overlap: seconds that old credentials live on after new ones were swapped in, from 0.
        prefetch_workers: how many requests may be under way at once, 1 to 64.
        ca_cert, ca_path: PEM file, directory of the CAs to trust; None: `VAULT_CACERT`, `VAULT_CAPATH`, the system's.
        client_cert, client_key: PEM files of the client certificate; None: `VAULT_CLIENT_CERT`, `VAULT_CLIENT_KEY`.
        tls_server_name: the name that the certificate must bear; None: `VAULT_TLS_SERVER_NAME`, else the host.
        verify: False: certificates are not checked, never for production; None: `VAULT_SKIP_VERIFY`, else they are.
        proxy: `http://proxy:3128`, `http://user:password@proxy:3128`; None: `VAULT_PROXY_ADDR`; `HTTPS_PROXY` and the like are never looked at.
        allow_file_address: True: files of the checkout (YAML, JSON, `.env`) may set every field, the address, the
            CAs and the credentials included; None: only what decides neither where credentials go nor what is read.
        share_after_fork: whether a forked child goes on with its parent's token and leases; None: it gets its own.
        clock: for tests.

    Raises:
        ValueError: a field cannot be; the message names it and the remedy.
    """

    address: str | None = field(default=None, metadata=PINNED)
    namespace: str | None = field(default=None, metadata=PINNED)
    auth: Auth | None = field(default=None, metadata=TUNING)  # the fields of the login decide, each for itself
    timeout: float = field(default=_Seconds(5.0), metadata=TUNING)
    refresh_interval: float = field(default=_Seconds(60.0), metadata=TUNING)
    stale_for: float = field(default=_Seconds(3600.0), metadata=TUNING)
    overlap: float = field(default=_Seconds(30.0), metadata=TUNING)
    prefetch_workers: int = field(default=_Count(8), metadata=TUNING)
    ca_cert: str | None = field(default=None, metadata=PINNED)
    ca_path: str | None = field(default=None, metadata=PINNED)
    client_cert: str | None = field(default=None, metadata=PINNED)
    client_key: str | None = field(default=None, metadata=PINNED)
    tls_server_name: str | None = field(default=None, metadata=PINNED)
    verify: bool | None = field(default=None, metadata=PINNED)
    proxy: str | None = field(default=None, repr=False, metadata=PINNED)
    allow_file_address: bool | None = field(default=None, metadata=PINNED)
    share_after_fork: bool | None = field(default=None, metadata=TUNING)
    clock: Clock = field(default=SYSTEM, repr=False, metadata=PINNED)

    def __post_init__(self) -> None:
        _text(self, "address", "namespace", "ca_cert", "ca_path", "client_cert", "client_key")
        _text(self, "tls_server_name", "proxy")
        if self.auth is not None and type(self.auth) not in METHODS.values():
            raise ValueError(f"Vault.auth: expected one of {', '.join(kind.__name__ for kind in METHODS.values())}")
        _number(self, "timeout", above=0.0, most=300.0)
        _number(self, "refresh_interval", least=0.05, most=86_400.0)
        _number(self, "stale_for", least=0.0)
        _number(self, "overlap", least=0.0)
        _number(self, "prefetch_workers", least=1, most=64)
        if not isinstance(self.prefetch_workers, int):
            raise ValueError("Vault.prefetch_workers: expected a whole number")
        for name in ("verify", "allow_file_address", "share_after_fork"):
            if not isinstance(getattr(self, name), bool | None):
                raise ValueError(f"Vault.{name}: expected true or false")
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("Vault.client_key: needs `client_cert`")
        if self.address is not None:
            addresses_in(self.address, "Vault.address")
        if self.proxy is not None:
            check_proxy(self.proxy, "Vault.proxy")
        if self.namespace is not None:
            check_namespace(self.namespace, "Vault.namespace")

    def says(self, name: str) -> bool:
        """Whether that field was given a value, be it the default's, so that no variable or file is asked for it."""
        value = getattr(self, name)
        return value is not None and not isinstance(value, _Default)

    def _key(self) -> tuple[Any, ...]:
        values = tuple(getattr(self, one.name) for one in fields(self) if one.name != "clock")
        return (*values, id(self.clock))

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Vault) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


def addresses_in(text: str, field: str) -> tuple[str, ...]:
    """The addresses in a comma-separated text, spelt alike: without spaces, empty places and closing slashes.

    As for the tools of Vault an address may have a path, `https://host/vault`, below which Vault answers.

    Raises:
        ValueError: one is no address, or holds a credential; the message names the field and the remedy, and does not
            repeat the address.
    """
    found = tuple(dict.fromkeys(_address(one.strip(), field) for one in text.split(",") if one.strip()))
    if not found:
        raise ValueError(f"{field}: expected http://host:port, https://host:port or unix:///socket")
    return found


def check_proxy(address: str, field: str) -> str:
    """The address of a proxy, spelt plainly; it may hold user name and password.

    Raises:
        ValueError: it is none; the message does not repeat it.
    """
    scheme, colon, rest = address.strip().partition("://")
    login, _, host = rest.rstrip("/").rpartition("@")
    if colon and scheme.lower().startswith("socks"):
        raise ValueError(f"{field}: a SOCKS proxy is not supported, expected http://host:port")
    if not colon or scheme.lower() not in ("http", "https") or not _is_host(host) or "/" in login:
        raise ValueError(f"{field}: expected http://host:port, or with a login http://user:password@host:port")
    return f"{scheme.lower()}://{login}{'@' if login else ''}{host}"


def _address(address: str, field: str) -> str:
    scheme, colon, rest = address.partition("://")
    scheme = scheme.lower()
    if not colon or scheme not in ("http", "https", "unix") or not rest:
        raise ValueError(f"{field}: expected http://host:port, https://host:port or unix:///socket")
    if scheme == "unix":
        if not rest.startswith("/"):
            raise ValueError(f"{field}: expected unix:///absolute/path")
        return f"unix://{rest.rstrip('/')}"
    host, _, path = rest.partition("/")
    if "@" in rest or "?" in rest or "#" in rest:
        raise ValueError(f"{field}: user names, passwords, `?` and `#` do not belong there; log in with `auth`")
    if not _is_host(host):
        raise ValueError(f"{field}: expected {scheme}://host:port")
    below = [part for part in path.split("/") if part]
    try:
        if below:
            check_path("/".join(below))
    except ValueError as error:
        raise ValueError(f"{field}: after the host, {error}") from None
    if below[-1:] == ["v1"]:
        raise ValueError(f"{field}: leave out the closing /v1, which is added to each request")
    return "/".join((f"{scheme}://{host}", *below))


def _is_host(host: str) -> bool:
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if (colon and not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536)) or not (name or host):
        return False
    return bool(name or not colon) and not any(char.isspace() or char in "/\\" for char in host)


def check_namespace(namespace: str, field: str) -> None:
    """Refuse a namespace that could be read as another one; `/` is the root, as for the tools of Vault.

    Raises:
        ValueError: with the field's name.
    """
    try:
        if namespace.strip("/"):
            check_path(namespace.strip("/"))
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None


def _text(value: Any, *names: str) -> None:
    for name in names:
        given = getattr(value, name)
        if given is not None and (not isinstance(given, str) or not given.strip() or not given.isprintable()):
            raise ValueError(f"{type(value).__name__}.{name}: expected a line of text, or None")


def _required(value: Any, *names: str) -> None:
    for name in names:
        if getattr(value, name) is None:
            raise ValueError(f"{type(value).__name__}.{name} is missing")
    _text(value, *names)
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


def _number(value: Any, name: str, *, least: float | None = None, above: float = -1.0, most: float = 1e9) -> None:
    given = getattr(value, name)
    low = f"from {least:g}" if least is not None else f"above {above:g}"
    right = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not right or not (given > above if least is None else given >= least) or given > most:
        raise ValueError(f"Vault.{name}: expected a number {low} to {most:g}")
