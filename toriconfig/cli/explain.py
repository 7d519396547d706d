"""`toriconfig explain KEY`: which layer won, which lost, and where each says so."""

from __future__ import annotations

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import load_options, output_options, recipe, settings_option, write_problems


@click.command()
@click.argument("key")
@settings_option
@load_options
@click.option("--online", is_flag=True, help="Fetch a secret first, so that its version and age are known.")
@output_options
def explain(
    key: str, target: str | None, profile: str | None, config_dir: str | None, online: bool, form: str, color: str
) -> int:
    """Explain where the value of KEY comes from."""
    from toriconfig._explain import explain_in
    from toriconfig._load import try_load
    from toriconfig.errors import SecretError, VaultSealed, VaultUnreachable

    asked = recipe(target, profile, config_dir)._replace(offline=not online)
    attempt = try_load(asked)
    if attempt.loaded is None:
        write_problems(attempt.problems, form, color, asked.schema.__name__)
        return code_of(attempt.problems)
    code = Exit.FINE
    try:
        found = explain_in(attempt.loaded, key)
        if online and found.secret:
            from toriconfig import _path

            try:
                attempt.loaded.snapshot.secrets[_path.parse(key)].get()
            except SecretError as error:
                click.echo(str(error), err=True)
                code = Exit.UNREACHED if isinstance(error, (VaultUnreachable, VaultSealed)) else Exit.FINDINGS
            found = explain_in(attempt.loaded, key)
    except (KeyError, ValueError) as error:
        raise click.UsageError(str(error.args[0])) from None
    click.echo(str(found))
    return code
