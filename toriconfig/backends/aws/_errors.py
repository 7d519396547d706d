"""Conversion of exceptions of botocore to `SecretError`. Messages omit the text of answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from toriconfig.errors import MissingCredentialError, SecretDenied, SecretError, SecretNotFound, SecretUnreachable

if TYPE_CHECKING:
    from toriconfig.backends.aws._path import SecretPath

CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role"
EXTRA = ("boto3 is not installed", "pip install 'toriconfig[aws]'")
REGION = ("AWS is not configured", "set AWS_REGION")

_SIGN_IN = "sign in again (`aws sso login`), or renew the credentials of this program"
_CLOCK = "set the clock of this machine: a signature is valid for five minutes"
_ENDED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_INVALID = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "AuthFailure",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "NotSignedUp",
        "OptInRequired",
        "SubscriptionRequiredException",
    }
)
_SKEWED = frozenset({"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch"})
_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "DecryptionFailure"})
_BUSY = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})
_USER = re.compile(r"User: (arn:[\w:/+=,.@-]{1,400}) is not authorized to perform: ([\w:-]{1,100})")
_CODE = re.compile(r"[\w.-]{1,80}\Z")


def translated(scheme: str, secret: SecretPath, error: BaseException) -> SecretError:
    """Convert an exception to the `SecretError` that readers get. The result has no `__cause__`."""
    reference = f"{scheme}:{secret.name}"
    if isinstance(error, SecretError):
        return error.at("")
    if isinstance(error, ImportError):
        message = f"boto3 cannot be imported: {type(error).__name__}"
        return MissingCredentialError(message, reference=reference, help=EXTRA[1])
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return _answered(scheme, secret, reference, error)
    if isinstance(error, (BotoCoreError, OSError)):
        return _not_asked(scheme, secret, reference, error)
    return foreign(secret, type(error).__name__)  # botocore raises these when it parses an unexpected answer


def foreign(secret: SecretPath, why: str) -> SecretUnreachable:
    """Return the error for an answer that does not come from Secrets Manager. `why` is the reason, for the message."""
    message = f"what answers for {secret.name} is not Secrets Manager: {why}"
    return SecretUnreachable(message, help="is AWS_ENDPOINT_URL right?")


def no_version(scheme: str, secret: SecretPath) -> SecretNotFound:
    """Return the error for an existing secret that does not have the version named in its path."""
    message, help = f"{secret.name} has no {secret.pinned}", "correct the version, or leave it out"
    return SecretNotFound(message, reference=f"{scheme}:{secret.name}", help=help)


def _answered(scheme: str, secret: SecretPath, reference: str, error: Any) -> SecretError:
    """Return the error for an error answer of Secrets Manager."""
    told = error.response.get("Error", {})
    code, text = str(told.get("Code", "")), str(told.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = code if _CODE.match(code) else "an unknown error"
    name = secret.name
    if code == "ResourceNotFoundException":
        if secret.pinned and "secret value" in text:
            return no_version(scheme, secret)
        message, help = f"{scheme} does not hold {name}", "store it there, or correct the name or AWS_REGION"
        return SecretNotFound(message, reference=reference, help=help)
    if code == "InvalidRequestException" and "delet" in text:
        message, help = f"{name} is marked for deletion", "restore it: `aws secretsmanager restore-secret`"
        return SecretNotFound(message, reference=reference, help=help)
    user = _USER.search(text)
    if user or code in _REFUSED:
        who = f": {user[1]} may not use {user[2]}" if user else ""
        what = "its KMS key" if code == "DecryptionFailure" else "it"
        help = f"allow this program to read {what}, as `toriconfig policy --backend {scheme}` prints"
        return SecretDenied(f"{scheme} refuses {name}{who}", reference=reference, help=help)
    denied = {
        **dict.fromkeys(_ENDED, _SIGN_IN),
        **dict.fromkeys(_INVALID, CREDENTIALS),
        **dict.fromkeys(_SKEWED, _CLOCK),
    }
    if code in denied or status == 403:
        message = f"{scheme} does not accept the credentials of this program: {code}"
        return SecretDenied(message, reference=reference, help=denied.get(code, CREDENTIALS))
    if code in _BUSY or not isinstance(status, int) or status >= 500 or status == 429:
        message, help = f"{scheme} did not answer for {name}: {code}, status {status}", "try again later"
        return SecretUnreachable(message, reference=reference, help=help)
    return SecretError(f"{scheme} refused the request for {name}: {code}", reference=reference, help="correct the name")


def _not_asked(scheme: str, secret: SecretPath, reference: str, error: BaseException) -> SecretError:
    """Return the error for a request that was not sent or got no answer."""
    from botocore import exceptions as botocore

    name = type(error).__name__
    if isinstance(error, botocore.NoRegionError):
        return MissingCredentialError(REGION[0], reference=reference, help=REGION[1])
    if isinstance(error, (botocore.NoCredentialsError, botocore.PartialCredentialsError)):
        return MissingCredentialError("no AWS credentials were found", reference=reference, help=CREDENTIALS)
    if isinstance(error, botocore.ProfileNotFound):
        message, help = "the AWS profile does not exist", "correct AWS_PROFILE, or add the profile to ~/.aws/config"
        return MissingCredentialError(message, reference=reference, help=help)
    if isinstance(error, (botocore.SSOError, botocore.TokenRetrievalError)):
        return SecretDenied("the AWS sign-in of this program has ended", reference=reference, help=_SIGN_IN)
    if isinstance(error, botocore.CredentialRetrievalError):
        message = f"the AWS credentials could not be fetched: {name}"
        return SecretUnreachable(message, reference=reference, help=CREDENTIALS)
    if isinstance(error, (botocore.ConfigParseError, botocore.ConfigNotFound)):
        message, help = f"the configuration of AWS cannot be read: {name}", "correct ~/.aws/config and AWS_CONFIG_FILE"
        return SecretError(message, reference=reference, help=help)
    if isinstance(error, (botocore.ParamValidationError, botocore.InvalidRegionError)):
        message, help = f"{scheme} cannot be reached for {secret.name}: {name}", "correct the name or AWS_REGION"
        return SecretError(message, reference=reference, help=help)
    if isinstance(error, botocore.SSLError):
        message, help = f"{scheme} has a certificate that is not trusted", "name the CA in AWS_CA_BUNDLE"
    else:
        message = f"{scheme} cannot be reached for {secret.name}: {name}"
        help = "is the network up, and are AWS_REGION and AWS_ENDPOINT_URL right?"
    return SecretUnreachable(message, reference=reference, help=help)
