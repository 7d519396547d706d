"""`toriconfig policy`: the smallest Vault policy that the declared secrets need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import load_options, output_options, recipe, settings_option, write_problems

if TYPE_CHECKING:
    from toriconfig._vault.session import Session


@click.command()
@settings_option
@load_options
@click.option(
    "--online", is_flag=True, help="Ask Vault which engine each path lies in; else KV v2 is taken for granted."
)
@output_options
def policy(target: str | None, profile: str | None, config_dir: str | None, online: bool, form: str, color: str) -> int:
    """Print the policy that lets a token read every declared secret, and nothing else."""
    from toriconfig._load import try_load
    from toriconfig._policy import Locate, policy_of, versioned

    asked = recipe(target, profile, config_dir)._replace(offline=not online)
    attempt = try_load(asked)
    if attempt.loaded is None:
        write_problems(attempt.problems, form, color, asked.schema.__name__)
        return code_of(attempt.problems)
    snapshot = attempt.loaded.snapshot
    references = [reference for found in snapshot.declared.values() for reference in found]
    locate: Locate = versioned
    if online:
        if snapshot.session is None:
            raise click.UsageError("Vault is not configured: set VAULT_ADDR, or leave --online out")
        known = _located(snapshot.session, references)
        if isinstance(known, str):
            click.echo(known, err=True)
            return Exit.UNREACHED
        locate = known.__getitem__
    click.echo(policy_of(references, locate), nl=False)
    return Exit.FINE


def _located(session: Session, references: list[str]) -> dict[str, str] | str:
    from toriconfig._reference import split
    from toriconfig._vault.write import policy_path
    from toriconfig.errors import SecretError

    try:
        return {path: policy_path(session, path) for path in {split(reference)[0] for reference in references}}
    except SecretError as error:
        return str(error)
