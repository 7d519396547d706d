"""Base class of login methods, and the types that its method `request` receives and returns.

A program defines its own login method as a subclass of `LoginMethod`, and passes an instance as `Vault(auth=...)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from toriconfig._core.trust import Declared
from toriconfig.vault.login_request import LoginAnswer, LoginRequest
from toriconfig.vault.login_tools import LoginTools


class LoginMethod(Declared, ABC):
    """Base class of login methods: a frozen dataclass that creates the request of one login.

    Each field declares its trust class in its metadata: `SECRET` for a credential, `PINNED` for a setting that only
    code and environment variables may set, `TUNING` for any other. A field without a declaration is treated as a
    secret.

    Attributes:
        method: name of the method, for messages.
        locks: True if Vault locks the account after a few refused logins. The same refused credentials are then not
            sent again for 15 minutes.

    Example:
        >>> from dataclasses import dataclass, field
        >>> from toriconfig.vault import SECRET, TUNING
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
    def request(self, tools: LoginTools) -> LoginRequest | LoginAnswer:
        """Return the request of one login, or the answer of a login that `tools.log_in` has sent.

        Called once per login, on a thread of the library.

        Args:
            tools: functions to read files, to unwrap tokens and to log in with an `hvac.Client`.

        Raises:
            SecretError: a credential is not available. The message gives the reason, and holds no part of the
                credential.
        """
