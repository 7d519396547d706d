"""`toriconfig completion SHELL`: print a completion script."""

from __future__ import annotations

import click

from toriconfig.cli._say import say_exact


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print a completion script for a shell.

    For bash: source <(toriconfig completion bash).
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    say_exact(made(ctx.find_root().command, {}, "toriconfig", "_TORICONFIG_COMPLETE").source() + "\n")
    return 0
