"""Inspection of settings without using them: the functions behind `toriconfig check` and `toriconfig schema`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from toriconfig._core.clean_call import clean_call, expect
from toriconfig._core.problem import Problem
from toriconfig._lazy import Lazy, schema_of
from toriconfig._schema.options import PathLike

if TYPE_CHECKING:
    from typing import Unpack

    from pydantic import BaseModel

    from toriconfig._schema.option_types import LoadOptions


@clean_call
def check(
    settings: Any,
    *files: PathLike,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    vault: Any = None,
    online: bool = False,
    all_profiles: bool = False,
    **options: Unpack[LoadOptions],
) -> list[Problem]:
    """Judge settings without using them; what `toriconfig check` does.

    Without files: the merged whole, environment and missing keys included. With files: each alone, without the
    environment, and nothing that another layer may supply is missing.

    Args:
        settings: a settings class, or a lazy object, whose own options count too; or the name of one of them,
            `"package.module:Class"`.
        files: settings files, and folders of them.
        overrides: values of the highest layer.
        environ: the environment to read; None: that of the process.
        vault: a `Vault`, or None for the variables of the Vault tools.
        online: also fetch every secret; else what comes from Vault or another backend is reported as not checked.
        all_profiles: check the merged whole of each profile that has a file.
        options: those of `load`.

    Returns:
        Every problem, sorted by file and position; an empty list when all is well. `problem.severity` is "error",
        "warning" or "info"; `str(problem)` is one line.

    Raises:
        TypeError: no settings class, an option that does not exist, or `online` and `all_profiles` with files.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int
    >>> [problem.code for problem in check(App)]
    ['TC103']
    """
    from toriconfig._inspect.check import check_alone, check_profiles, check_whole
    from toriconfig._load.read import reader_options, settings_files_in
    from toriconfig._load.snapshot import Recipe
    from toriconfig._schema.options import Options, wrong_options
    from toriconfig.sources.yaml.file import read_file_documents

    if files and (online or all_profiles):
        raise TypeError("check() judges single files alone and offline: leave `online` and `all_profiles` out")
    for name, given in (("overrides", overrides), ("environ", environ)):
        expect(given, (Mapping, type(None)), f"option `{name}` is a mapping or None")
    schema, own = _schema_and_options(settings, "check")
    asked: dict[str, Any] = {**own, **options}
    if vault is not None:
        asked["vault"] = vault
    taken = {name: asked.pop(name, None) for name in ("overrides", "environ")}
    offline = bool(asked.pop("offline", False))
    wrong = wrong_options(schema.model_config, asked)
    if wrong:
        raise TypeError(wrong)
    if files:
        known = Options.of(schema.model_config, asked)
        names = [name for file in files for name in settings_files_in(os.fspath(file))]
        return check_alone(
            schema,
            (tree for one in names for tree in read_file_documents(one, **reader_options(one, known))),
            backends=known.backends,
        )
    values = overrides if overrides is not None else taken["overrides"]
    variables = environ if environ is not None else taken["environ"]
    recipe = Recipe(schema, asked, values, variables, offline, arguments=False)
    return (check_profiles if all_profiles else check_whole)(recipe, online=online)


@clean_call
def json_schema(settings: Any) -> dict[str, Any]:
    """The JSON Schema 2020-12 of the settings files of a class; what `toriconfig schema` writes.

    Args:
        settings: a settings class or a lazy object; or the name of one of them, `"package.module:Class"`.

    Returns:
        A new dict. No key is required in it, since another layer may supply each; every value may be a reference.
        `x-toriconfig-env` names the variable of a key, `x-toriconfig-secret` marks secrets.

    Raises:
        TypeError: no settings class.
        ConfigError: an annotation of the class names what is not defined.

    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> json_schema(App)["properties"]["port"]["default"]
    8080
    """
    from toriconfig._inspect.json_schema import schema_of_files

    return schema_of_files(_schema_and_options(settings, "json_schema")[0])


def _schema_and_options(settings: Any, name: str) -> tuple[type[BaseModel], Mapping[str, Any]]:
    if isinstance(settings, str):
        from toriconfig._schema.import_string import import_named, import_target

        found = import_named(settings)
        settings = found if isinstance(found, Lazy) else import_target(settings)
    if isinstance(settings, Lazy):
        return schema_of(settings), settings._state.options
    if isinstance(settings, type) and hasattr(settings, "model_fields"):
        return cast("type[BaseModel]", settings), {}
    raise TypeError(f"{name}() needs a settings class or a lazy object, not a {type(settings).__name__}")
