"""Connection to Vault that the settings describe, for `rotate --login`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.problem import UNREAD_FILE, Code
from toriconfig.cli._options import recipe

if TYPE_CHECKING:
    from toriconfig._core.problem import Problem
    from toriconfig.vault import Vault

_UNREAD = UNREAD_FILE | {Code.UNKNOWN_PROFILE, Code.INVALID_OPTION, Code.UNREADABLE_SOURCE}
"""Codes of inputs that were not read. The description of the login may be in such an input."""


def described_vault(options: dict[str, Any]) -> Vault:
    """Return the `Vault` object (address, login and other connection options) that the settings describe.

    Args:
        options: the options of the command line, which name the settings class and the profile.

    Raises:
        click.UsageError: the settings describe no connection, or an invalid one.
    """
    from toriconfig._load.attempt import try_load

    asked = recipe(options["target"], options["profile"], options["config_dir"], no_local=options["no_local"])
    attempt = try_load(asked.replaced(connected=True))
    wrong = [one for one in attempt.problems if one.severity == "error" and _concerns_login(one)]
    if wrong:
        raise click.UsageError(f"--login: {_told(wrong[0])}")
    if attempt.session is None:
        raise click.UsageError("--login: the settings name no address of Vault: set VAULT_ADDR")
    found: Vault = attempt.session.resolved.vault
    return found


def _concerns_login(problem: Problem) -> bool:
    return problem.path.partition(".")[0] == "vault" or problem.code in _UNREAD


def _told(problem: Problem) -> str:
    where = f"{problem.origin}: " if problem.origin is not None and problem.code in UNREAD_FILE else ""
    return f"{where}{problem.message}" + (f": {problem.help}" if problem.help else "")
