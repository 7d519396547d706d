"""Functions that a login method may use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from toriconfig.vault.login_request import LoginAnswer


class LoginTools(ABC):
    """Functions that a login method may use in `LoginMethod.request`."""

    @abstractmethod
    def read(self, path: str, what: str) -> str:
        """Return the text of a regular file of at most 1 MiB, without surrounding whitespace.

        Args:
            path: the file; `~` is expanded.
            what: name of the content for error messages, such as "the password".

        Raises:
            SecretError: the file cannot be read, is empty, or is not UTF-8 text. The message names the file.
        """

    @abstractmethod
    def either(self, value: str | None, file: str | None, what: str) -> str | None:
        """Return `value`. If `value` is None, return the text of `file`; if both are None, return None.

        Args:
            value: the value, or None.
            file: the path of a file, or None; see `read`.
            what: name of the content for error messages.

        Raises:
            SecretError: the file cannot be used.
        """

    @abstractmethod
    def unwrap(self, token: str, mount: str, creation_path: str | None) -> str:
        """Return the secret id that a wrapping token holds. All logins of the process share the id.

        Args:
            token: the wrapping token.
            mount: mount path of the login method.
            creation_path: path at which the token must have been created; None: the `secret-id` path of any role of the
                mount.

        Raises:
            SecretError: the token was already used, has expired, or was not created at `creation_path`.
        """

    @abstractmethod
    def variable(self, name: str) -> str | None:
        """Return the value of an environment variable; None if the variable is unset or empty.

        Args:
            name: name of the variable.
        """

    @abstractmethod
    def fetch(self, url: str, what: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> str:
        """Send a request to a metadata service of the cloud. Return the stripped text of the answer.

        No proxy is used and no redirect is followed. The request ends at the deadline of the login.

        Args:
            url: URL of the request.
            what: name of the content for error messages.
            method: GET or PUT.
            headers: headers of the request; None: no headers.

        Raises:
            SecretError: no answer arrived, the status is not 200, or the text is not UTF-8 or is longer than 1 MiB. The
                message names the host.
        """

    @abstractmethod
    def log_in(self, by: Callable[[Any], object], *, name: str, locks: bool = True) -> LoginAnswer:
        """Call a function that logs in with an `hvac.Client`, and return the answer of the login.

        The client has no token. Its requests use the addresses, the TLS settings and the deadline of this login.

        Args:
            by: function that receives the client. The function logs in by a method of `client.auth`, or sets
                `client.token`.
            name: name of the method, for messages.
            locks: True: a refused login is not sent again for 15 minutes.

        Raises:
            SecretError: the login was refused, the function raised an exception, or there is no token afterwards.
        """
