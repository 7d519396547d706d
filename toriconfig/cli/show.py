"""`toriconfig show`: the settings in effect."""

from __future__ import annotations

import click

from toriconfig.cli._exit import code_of
from toriconfig.cli._options import load_options, output_options, recipe, settings_option, write_problems


@click.command()
@click.argument("key", required=False)
@settings_option
@load_options
@click.option("--origins", is_flag=True, help="Say of each value where it comes from.")
@click.option("--format", "-f", "style", type=click.Choice(["yaml", "json", "env"]), default="yaml", show_default=True)
@output_options
def show(
    key: str | None,
    target: str | None,
    profile: str | None,
    config_dir: str | None,
    origins: bool,
    style: str,
    form: str,
    color: str,
) -> int:
    """Show the settings in effect, or those below KEY; secrets as their reference, never their value."""
    from toriconfig import _path
    from toriconfig._effective import leaves
    from toriconfig._load import try_load
    from toriconfig.cli._write import as_env, as_json, as_yaml

    asked = recipe(target, profile, config_dir)._replace(offline=True)
    attempt = try_load(asked)
    if attempt.loaded is None:
        write_problems(attempt.problems, form, color, asked.schema.__name__)
        return code_of(attempt.problems)
    try:
        below = _path.parse(key) if key else ()
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    found = list(leaves(attempt.loaded, below))
    if not found:
        raise click.UsageError(f"no key `{key}`")
    if style == "json":
        click.echo(as_json(found, origins=origins), nl=False)
    elif style == "env":
        from toriconfig._json_schema import variables_of

        variables = {path: name for name, path in variables_of(asked.schema)}
        click.echo(as_env(found, variables, origins=origins), nl=False)
    else:
        click.echo(as_yaml(found, origins=origins), nl=False)
    return 0
