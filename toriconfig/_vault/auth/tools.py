"""Implementation of `LoginTools`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.auth.login import read_text
from toriconfig._vault.auth.unwrap import Ask, secret_id_of, unwrap
from toriconfig.errors import SecretError
from toriconfig.vault.login_request import LoginAnswer
from toriconfig.vault.login_tools import LoginTools

if TYPE_CHECKING:
    from toriconfig._vault.requester import WorkerRequester

T = TypeVar("T")


class Tools(LoginTools):
    """Implementation of `LoginTools` for one login.

    Args:
        requester: object that sends the requests to Vault.
        deadline: deadline of the login.
        ask: function that sends the requests for wrapped secret ids.
    """

    def __init__(self, requester: WorkerRequester, deadline: Deadline, ask: Ask) -> None:
        self._requester = requester
        self._deadline = deadline
        self._ask = ask

    def read(self, path: str, what: str) -> str:
        return _or_raised(read_text(path, what))

    def either(self, value: str | None, file: str | None, what: str) -> str | None:
        return self.read(file, what) if value is None and file is not None else value

    def unwrap(self, token: str, mount: str, creation_path: str | None) -> str:
        resolved = self._requester.resolved
        where = (resolved.addresses, resolved.login_namespace)
        return _or_raised(unwrap(token, secret_id_of(mount, creation_path), self._ask, where, self._deadline))

    def variable(self, name: str) -> str | None:
        return self._requester.environ.get(name) or None

    def fetch(self, url: str, what: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> str:
        from toriconfig._vault.http.metadata import fetch

        return _or_raised(fetch(url, what, method, headers or {}, self._deadline))

    def log_in(self, by: Callable[[Any], object], *, name: str, locks: bool = True) -> LoginAnswer:
        from toriconfig._vault.auth.by_hvac import log_in

        return _or_raised(log_in(self._requester, self._deadline, by, name=name, locks=locks))


def _or_raised(outcome: T | SecretError) -> T:
    if isinstance(outcome, SecretError):
        raise outcome
    return outcome
