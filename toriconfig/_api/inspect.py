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
    """Check settings without using them, as `toriconfig check` does.

    Without files, the merged settings are checked, including environment variables and missing keys. With files,
    each file is checked alone, without the environment. A key that another layer may set is then not reported as
    missing.

    Args:
        settings: a settings class; a lazy object, whose options apply too; or the name of a class or lazy object,
            "package.module:Name".
        files: settings files, and folders of settings files.
        overrides: values of the highest layer, by key or dotted path; None: none.
        environ: the environment variables to read; None: the variables of the process.
        vault: a `Vault`; None: the environment variables of the Vault tools.
        online: True: fetch every secret. False: report that the secrets in Vault and other backends were not
            checked.
        all_profiles: True: check the merged settings once for each profile that has a file.
        options: options of `load`.

    Returns:
        Every problem, sorted by file and position; an empty list if there is none. `problem.severity` is "error",
        "warning" or "info"; `str(problem)` is one line.

    Raises:
        TypeError: `settings` has a wrong type, or names an object of a wrong type; an option is unknown or invalid;
            or `online` or `all_profiles` is combined with files.
        ImportError: the module in the name cannot be imported.

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
    from toriconfig.sources.settings_file import documents_of

    if files and (online or all_profiles):
        raise TypeError("check() checks single files alone and offline: omit `online` and `all_profiles`")
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
            (tree for one in names for tree in documents_of(one, **reader_options(one, known))),
            backends=known.backends,
        )
    values = overrides if overrides is not None else taken["overrides"]
    variables = environ if environ is not None else taken["environ"]
    recipe = Recipe(schema, asked, values, variables, offline, arguments=False)
    return (check_profiles if all_profiles else check_whole)(recipe, online=online)


@clean_call
def json_schema(settings: Any) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 for the settings files of a class, as `toriconfig schema` writes it.

    Args:
        settings: a settings class, a lazy object, or the name of a class or lazy object, "package.module:Name".

    Returns:
        A new dict. No key is required, because another layer may set the key. Every value may be a reference.
        `x-toriconfig-env` names the environment variable of a key; `x-toriconfig-secret` marks a secret.

    Raises:
        TypeError: `settings` has a wrong type, or names an object of a wrong type.
        ImportError: the module in the name cannot be imported.
        ConfigError: an annotation of the class uses a name that is not defined.

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
