"""Connection to Vault that the settings describe, for `rotate --login`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._options import recipe

if TYPE_CHECKING:
    from toriconfig.vault import Vault


def described_vault(options: dict[str, Any]) -> Vault:
    """Return the address and the login from the settings class, its variables and its files.

    Args:
        options: the options of the command line.

    Raises:
        click.UsageError: the settings describe no connection, or an invalid one.
    """
    from toriconfig._load.attempt import try_load

    asked = recipe(options["target"], options["profile"], options["config_dir"], no_local=options["no_local"])
    attempt = try_load(asked.replaced(connected=True))
    wrong = [one for one in attempt.problems if one.severity == "error" and one.path.partition(".")[0] == "vault"]
    if wrong:
        raise click.UsageError(f"--login: {wrong[0].message}: {wrong[0].help}")
    if attempt.session is None:
        raise click.UsageError("--login: the settings name no address of Vault: set VAULT_ADDR")
    found: Vault = attempt.session.resolved.vault
    return found
