"""The draft of a project: its Python module and settings files, without the files derived from them."""

from __future__ import annotations

from typing import NamedTuple


class Draft(NamedTuple):
    """The Python module and the settings files of a project.

    Attributes:
        module: text of the Python module.
        cls: name of the settings class in the module.
        settings: a dict from the name of each settings file to its text.
        notes: one line for each part of an existing configuration that could not be converted.
        unset: one line for each key that must have a value and has none; the line names the variable of the key.
        dotenv: names of the `.env` files of the class, which git must ignore.
    """

    module: str
    cls: str
    settings: dict[str, str]
    notes: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    dotenv: tuple[str, ...] = (".env",)


_OTHERS = frozenset({"Any", "BaseModel", "Database", "Field", "Literal", "Secret", "Settings", "Vault"})
"""Names of other classes that a module may have."""


class Names(NamedTuple):
    """Names that the command line gives to a project.

    Attributes:
        name: base name of the settings files and of the variables, such as `app`.
        module: dotted name of the Python module.
    """

    name: str
    module: str

    @property
    def file(self) -> str:
        """Path of the Python module, relative to the working directory."""
        return self.module.replace(".", "/") + ".py"

    @property
    def cls(self) -> str:
        """Name of a new settings class."""
        name = "".join(part.capitalize() for part in self.name.split("_"))
        return f"{name}Settings" if name in _OTHERS else name

    @property
    def prefix(self) -> str:
        """Prefix of the variables of a new settings class."""
        return f"{self.name.upper()}_"
