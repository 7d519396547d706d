"""Environment variables and loggers. The code gives their names, and `test_reference.py` finds those that are missing."""

from __future__ import annotations

import re

from reference.names import strings

LOADS = {
    "<PREFIX>PROFILE": "the profile; the option `profile_env` names another variable",
    "<PREFIX>CONFIG_FILE": "settings files to read instead of those of `config_name`, comma-separated, lowest first",
    "<PREFIX>NO_LOCAL": "true: `NAME.local.yaml` is not read",
}
"""Variables that control a load; `<PREFIX>` is the option `env_prefix`."""

HOME = {"HOME": "folder of `~/.vault-token`, which `Token()` reads; `USERPROFILE` on Windows"}

COMMAND_LINE = {
    "TORICONFIG_OUTPUT_FORMAT": "default of `--output-format` for findings",
    "TORI_CONFIG_FILE": "`check` without a settings class checks this file with `ToriSettings`",
    "ENV_FOR_DYNACONF": "`init --from-dynaconf` writes this name as `profile_env`, if the project names no other",
    "NO_COLOR": "not empty: no colours",
    "FORCE_COLOR": "not empty: colours, also without a terminal; `CLICOLOR_FORCE` has the same effect",
    "CLICOLOR_FORCE": "as `FORCE_COLOR`",
    "TERM": "`dumb`: no colours",
}

AWS = {
    "AWS_REGION": "region of Secrets Manager; region of STS for the login `aws`",
    "AWS_DEFAULT_REGION": "as `AWS_REGION`, if that is not set",
    "AWS_PROFILE": "profile of the AWS configuration files; with a region or a profile, the backend `aws` is used",
    "AWS_CONFIG_FILE": "AWS configuration file that may name a region",
    "AWS_SHARED_CREDENTIALS_FILE": "AWS credentials file that may name a region",
}

CLOUDS = {
    "AWS_ACCESS_KEY_ID": "`aws`: access key; needs `AWS_SECRET_ACCESS_KEY`",
    "AWS_SECRET_ACCESS_KEY": "`aws`: secret key",
    "AWS_SESSION_TOKEN": "`aws`: session token of temporary keys",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "`aws`: file of the web identity's token, exchanged at STS",
    "AWS_ROLE_ARN": "`aws`: role for the web identity",
    "AWS_ROLE_SESSION_NAME": "`aws`: name of the session at STS; default: `toriconfig`",
    "AWS_ENDPOINT_URL_STS": "`aws`: URL of STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "`aws`: path of the container's credentials",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "`aws`: URL of the container's credentials",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "`aws`: authorization for that request",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "`aws`: file of that authorization",
    "AWS_EC2_METADATA_DISABLED": "`aws`: true: the machine is not asked for credentials",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "`aws`: URL of the machine's metadata service",
    "GCE_METADATA_HOST": "`gcp`: host of the metadata service",
    "IDENTITY_ENDPOINT": "`azure`: URL of the identity service of App Service and similar",
    "IDENTITY_HEADER": "`azure`: header for that service",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "`azure`: URL of the machine's metadata service",
}
"""Variables that `HvacLogin` reads for credentials that were left out."""

GIVEN = {
    "TORICONFIG_ACT": "set for the commands of the kind `command`: the act, `apply` or `retire`",
    "TORICONFIG_REFERENCE": "set for the commands of the kind `command`: the reference of the secret",
}

LOGGERS = {
    "toriconfig": "loads, reloads, watched files, missing credentials, callbacks that raise",
    "toriconfig.vault": "outages and recoveries of Vault, tokens that end, connections without TLS",
    "toriconfig.backends": "outages and recoveries of other backends",
    "toriconfig.rotation": "each step of a rotation with Vault's request ids; kinds that cannot be used",
    "toriconfig.pipeline": "a secret that is too short or too common to be masked",
    "toriconfig.pipeline.run_sync": "at DEBUG: coroutines and loops that do not end",
    "toriconfig.progress": "one line per progress report, unless `on_report` is given; exceptions of `on_report`",
}

OTHERS = frozenset(
    (
        *("DEFAULT_MAP", "HTTP_REQUEST", "RAISE_VARARGS", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"),
        *("WRONG_VERSION_NUMBER", "O_CLOEXEC", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK"),
        *("CA_CERT", "CA_PATH", "CLI_NO_COLOR", "DISABLE_REDIRECTS", "HTTP_PROXY", "LOG_LEVEL", "MAX_RETRIES"),
        *("RATE_LIMIT", "SRV_LOOKUP", "WRAP_TTL"),
    )
)
"""Strings of the code that have the form of a variable and are none, or are variables that only other tools read."""


def described() -> dict[str, str]:
    """Return every variable of the tables, without those of the Vault tools."""
    return {**LOADS, **HOME, **COMMAND_LINE, **AWS, **CLOUDS, **GIVEN}


def names_in_code() -> set[str]:
    """Return the strings of the code that have the form of a variable."""
    return {text for text, _ in strings() if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", text)} - OTHERS


def loggers_in_code() -> set[str]:
    """Return the names of loggers in the code: strings that are no module and no other name."""
    others = {"toriconfig.commands", "toriconfig.rotation_kinds", "toriconfig.account", "toriconfig.override"}
    others |= {"toriconfig.rotate.kind", "toriconfig.rotate.options"}
    found = {text for text, _ in strings() if re.fullmatch(r"toriconfig(\.[a-z]+(_sync)?)*", text)} - others
    return {name for name in found if not name.startswith(("toriconfig.cli", "toriconfig.integrations"))} - {
        "toriconfig.traceback"
    }
