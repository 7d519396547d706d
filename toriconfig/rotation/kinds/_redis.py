"""Redis and Valkey: login tests, and password changes of ACL users.

A password change sends only the SHA-256 of the password, which the server stores. A login sends the password.
Errors of redis-py never leave this module, because their frames contain passwords.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from toriconfig.pipeline._library_logger import library_logger
from toriconfig.rotation._errors import DatabaseUnreachable, RotationError, RotationRefused
from toriconfig.rotation.kinds import _driver
from toriconfig.rotation.kinds._driver import Login

if TYPE_CHECKING:
    import redis

_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}
_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_NO_ACL_FILE = "not configured to use an ACL file"
_NO_CONFIG_FILE = "without a config file"
_ASKS_FOR_NONE = "without any password configured"


class Address:
    """Address of a server: `redis://host:port`, `rediss://` with TLS, or `unix:///path`.

    Args:
        url: the address.

    Raises:
        ValueError: the URL is invalid, or has credentials. The message does not show the URL.
    """

    def __init__(self, url: str) -> None:
        if "@" in url:
            raise ValueError("the URL must not hold credentials: name `admin`, a reference to them")
        try:
            parts = urlsplit(url)
            self.host, port = parts.hostname or "", parts.port or 6379
        except ValueError:
            parts, self.host, port = urlsplit(""), "", 0
        scheme = _SCHEMES.get(parts.scheme, "")
        if not scheme or not (self.host or scheme == "unix"):
            raise ValueError("the URL cannot be read: write `redis://cache:6379`, or `rediss://cache:6379` with TLS")
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
        if any(name not in _OPTIONS for name in names) or (scheme != "unix" and parts.path not in ("", "/")):
            raise ValueError(f"the URL has more than host and port; it may have {', '.join(_OPTIONS)} after a `?`")
        self.url = parts._replace(scheme=scheme, fragment="").geturl()
        self._text = parts.path if scheme == "unix" else f"{self.host}:{port}"

    def __str__(self) -> str:
        return self._text


class Accounts:
    """The ACL users of a server. The class implements the protocol `_driver.Accounts`.

    Args:
        client: the client, which is logged in as the administrator.
        server: name of the server in messages, such as "Redis at cache:6379".
        rehearse: True: change nothing.
    """

    def __init__(self, client: Any, server: str, *, rehearse: bool) -> None:
        self._client, self._server, self._rehearse = client, server, rehearse

    def act_as_oneself(self) -> None:
        """Do nothing: a user needs no preparation to change the user's own password."""

    def exists(self, user: str) -> bool:
        """Return True if there is a user of that name."""
        return self._found(user) is not None

    def related(self, user: str, of: str) -> bool:
        """Return True if `user` and `of` are the same name.

        Two Redis users never alternate, because one user can have the former and the new password at the same time.
        """
        return user == of

    def create_second(self, user: str, of: str) -> None:
        """Raise `RotationRefused`: a rotation in Redis never creates a user."""
        raise RotationRefused(
            f"there is no user {user} at {self._server}", help=f"it takes the rules of {of}: ACL SETUSER"
        )

    def set_password(self, user: str, password: str, former: str = "") -> None:
        """Make `password` and `former` the only passwords of the user, in one command.

        Raises:
            RotationRefused: there is no such user, or the user may log in with any text as password (`nopass`).
        """
        found = self._found(user)
        if found is None:
            raise RotationRefused(
                f"there is no user {user} at {self._server}", help=f"create it with its rules: ACL SETUSER {user}"
            )
        if "nopass" in found["flags"]:
            raise RotationRefused(
                f"{self._server} accepts any password of {user}, so a password cannot be checked",
                help=f"end that first: ACL SETUSER {user} resetpass, with a password",
            )
        hashes = [_rule("#", one) for one in (former, password) if one]
        self._run(user, "resetpass", *hashes)

    def forget_password(self, user: str, password: str) -> None:
        """Remove `password` from the passwords of the user. Do nothing if the user does not have this password."""
        found = self._found(user)
        rule = _rule("!", password)
        if found is not None and rule[1:] in found["passwords"]:
            self._run(user, rule)

    def _found(self, user: str) -> Any:
        return self._client.acl_getuser(user)

    def _run(self, user: str, *rules: str) -> None:
        # Without rules, an existing user stays as it is; but a missing privilege is reported.
        self._client.execute_command("ACL SETUSER", user, *(() if self._rehearse else rules))
        if not self._rehearse:
            self._save()

    def _save(self) -> None:
        """Save the users in the ACL file, so that a restart keeps them.

        If there is no ACL file, save the users in the configuration file. If Redis has neither file, log a warning.
        """
        from redis.exceptions import NoPermissionError, ResponseError

        try:
            self._client.execute_command("ACL SAVE")
            return
        except ResponseError as error:
            if isinstance(error, NoPermissionError) or _NO_ACL_FILE not in str(error):
                raise
        try:
            self._client.execute_command("CONFIG REWRITE")
        except ResponseError as error:
            if isinstance(error, NoPermissionError) or _NO_CONFIG_FILE not in str(error):
                raise
            library_logger("toriconfig.rotation").warning(
                "%s stores no users: a restart restores the users of its command line; start it with an `aclfile`",
                self._server,
            )


