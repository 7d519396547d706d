"""The command `init`, with its options."""

from __future__ import annotations

import keyword
import os
import re
import sys
from pathlib import Path

import click

from toriconfig.cli._exit import Exit
from toriconfig.cli._options import project_folders
from toriconfig.cli._say import note, note_lines, say
from toriconfig.cli.init._draft import Draft, Names


@click.command()
@click.option(
    "--name", default="app", show_default=True, help="Base name of the settings files, and prefix of the variables."
)
@click.option(
    "--module", default="settings", show_default=True, help="Python module to write; `package.module` in a package."
)
@click.option("--from", "target", metavar="MODULE:CLASS", help="A pydantic-settings class to copy and convert.")
@click.option("--from-dynaconf", is_flag=True, help="Read the settings files of dynaconf, with their environments.")
@click.option("--dry-run", is_flag=True, help="List the files without writing them.")
@click.option("--keep-existing", is_flag=True, help="Omit files that exist, and write the others.")
def init(name: str, module: str, target: str | None, from_dynaconf: bool, dry_run: bool, keep_existing: bool) -> int:
    """Write the first files of a project.

    The new files are a settings class, its settings file, .env.example, a JSON Schema and a GitHub workflow. If one of
    these files exists, the command fails and writes nothing. With `--keep-existing`, existing files are left unchanged
    and the others are written, but an existing Python module is still an error.

    The command also writes pyproject.toml, .pre-commit-config.yaml and .gitignore. If one of these three files exists,
    the file is not changed, and the command prints the lines to add.
    """
    if target is not None and from_dynaconf:
        raise click.UsageError("--from and --from-dynaconf: use one of them")
    names = _names(name, module)
    return _write(
        _draft(names, target, from_dynaconf=from_dynaconf), names, dry_run=dry_run, keep_existing=keep_existing
    )


def _draft(names: Names, target: str | None, *, from_dynaconf: bool) -> Draft:
    if from_dynaconf:
        from toriconfig.cli.init._from_dynaconf import draft_of_dynaconf

        return draft_of_dynaconf(names)
    if target is not None:
        from toriconfig.cli.init._from_class import draft_of_class

        return draft_of_class(target, names)
    from toriconfig.cli.init._empty import draft_of_nothing

    return draft_of_nothing(names)


def _write(draft: Draft, names: Names, *, dry_run: bool, keep_existing: bool) -> int:
    from toriconfig.cli.init._project import project_of
    from toriconfig.cli.init._write import conflicts, refuse_conflicts, write_all

    project = project_of(draft, names, _pyproject())
    found = conflicts(project.files)
    remedies = {names.file: "use --module NAME, or move it away"}
    remedies |= dict.fromkeys(draft.settings, "use --name NAME, or move it away, or use --keep-existing")
    refuse_conflicts([file for file in found if not keep_existing or file == names.file], remedies)
    new = {
        file: text
        for file, text in project.files.items()
        if file not in found and not any(str(parent) in found for parent in Path(file).parents)
    }
    existing = {file: shared for file, shared in project.shared.items() if os.path.lexists(file)}
    new |= {file: shared.text for file, shared in project.shared.items() if file not in existing}
    if dry_run:
        say("\n".join(new))
    else:
        write_all(new)
        for file in new:
            note(f"wrote {file}")
    for file in found:
        note(f"kept {file}")
    for file, shared in existing.items():
        if shared.lines:
            note_lines(f"\n{file} exists: add these lines\n\n{shared.lines.removesuffix(chr(10))}")
    if draft.notes:
        note_lines("\nnot carried over:\n" + "\n".join(f"- {one}" for one in draft.notes))
    if draft.unset:
        note_lines("\nstill without a value:\n" + "\n".join(f"- {one}" for one in draft.unset))
    return Exit.FINE


def _pyproject() -> str:
    """Return the path of the nearest pyproject.toml of the project; "pyproject.toml" if there is none."""
    here = Path.cwd()
    for folder in project_folders(here):
        file = folder / "pyproject.toml"
        if os.path.lexists(file):
            return file.name if folder == here else str(file)
    return "pyproject.toml"


def _names(name: str, module: str) -> Names:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise click.BadParameter(
            "use lower-case letters, digits and `_`, beginning with a letter", param_hint="'--name'"
        )
    parts = module.split(".")
    if not all(re.fullmatch(r"[A-Za-z_]\w*", part, re.ASCII) and not keyword.iskeyword(part) for part in parts):
        raise click.BadParameter("this is not the name of a Python module", param_hint="'--module'")
    if parts[-1] == "py":
        raise click.BadParameter(f"a module is named without `.py`: use {module[:-3]}", param_hint="'--module'")
    if not os.path.isdir(os.path.join(".", *parts[:-1])):
        raise click.BadParameter(f"there is no folder {'/'.join(parts[:-1])}", param_hint="'--module'")
    if _is_taken(parts[0]):
        raise click.BadParameter(f"`{parts[0]}` is the name of a library: use another one", param_hint="'--module'")
    return Names(name, module)


def _is_taken(name: str) -> bool:
    """Return True for the name of toriconfig, of a dependency of toriconfig, or of a module outside the working directory.

    Such a module is one of the standard library or of an installed package.
    """
    from importlib.machinery import PathFinder

    from toriconfig.cli._import import dependencies

    if name in sys.stdlib_module_names or name == "toriconfig" or name in dependencies():
        return True
    here = os.getcwd()
    elsewhere = [entry for entry in sys.path if os.path.realpath(entry or here) != os.path.realpath(here)]
    found = PathFinder.find_spec(name, elsewhere)
    return found is not None and found.origin is not None
