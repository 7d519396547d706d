"""Commands of other installed packages, from the entry point group `toriconfig.commands`.

    [project.entry-points."toriconfig.commands"]
    mycmd = "mypackage.commands:mycmd"

The entry point names a `click.Command`, imported only when the command runs. An integer that the command returns is
the exit code. An entry point with the name of a command of this package is ignored.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click

GROUP = "toriconfig.commands"


def installed() -> dict[str, list[EntryPoint]]:
    """Return a dict from the name of each command to its entry points, without an import of the commands."""
    found: dict[str, list[EntryPoint]] = {}
    for one in entry_points(group=GROUP):
        if one not in found.setdefault(one.name, []):
            found[one.name].append(one)
    return dict(sorted(found.items()))


def package_of(point: EntryPoint) -> str:
    """Return name and version of the package that declares an entry point."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown package"


def command_of(points: list[EntryPoint]) -> click.Command:
    """Import the command that an entry point names.

    Args:
        points: all entry points of one name.

    Raises:
        click.UsageError: the command cannot be imported, is not a click command, or is declared by several packages.
            The message names the packages.
    """
    point = points[0]
    if len(points) > 1:
        packages = " and ".join(map(package_of, points))
        raise click.UsageError(f"the command `{point.name}` is declared by {packages}: uninstall all but one")
    who = f"the command `{point.name}` of {package_of(point)}"
    remedy = f"update or uninstall {point.dist.name}" if point.dist is not None else "uninstall it"
    try:
        command = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs user code
        # Of other errors only the type: their text may quote a value.
        shown = isinstance(error, (ImportError, AttributeError, NameError))
        reason = f"{type(error).__name__}: {error}" if shown else type(error).__name__
    else:
        if isinstance(command, click.Command):
            return command
        reason = f"{point.value} is no click command but {type(command).__name__}"
    raise click.UsageError(f"{who} cannot be loaded: {reason}; {remedy}") from None
