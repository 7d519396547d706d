"""`toriconfig policy`: the minimal Vault policy for the declared secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import (
    env_file_option,
    load_options,
    output_options,
    recipe,
    settings_option,
    write_problems,
)
from toriconfig.cli._say import note, say

if TYPE_CHECKING:
    from toriconfig._vault.requester import Requester
    from toriconfig.errors import SecretError


@click.command()
@settings_option
@load_options
@env_file_option
@click.option("--online", is_flag=True, help="Ask Vault for the engine of each path; without it KV v2 is assumed.")
@output_options
def policy(target: str | None, online: bool, form: str, color: str, **how: Any) -> int:
    """Print the minimal policy with which a token can read every declared secret."""
    from toriconfig._inspect.policy import Locate, policy_of, versioned
    from toriconfig._load.attempt import try_load

    asked = recipe(target, **how)
    attempt = try_load(asked if online else asked.unasked())
    errors = [problem for problem in attempt.problems if problem.severity == "error"]
    if errors:
        write_problems(errors, form, color, asked.schema.__name__, asked.most)
        return code_of(errors)
    if not attempt.references:
        note(f"{asked.schema.__name__} reads nothing from Vault")
        return Exit.FINE
    locate: Locate = versioned
    if online:
        if attempt.session is None:
            raise click.UsageError("Vault is not configured: set VAULT_ADDR, or omit --online")
        known = _located(attempt.session.client, attempt.references)
        if not isinstance(known, dict):
            return _untold(known)
        locate = known.__getitem__
    say(policy_of(attempt.references, locate), end="")
    return Exit.FINE


def _located(client: Requester, references: tuple[str, ...]) -> dict[str, str] | SecretError:
    from toriconfig._core.markers import split
    from toriconfig._vault.engines.mounts import policy_path
    from toriconfig.errors import SecretError

    try:
        return {path: policy_path(client, path) for path in {split(reference).path for reference in references}}
    except SecretError as error:
        return error.with_traceback(None)


def _untold(error: SecretError) -> Exit:
    from toriconfig.errors import VaultDenied, VaultSealed, VaultUnreachable

    note(str(error))
    if isinstance(error, VaultDenied):
        note("looking up the engines needs a token with access to the paths; or omit --online")
    return Exit.UNREACHED if isinstance(error, (VaultUnreachable, VaultSealed)) else Exit.FINDINGS
