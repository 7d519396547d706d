"""The keys of one path in Vault as a source, for secrets and plain fields. No other source uses the network."""

from __future__ import annotations

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig._secrets.provider import Provider
from toriconfig.errors import (
    MissingCredentialError,
    SecretError,
    VaultDenied,
    VaultNotFound,
    VaultSealed,
    VaultUnreachable,
)

_CODES: dict[type[SecretError], str] = {
    VaultDenied: Code.BACKEND_DENIED,
    VaultNotFound: Code.NOT_IN_BACKEND,
    VaultSealed: Code.BACKEND_UNREACHABLE,
}


class VaultSource:
    """Source of the keys of one path, which is read once, within the timeout of the connection.

    If Vault cannot be reached or has no such path, or if there is no credential for a login, the values of lower layers
    are used, with a warning. After any other error, such as denied access or a sealed Vault, the load fails, because
    values of lower layers must not replace those of Vault.

    Args:
        provider: the provider of the path.
        path: the path, for messages.
    """

    def __init__(self, provider: Provider, path: str) -> None:
        self._provider = provider
        self._path = path

    def load(self) -> Tree:
        """Return a tree with the keys of the path and their values. A key may be a dotted path.

        If the path cannot be read, return an empty tree with a problem.
        """
        for flight in self._provider.pending():
            flight.wait()
        try:
            reading = self._provider.settle()
        except SecretError as error:
            return Tree(Node({}, Layer("vault", self._path, self._locate)), problems=(self._problem(error),))
        version = reading.version

        def locate(key: str | None) -> Origin:
            return Origin("vault", f"{self._path}#{key}" if key else self._path, version=version)

        layer = Layer("vault", self._path, locate)
        values = reading.value if isinstance(reading.value, dict) else {}
        return Tree(Node({key: _node(value, layer, key) for key, value in values.items()}, layer))

    def _locate(self, key: str | None) -> Origin:
        return Origin("vault", self._path)

    def _problem(self, error: SecretError) -> Problem:
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), Code.BACKEND_UNREACHABLE)
        refused = not isinstance(error, (VaultUnreachable, VaultNotFound, MissingCredentialError))
        return Problem(
            code,
            origin=self._locate(None),
            expected="the keys of plain fields, as `vault_layer` is eager",
            help=error.help,
            message=error.message,
            severity="error" if refused else "warning",
        )


def _node(value: object, layer: Layer, key: str) -> Node:
    if isinstance(value, dict):
        return Node({str(name): _node(part, layer, f"{key}.{name}") for name, part in value.items()}, layer, key)
    if isinstance(value, list):
        return Node([_node(part, layer, key) for part in value], layer, key)
    return Node(value, layer, key)
