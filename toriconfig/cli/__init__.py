"""The command line, with one module per command. Commands import their dependencies late, so that `--version` is fast.

To add a command, write a module with a click command, and add a line to the table `COMMANDS`. The module
`_installed` finds the commands of other packages.
"""

import os
import sys

try:
    _here = os.getcwd()
except OSError:
    os.write(
        2, b"toriconfig: the working directory does not exist any more: change to another one\n"
    )  # nothing is imported yet
    sys.exit(2)
if sys.path[:1] in ([""], [_here]):
    # `python -m toriconfig`, perhaps with other options in one word as in `-Bmtoriconfig`, puts the working directory
    # first on the path, before the standard library. What it may supply is decided in `_import`.
    _names = ("toriconfig", "toriconfig.__main__", "toriconfig.cli", "toriconfig.cli.__main__")
    for _before, _one in zip(sys.orig_argv, sys.orig_argv[1:], strict=False):
        _option = _one if _one[:1] == "-" else _before + _one if _before[:1] == "-" and _before[-1:] == "m" else ""
        if _option.partition("m")[2] in _names:
            del sys.path[0]
            break

from importlib import import_module
from typing import Any

import click

from toriconfig import __version__
from toriconfig.cli._exit import run

COMMANDS = {
    "init": "init:init",
    "check": "check:check",
    "validate": "check:check",
    "explain": "explain:explain",
    "show": "show:show",
    "diff": "diff:diff",
    "schema": "schema:schema",
    "doctor": "doctor:doctor",
    "health": "health:health",
    "policy": "policy:policy",
    "rotate": "rotate:rotate",
    "vault": "vault:vault",
    "completion": "completion:completion",
}
"""The commands, as `module:function` in this package."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        from toriconfig.cli._installed import installed

        return [*_own_commands(), *(name for name in installed() if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module, _, function = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(f"toriconfig.cli.{module}"), function)
            return command
        from toriconfig.cli._installed import command_of, installed

        points = installed().get(cmd_name)
        if points is None:
            return None
        try:
            return command_of(points)
        except click.UsageError:
            if ctx.resilient_parsing:  # a shell completes a name
                return None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, without importing those of other packages."""
        from toriconfig.cli._installed import installed, package_of

        names = _own_commands()
        limit = formatter.width - 6 - max(map(len, names))
        commands = [(name, self.get_command(ctx, name)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit)) for name, one in commands if one is not None])
        others = {name: points for name, points in installed().items() if name not in COMMANDS}
        if others:
            with formatter.section("Commands of other packages"):
                formatter.write_dl([(name, " and ".join(map(package_of, found))) for name, found in others.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from toriconfig._core.suggest import near

            names = self.list_commands(ctx)
            if args[0] in names:
                raise
            candidate = near(args[0], [*COMMANDS, *names])
            raise click.UsageError(
                f"no such command `{args[0]}`" + (f"; did you mean `{candidate}`?" if candidate else ""), ctx
            ) from error


def _own_commands() -> list[str]:
    return [name for name in COMMANDS if name != "validate"]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="toriconfig", message="%(prog)s %(version)s")
def cli() -> None:
    """Check, explain and rotate the settings of a program.

    Exit codes: 0 fine, 1 findings, 2 usage or unreadable input, 3 a source could not be reached, 130 interrupted.
    """


def main() -> None:
    """Entry point of the script `toriconfig`."""
    run(cli)
