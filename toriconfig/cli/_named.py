"""Functions to raise an error if a command has no settings class, and to select the settings files of a class."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toriconfig.cli._options import is_named
from toriconfig.sources import endings, stem_of

if TYPE_CHECKING:
    from toriconfig._load.snapshot import Recipe


def require_class(target: str | None, files: Iterable[str], folder: str | None) -> None:
    """Raise an error if no settings class is named, and the default class ToriSettings has no file.

    ToriSettings has a file if TORI_CONFIG_FILE is set, or if a settings file `tori*` exists, such as `tori.yaml`.

    Args:
        target: the value of `--settings`; None: pyproject.toml may name the class.
        files: the files among which `tori*` is searched; empty: the files of `folder`.
        folder: folder of the settings files; None: the working directory.

    Raises:
        click.UsageError: neither a named class nor a file of ToriSettings exists.
    """
    if is_named(target):
        return
    here = Path(folder or ".").expanduser()
    there = files or (map(str, here.iterdir()) if here.is_dir() else ())
    if os.environ.get("TORI_CONFIG_FILE") or any(map(_is_of_tori, there)):
        return
    raise click.UsageError(
        'no settings class is named: use --settings module:Class, or write `settings = "module:Class"` below '
        "[tool.toriconfig] in pyproject.toml (without a class, tori*.yaml are checked against ToriSettings)"
    )


def named_by(asked: Recipe, files: list[str]) -> list[str]:
    """Select from `files` the settings files of the class `asked.schema`, by file name.

    If the class declares no name of a settings file, return all `files`.
    """
    from toriconfig._schema.options import Options

    options = Options.of(asked.schema.model_config, asked.options)
    exact = [*(options.config_files or ()), *options.yaml_file, *options.json_file, *options.toml_file]
    names = {Path(os.fspath(file)).name for file in exact}
    stem = Path(stem_of(options.config_name)).name if options.config_name is not None else None
    if stem is None and not names:
        return files
    return [file for file in files if Path(file).name in names or (stem is not None and _is_named(file, stem))]


def _is_of_tori(file: str) -> bool:
    path = Path(file)
    return path.name.startswith("tori") and path.suffix in endings()


def _is_named(file: str, stem: str) -> bool:
    path = Path(file)
    if path.name.endswith(".schema.json"):  # written by `toriconfig schema`
        return False
    return path.suffix in endings() and (path.stem == stem or path.stem.startswith(f"{stem}."))
