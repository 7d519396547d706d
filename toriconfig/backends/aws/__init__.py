"""AWS Secrets Manager as a backend. Needs the extra `aws`.

- `${aws:prod/db#password}`: one key of a secret that is a JSON object.
- `${aws:prod/db}`: the whole secret, as text, as bytes, or as the fields of a `Secret[Model]`.
- `${aws:prod/db?stage=AWSPREVIOUS#password}`: a key of the version with this staging label.
- `${aws:prod/db?version=ID#password}`: a key of the version with this id.

The name may be an ARN. Region, profile, credentials and endpoint are those of boto3 (AWS_REGION, AWS_PROFILE, a
role of the machine, AWS_ENDPOINT_URL), unless an object in the option `backends` sets them::

    SettingsConfigDict(backends=[SecretsManager(region="eu-central-1", refresh_interval=60.0)])
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from toriconfig._core.problem import Code
from toriconfig.backends import Backend, Fetched, Step
from toriconfig.backends.aws._path import SecretPath, parse
from toriconfig.errors import SecretError, SecretNotFound

if TYPE_CHECKING:
    from toriconfig.backends.aws._client import Client

__all__ = ["SecretsManager"]


class SecretsManager(Backend):
    """Backend for AWS Secrets Manager. The version of a value is the version id of AWS.

    Args:
        region: the region; None: AWS_DEFAULT_REGION, else the region of the profile, else AWS_REGION.
        profile: a profile of ~/.aws/config; None: AWS_PROFILE, else the default profile.
        endpoint: address of Secrets Manager, such as a VPC endpoint; None: AWS_ENDPOINT_URL, else the address of
            the region.
        session: a `boto3.Session` with its own profile and credentials; None: a session is created.
        timeout: maximum seconds that a reader waits for one fetch, including the fetch of credentials.
        refresh_interval: seconds between two fetches of a secret that is in use. AWS charges for each fetch.
        stale_for: seconds that a fetched value stays in use while Secrets Manager fails.
        workers: maximum number of concurrent fetches.
    """

    scheme = "aws"

    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        endpoint: str | None = None,
        session: Any = None,
        timeout: float = 5.0,
        refresh_interval: float = 300.0,
        stale_for: float = 3600.0,
        workers: int = 8,
    ) -> None:
        self.timeout = timeout
        self.refresh_interval = refresh_interval
        self.stale_for = stale_for
        self.workers = workers
        self._region = region
        self._session = session
        self._given = bool(region or session or profile)
        self._profile = profile
        self._endpoint = endpoint
        self._clients: dict[str, Client] = {}

    def fetch(self, path: str, timeout: float) -> Fetched:
        """Fetch a version of a secret, with the AWS call GetSecretValue.

        Args:
            path: name or ARN, optionally with `?stage=LABEL` or `?version=ID`.
            timeout: seconds to wait for a client that another thread is creating.

        Returns:
            Text or bytes, with the version id of AWS.

        Raises:
            SecretError: AWS returned no value; the subclass depends on the reason. The message never quotes AWS.
        """
        from toriconfig.backends.aws._errors import foreign, no_version

        secret = parse(path)
        absent: SecretNotFound | None = None
        answer: dict[str, Any] = {}
        try:
            answer = self._asked("get_secret_value", secret, secret.parameters, timeout)
        except SecretNotFound as error:
            absent = no_version(self.scheme, secret)
            if not secret.pinned or error.message == absent.message or not self._holds(secret.name, timeout):
                raise
        if absent is not None:
            raise absent
        value = answer.get("SecretString")
        value = answer.get("SecretBinary") if value is None else value
        if not isinstance(value, (str, bytes)):
            raise foreign(secret, "it holds no value")
        version = answer.get("VersionId")
        return Fetched(value, version if isinstance(version, str) else None)

    def check(self, path: str) -> None:
        """Check the syntax of a path.

        Args:
            path: name or ARN, optionally with `?stage=LABEL` or `?version=ID`.

        Raises:
            ValueError: the path is invalid.
        """
        parse(path)

    def unconfigured(self) -> tuple[str, str] | None:
        """Check that boto3 is installed, and that a region can be found. Credentials are not checked.

        The region can be stated by an argument, a variable of AWS, or an existing configuration file.

        Returns:
            The reason and the remedy; None: no problem.
        """
        from toriconfig.backends.aws._errors import EXTRA, REGION

        if find_spec("boto3") is None:
            return EXTRA
        named = self._given or any(map(os.environ.get, ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE")))
        return None if named or any(map(os.path.exists, _config_files())) else REGION

    def examine(self) -> Iterator[Step]:
        """Check region, endpoint and credentials.

        Returns:
            One step for each check.

        Raises:
            SecretError: the client cannot be created.
        """
        from toriconfig.backends.aws._client import silenced
        from toriconfig.backends.aws._errors import CREDENTIALS, translated

        client: Any = None
        credentials: Any = None
        wrong: SecretError | None = None
        try:
            with silenced():
                session, client = self._client.get(self.timeout)
                credentials = session.get_credentials()
        except Exception as error:  # noqa: BLE001  (any exception of botocore)
            wrong = translated(self.scheme, SecretPath("its secrets"), error)
        if wrong is not None:
            raise wrong
        endpoint = urlsplit(str(client.meta.endpoint_url))
        address = f"{endpoint.scheme}://{endpoint.netloc.rpartition('@')[2]}"
        yield Step("ok", "region", f"{client.meta.region_name}, {address}")
        if endpoint.scheme == "http" and endpoint.hostname not in ("localhost", "127.0.0.1", "::1"):
            message = f"{address} is not encrypted: the secrets can be read in transit"
            yield Step("warning", "TLS", message, "use https", Code.UNPROTECTED_CONNECTION)
        if credentials is None:
            yield Step("error", "credentials", "no AWS credentials were found", CREDENTIALS, Code.SECRET_WITHOUT_VALUE)
        else:
            yield Step("ok", "credentials", f"found by the method {credentials.method}")

    def policy(self, paths: Sequence[str], *, online: bool = False) -> str:
        """Return the smallest IAM policy that lets a program read the secrets.

        Args:
            paths: names or ARNs, optionally with `?stage=LABEL` or `?version=ID`.
            online: True: ask AWS for the ARNs and the KMS keys of the secrets (DescribeSecret). False: send no
                request; an unknown account or region is `*` in the policy.

        Returns:
            The policy as JSON.

        Raises:
            SecretError: a secret cannot be described.
        """
        from toriconfig.backends.aws._policy import described, offline_policy, policy_text

        if not online:
            region = self._region or getattr(self._session, "region_name", None)
            variables = map(os.environ.get, ("AWS_DEFAULT_REGION", "AWS_REGION"))
            return offline_policy(paths, region or next(filter(None, variables), "*"))
        secrets = dict.fromkeys(SecretPath(parse(path).name) for path in paths)
        found = [
            described(secret, self._asked("describe_secret", secret, secret.parameters, self.timeout))
            for secret in secrets
        ]
        return policy_text([arn for arn, _ in found], [statement for _, statement in found if statement is not None])

    @property
    def _client(self) -> Client:
        """The client. The first access creates the object, which all threads share."""
        found = self._clients.get("")
        if found is None:
            from toriconfig.backends.aws._client import Client

            made = Client(self._region, self._profile, self._endpoint, self._session, self.timeout, self.workers)
            found = self._clients.setdefault("", made)
        return found

    def _asked(self, operation: str, secret: SecretPath, parameters: dict[str, str], timeout: float) -> dict[str, Any]:
        """Call one operation of the client, and return the answer.

        Raises:
            SecretError: AWS is not configured, the ARN is of another region, or there is no answer or an error answer.
        """
        from toriconfig.backends.aws._client import silenced
        from toriconfig.backends.aws._errors import translated

        why = self.unconfigured()
        if why is not None:
            from toriconfig.errors import MissingCredentialError

            raise MissingCredentialError(why[0], reference=f"{self.scheme}:{secret.name}", help=why[1])
        wrong: SecretError
        try:
            with silenced():
                client = self._client.get(timeout)[1]
                self._check_region(secret, client.meta.region_name)
                answer: dict[str, Any] = getattr(client, operation)(**parameters)
                return answer
        except Exception as error:  # noqa: BLE001  (any exception of botocore)
            wrong = translated(self.scheme, secret, error)
        raise wrong

    def _holds(self, name: str, timeout: float) -> bool:
        """Return True if the current version of a secret can be read.

        Needed because some servers give the same answer for a missing secret as for a missing version.
        """
        secret = SecretPath(name)
        try:
            self._asked("get_secret_value", secret, secret.parameters, timeout)
        except SecretError:
            return False
        return True

    def _check_region(self, secret: SecretPath, region: str) -> None:
        """Raise an error for an ARN of another region: a settings file must not choose the host of the request."""
        if secret.region not in (None, region):
            message = f"{secret.name} is in another region than {region}, where {self.scheme} asks"
            help = f"set AWS_REGION, or give a backend with a scheme of its own and region={secret.region!r}"
            raise SecretNotFound(message, reference=f"{self.scheme}:{secret.name}", help=help)


def _config_files() -> tuple[str, ...]:
    """Return the paths of the AWS configuration files, which may name a region."""
    found = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    return tuple(os.path.expanduser(os.environ.get(variable) or default) for variable, default in found)
