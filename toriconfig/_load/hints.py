"""Text for messages about missing values: the inputs that were searched, and the ways to set the value."""

from __future__ import annotations

import os

from toriconfig._core.path import Path, show
from toriconfig._load.read import files_of
from toriconfig._schema.options import Options
from toriconfig._schema.shape import Shape


class Hints:
    """Builder of texts for the messages of one load about missing values.

    Args:
        options: the options, completed by variables of the environment and of `.env` files.
        shape: the shape of the schema.
    """

    def __init__(self, options: Options, shape: Shape) -> None:
        self._options = options
        self._shape = shape
        self._variables: dict[Path, str] | None = None  # computed once, because many secrets may be missing

    def looked(self, path: Path) -> list[str]:
        """Return the names of the inputs that were searched for the key at `path`."""
        options = self._options
        looked: list[str] = []
        if options.env_prefix is not None and "env" in options.layers:
            looked.append(f"variables {options.env_prefix}*" if options.env_prefix else "the environment")
            variable = self.variable(path) or options.env_prefix
            if not variable.upper().startswith(options.env_prefix.upper()):
                looked.append(f"variable {variable}")
        if "dotenv" in options.layers:
            looked += [os.fspath(file) for file in options.env_file]
        if "secrets_dir" in options.layers:
            looked += [os.fspath(folder) for folder in options.secrets_dir]
        if "files" in options.layers:
            looked += [f"the source {type(source).__name__}" for source in options.sources]
            looked += [file for file, _ in files_of(options)]
        return looked

    def variable(self, path: Path) -> str | None:
        """Return the name of the variable that sets the key at `path`; None if no variable can set it."""
        options = self._options
        if options.env_prefix is None or "env" not in options.layers:
            return None
        if self._variables is None:
            from toriconfig._load.variable_names import names

            self._variables = {}
            for name, at in names(self._shape, options.env_nested_delimiter, options.env_prefix):
                self._variables.setdefault(at, name)
        return self._variables.get(path)

    def how_to_set(self, path: Path) -> str:
        """Return a text that names the inputs searched for the key at `path`, and the ways to set the key."""
        looked = ", ".join(self.looked(path)) or "no layer: the options name none"
        variable = self.variable(path)
        return f"looked in: {looked}; set `{show(path)}`" + (f", or {variable} in the environment" if variable else "")
