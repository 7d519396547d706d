"""Fixed inputs of one load, prepared before any layer is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import Path
from toriconfig._core.problem import Problem
from toriconfig._load.read import Reader, overlooked, read
from toriconfig._load.snapshot import Recipe
from toriconfig._load.steering import options_of, vault_path
from toriconfig._schema.options import Options
from toriconfig._schema.shape import has_secrets, root_shape

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._load.hints import Hints


class Context:
    """Fixed inputs of one load. No step changes them. A file is read once, even if several references name it.

    Args:
        recipe: the arguments of the load.
        reader: function that reads every layer; None: the function of the schema.
        options: the options of an earlier load; None: those of the class, the call and the variables.

    Attributes:
        shape: the shape of the schema.
        environ: the environment variables.
        options: the options, with the profile decided.
        make: function that builds the model from the merged values.
        vault_path: KV path whose keys set secrets, or None.
        problems: problems of the options.

    Raises:
        TypeError: the schema is not a pydantic model, or an option is unknown or invalid.
    """

    def __init__(self, recipe: Recipe, reader: Reader | None = None, options: Options | None = None) -> None:
        schema: object = recipe.schema  # an untyped program may pass any object
        if not isinstance(schema, type) or not hasattr(schema, "model_fields"):
            raise TypeError(f"settings are loaded into a pydantic model, not into a {type(schema).__name__}")
        if getattr(recipe.schema, "__pydantic_root_model__", False):
            raise TypeError(f"{recipe.schema.__name__} is a RootModel, which has no keys for layers to set")
        self.recipe = recipe
        # A settings class reads its own sources. `_toriconfig_make` builds it without reading them again.
        own: Reader = getattr(recipe.schema, "_toriconfig_read", read)
        self.reader = own if reader is None else reader
        self.make: Callable[[Any], BaseModel] = getattr(recipe.schema, "_toriconfig_make", recipe.schema.model_validate)
        self.environ: Mapping[str, str] = os.environ if recipe.environ is None else recipe.environ
        self.shape = root_shape(recipe.schema, recipe.options.get("renamed"))
        self.problems: list[Problem] = []
        if options is None:
            if has_secrets(self.shape):
                from toriconfig._schema.secret_check import refuse_hidden

                refuse_hidden(self.shape)
            options = options_of(recipe, self.environ, self.shape, self.problems)
            if "files" in options.layers:
                self.problems += overlooked(options)
        self.options = options
        self.vault_path: str | None = None
        if options.vault_path is not None:
            self.vault_path, wrong = vault_path(options)
            self.problems += wrong
        if self.shape.renamed:
            from toriconfig._schema.renames import renamed

            renamed(self.shape)  # an invalid target raises now, not at first use
        self._files: dict[str, str | Problem] = {}

    @property
    def needs_vault(self) -> bool:
        """True if this load needs a session with Vault.

        A session is needed for secrets, for other fields with values in Vault, or if the caller requests a session.
        """
        return has_secrets(self.shape) or self.eager or self.recipe.connected

    @property
    def eager(self) -> bool:
        """True if fields that are not secrets may also get their values from Vault (option `vault_layer`)."""
        return self.options.vault_layer == "eager" and "vault" in self.options.layers

    @cached_property
    def hints(self) -> Hints:
        """Builder of texts for messages about missing values."""
        from toriconfig._load.hints import Hints

        return Hints(self.options, self.shape)

    def how_to_set(self, path: Path) -> str:
        """Return a text that names the inputs searched for the key at `path`, and the ways to set the key."""
        return self.hints.how_to_set(path)

    def looked(self, path: Path) -> list[str]:
        """Return the names of the inputs that were searched for the key at `path`."""
        return self.hints.looked(path)

    def variable(self, path: Path) -> str | None:
        """Return the name of the variable that sets the key at `path`; None if no variable can set it."""
        return self.hints.variable(path)

    @property
    def files(self) -> tuple[str, ...]:
        """The names with which `read_file` was called, each once."""
        return tuple(self._files)

    def read_file(self, name: str) -> str | Problem:
        """Return the text of the file `name` (from `${file:name}`); if it cannot be read, return the problem."""
        from toriconfig._load.file_reference import read_under

        if name not in self._files:
            self._files[name] = read_under(name, self.options.file_roots)
        return self._files[name]
