"""`toriconfig show`: the effective settings."""

from __future__ import annotations

import sys
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
from toriconfig.cli._say import note, say_exact

if TYPE_CHECKING:
    from toriconfig._core.path import Path
    from toriconfig._inspect.effective import Leaf
    from toriconfig._load.attempt import Attempt
    from toriconfig._load.snapshot import Loaded


@click.command()
@click.argument("key", required=False)
@settings_option
@load_options
@env_file_option
@click.option("--origins", is_flag=True, help="Show the origin of each value.")
@click.option(
    "--format", "-f", "style", type=click.Choice(["yaml", "json", "env", "shell"]), default="yaml", show_default=True
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False),
    help="Write one HTML page instead, with a column per layer; `-`: to stdout. A file that is not such a page is "
    "refused.",
)
@click.option(
    "--force", is_flag=True, help="With --html: replace a file that another program wrote, or the target of a link."
)
@click.option("--online", is_flag=True, help="With --html: fetch every secret first, for its version, age and end.")
@output_options
def show(
    key: str | None,
    target: str | None,
    origins: bool,
    style: str,
    page: str | None,
    force: bool,
    online: bool,
    form: str,
    color: str,
    **how: Any,
) -> int:
    """Show the effective settings, or those below KEY.

    Secrets are shown as their reference, never their value. A load of the output gives the same settings, except
    secrets without a reference and values that the format cannot express. JSON omits these settings; the other formats
    write comments instead. `--format env` is for parsers of `.env` files, `--format shell` for a shell:
    eval "$(toriconfig show --format shell)". If the settings cannot be loaded, the findings are written instead, in the
    format of `--output-format`.
    """
    from toriconfig._core.path import show as spelt
    from toriconfig._load.attempt import try_load
    from toriconfig.cli._write import as_env, as_json, as_shell, as_yaml, shows

    asked = recipe(target, **how)
    if page is None and (online or force):
        raise click.UsageError(f"--{'online' if online else 'force'} has an effect with --html only")
    asked = asked if online else asked.unasked()
    attempt = try_load(asked)
    if attempt.loaded is None:
        write_problems(attempt.problems, form, color, asked.schema.__name__, asked.most)
        return code_of(attempt.problems)
    if page is not None:
        return _write_page(attempt, attempt.loaded, key, page, online=online, force=force)
    found = _leaves(attempt.loaded, key)
    ascii_alone = not (sys.stdout.encoding or "").lower().startswith("utf")
    if style in ("env", "shell"):
        write = as_env if style == "env" else as_shell
        say_exact(write(found, asked.schema, origins=origins, ascii=ascii_alone))
    elif style == "json":
        say_exact(as_json(found, origins=origins, ascii=ascii_alone))
        hidden = [spelt(leaf.path) for leaf in found if not shows(leaf)]
        if hidden:
            note(f"omitted, because they are or hold a secret without a reference: {', '.join(hidden)}")
    else:
        say_exact(as_yaml(found, origins=origins))
    return Exit.FINE


def _write_page(attempt: Attempt, loaded: Loaded, key: str | None, file: str, *, online: bool, force: bool) -> int:
    from toriconfig._inspect.page import page_of
    from toriconfig._render.page import is_page
    from toriconfig._secrets.prefetch import failures_of
    from toriconfig.cli._replace_file import Refused, replace_file
    from toriconfig.errors import SecretUnreachable, VaultSealed

    below = _below(loaded, key)
    failures = failures_of(attempt.secrets) if online else []
    text = page_of(loaded, below)
    if file == "-":
        say_exact(text.encode("ascii", "xmlcharrefreplace").decode())
    else:
        try:
            replace_file(file, text, force=force, is_ours=is_page)
        except Refused as error:
            raise click.UsageError(f"{file} {error}") from None
        except OSError as error:
            raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
        note(f"wrote {file}")
    for failure in failures:
        note(str(failure))
    if not all(isinstance(failure, (SecretUnreachable, VaultSealed)) for failure in failures):
        return Exit.FINDINGS
    return Exit.UNREACHED if failures else Exit.FINE


def _below(loaded: Loaded, key: str | None) -> Path:
    from toriconfig._core.path import show as spelt
    from toriconfig._core.printable import clean
    from toriconfig._inspect.effective import leaves
    from toriconfig._load.lookup import keys_at

    try:
        below = keys_at(loaded, key) if key else ()
    except (KeyError, ValueError) as error:
        raise click.UsageError(clean(str(error.args[0]))) from None
    for leaf in leaves(loaded) if below else ():
        if len(leaf.path) < len(below) and leaf.path == below[: len(leaf.path)]:
            raise click.UsageError(f"`{key}` is a part of `{spelt(leaf.path)}`, which can only be shown as a whole")
    return below


def _leaves(loaded: Loaded, key: str | None) -> list[Leaf]:
    from toriconfig._inspect.effective import leaves

    return list(leaves(loaded, _below(loaded, key)))
