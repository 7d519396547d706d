"""Syntax of addresses, proxies and namespaces of Vault."""

from __future__ import annotations

from toriconfig._core.markers import check_path


def addresses_in(text: str, field: str) -> tuple[str, ...]:
    """Return the addresses in a comma-separated text, without spaces, empty items and trailing slashes.

    An address may end with a path below which Vault is served, such as `https://host/vault`.

    Raises:
        ValueError: an address is invalid, or contains a credential. The message names the field and the remedy, and
            does not repeat the address.
    """
    found = tuple(dict.fromkeys(_address(one.strip(), field) for one in text.split(",") if one.strip()))
    if not found:
        raise ValueError(f"{field}: expected http://host:port, https://host:port or unix:///socket")
    return found


def check_proxy(address: str, field: str) -> str:
    """Return the normalized address of a proxy. The address may contain user name and password.

    Raises:
        ValueError: the address is invalid; the message does not repeat the address.
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
        raise ValueError(f"{field}: user names, passwords, `?` and `#` are not allowed there; log in with `auth`")
    if not _is_host(host):
        raise ValueError(f"{field}: expected {scheme}://host:port")
    below = [part for part in path.split("/") if part]
    try:
        if below:
            check_path("/".join(below))
    except ValueError as error:
        raise ValueError(f"{field}: after the host, {error}") from None
    if below[-1:] == ["v1"]:
        raise ValueError(f"{field}: omit the trailing /v1, which is added to each request")
    return "/".join((f"{scheme}://{host}", *below))


def _is_host(host: str) -> bool:
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if (colon and not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536)) or not (name or host):
        return False
    return bool(name or not colon) and not any(char.isspace() or char in "/\\" for char in host)


def check_namespace(namespace: str, field: str) -> None:
    """Reject a namespace that Vault or a proxy could interpret as another one. `/` is the root namespace.

    Raises:
        ValueError: the namespace is invalid; the message names the field.
    """
    try:
        if namespace.strip("/"):
            check_path(namespace.strip("/"))
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None