class Server(_driver.Server):
    """One server of Redis or Valkey.

    Args:
        address: address of the server.
        timeout: seconds for one connection and the work on it.
    """

    remedy = "check the URL, and that the server is running"

    def __init__(self, address: Address, timeout: float) -> None:
        super().__init__(timeout)
        self._address = address

    @property
    def host(self) -> str:
        return self._address.host

    def _try(self, login: Login) -> str:
        import redis

        error = self._connected(login, lambda _: None)
        if error is None:
            return ""
        if _ASKS_FOR_NONE in str(error):
            raise RotationRefused(
                f"{self} accepts any password of {login.username}, so a password cannot be checked",
                help="give the user a password first: ACL SETUSER",
            )
        if isinstance(error, redis.AuthenticationError):
            return _text(error)
        raise self._error(error, login)

    def _change(self, login: Login, work: Callable[[_driver.Accounts], None], user: str, *, rehearse: bool) -> None:
        error = self._connected(login, lambda client: work(Accounts(client, str(self), rehearse=rehearse)))
        if error is not None:
            raise self._error(error, login)

    def _connected(self, login: Login, work: Callable[[redis.Redis], None]) -> Exception | None:
        """Log in and call `work`. Return the error of redis-py; None if there was no error."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        client = redis.Redis.from_url(
            self._address.url,
            username=login.username,
            password=login.password,
            socket_connect_timeout=self._timeout / 2,
            socket_timeout=self._timeout / 2,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # RESP3 needs the right to HELLO
            decode_responses=True,
        )
        try:
            # A login is all: a user may have the right to no command at all.
            pool = client.connection_pool
            pool.release(pool.get_connection())
            work(client)
        except (redis.RedisError, OSError) as error:
            return error.with_traceback(None)
        finally:
            client.close()
        return None

    def _error(self, error: Exception, login: Login) -> RotationError:
        import redis
        from redis.exceptions import NoPermissionError

        text = _text(error)
        if isinstance(error, redis.AuthenticationError):
            return RotationError(f"{self} refused {login.username}: {text}")
        if isinstance(error, NoPermissionError):
            rights = "+acl|setuser +acl|getuser +acl|save +config|rewrite"
            return RotationError(
                f"{self} refused {login.username}: {text}", help=f"let it do so: ACL SETUSER {login.username} {rights}"
            )
        if isinstance(error, redis.ResponseError) and not isinstance(error, redis.BusyLoadingError):
            return RotationError(f"{self} refused {login.username}: {text}")
        return DatabaseUnreachable(f"{self} does not answer: {text}", help=self.remedy)

    def __str__(self) -> str:
        return f"Redis at {self._address}"


def _rule(sign: str, password: str) -> str:
    """Return an ACL rule for a password: the sign `#` adds the password, and `!` removes the password."""
    return sign + hashlib.sha256(password.encode()).hexdigest()


def _text(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
