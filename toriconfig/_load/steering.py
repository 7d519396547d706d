"""Options that variables can set: the profile, the files, and the use of local files.

A variable of the environment takes precedence over a variable of a `.env` file. A variable that sets a field of the
schema is not read as an option.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ConfigDict

from toriconfig._core.markers import split
from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.value import Value
from toriconfig._load.read import existing, profiles_of, under, without_effect
from toriconfig._schema.options import Options, expanded
from toriconfig.sources import endings, stem_of

if TYPE_CHECKING:
    from toriconfig._load.snapshot import Recipe
    from toriconfig._schema.shape import Shape

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"", "0", "false", "f", "no", "n", "off"})


class _Said(Value):
    """Value of a variable that controls the load, and its origin."""

    text: str
    origin: Origin


def options_of(recipe: Recipe, environ: Mapping[str, str], shape: Shape, problems: list[Problem]) -> Options:
    """Return the options of the class and the call, completed by variables, for example with the profile.

    Findings such as an unknown profile are appended to `problems`.

    Raises:
        TypeError: the call has an unknown option, or the class or the call gives an invalid value.
    """
    config = recipe.schema.model_config
    options = Options.of(config, recipe.options)
    reads_itself = hasattr(recipe.schema, "settings_customise_sources")
    if reads_itself:
        options = options.replaced(yaml_file=(), json_file=(), toml_file=())  # its own sources read them
    known = ConfigDict.__optional_keys__
    if any(key not in known and key not in Options._fields for key in config):
        from toriconfig._load.config_keys import misfits

        problems += misfits(recipe.schema, reads_itself=reads_itself)
    options = steered(options, environ, shape, problems)
    if not reads_itself:
        problems += without_effect(options, {*config, *recipe.options}, recipe.schema.__name__)
    return options


def steered(options: Options, environ: Mapping[str, str], shape: Shape, problems: list[Problem]) -> Options:
    """Return the options, completed by variables of the environment and of `.env` files.

    Variables may set the profile and the files if `options` does not set them, and may switch the option `local`
    off. A profile with an error is removed. In the result, `config_name` has no extension. The paths in
    `config_files` are complete: do not add `config_dir` again.

    Args:
        options: the options of the class and the call.
        environ: the environment variables.
        shape: the shape of the schema. A variable that sets one of its fields is not read as an option.
        problems: list to which problems are appended.
    """
    if options.config_name is not None and (stem := stem_of(options.config_name)) != options.config_name:
        options = options.replaced(config_name=stem)
    variables = _Variables(options, environ, shape)
    name, origin = options.profile, Origin("code", "profile")
    if name is None:
        said = variables.said("PROFILE", options.profile_env)
        name, origin = (said.text or None, said.origin) if said else (None, origin)
    elif not name:
        name = None
    files = options.config_files
    if files is not None:
        files = tuple(under(options, os.fspath(file)) for file in files)
    elif (named := variables.said("CONFIG_FILE")) is not None and named.text:
        files = tuple(str(expanded(file)) for file in named.text.split(os.pathsep) if file)
    local = options.local and not _without_local(variables.said("NO_LOCAL"), problems)
    options = options.replaced(profile=name, config_files=files, local=local)
    wrong = _profile_problem(options, origin)
    if wrong is None:
        return options
    problems.append(wrong)
    return options.replaced(profile=None) if wrong.severity == "error" else options


class _Variables:
    """The variables that control a load."""

    def __init__(self, options: Options, environ: Mapping[str, str], shape: Shape) -> None:
        self._options = options
        self._environ = environ
        self._fields = {key.upper() for key in shape.fields}

    def said(self, name: str, own: str | None = None) -> _Said | None:
        """Return the value of a variable of the environment, or else of a `.env` file; None if the variable is not set.

        Args:
            name: name of the variable without its prefix (option `env_prefix`); ignored if `own` is given.
            own: full name of the variable; None: the full name is the prefix plus `name`. In this case, return
                None if there is no prefix, or if `name` is also the name of a field.
        """
        prefix = self._options.env_prefix
        if not own and (not prefix or name in self._fields):
            return None
        full = own or f"{prefix}{name}"
        for spelt in (full, full.upper(), full.lower()):
            if spelt in self._environ:
                return _Said(self._environ[spelt], Origin("env", spelt))
        return self._in_dotenv(full)

    def _in_dotenv(self, name: str) -> _Said | None:
        if not self._options.env_file or "dotenv" not in self._options.layers:
            return None
        from toriconfig._load.read import dotenvs

        for file in reversed(dotenvs(self._options, self._environ)):
            if (node := file.find(name)) is not None:
                return _Said(node.value, node.origin)
        return None


def _without_local(said: _Said | None, problems: list[Problem]) -> bool:
    text = said.text.strip().lower() if said is not None else ""
    if said is not None and text not in _TRUE | _FALSE:
        problems.append(
            Problem(
                Code.WRONG_TYPE,
                "",
                said.origin,
                expected="true or false",
                help=f"set {said.origin} to true or false",
                message="the switch for local files is neither true nor false",
            )
        )
    return text in _TRUE


def _profile_problem(options: Options, origin: Origin) -> Problem | None:
    name = options.profile
    if name is None:
        return None
    if not (name[:1].isalnum() and name.isascii() and all(char.isalnum() or char in "._-" for char in name)):
        return Problem(
            Code.UNKNOWN_PROFILE,
            "",
            origin,
            expected="letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
            help="name the profile, not a file: `prod`, not `../prod` or `config/prod.yaml`",
            message="the profile is not a name",
        )
    if options.config_name is None or options.config_files is not None or "files" not in options.layers:
        return None
    if name == "local":
        return Problem(
            Code.UNKNOWN_PROFILE,
            "",
            origin,
            help=f"remove it: {options.config_name}.local{endings()[0]} is read above every profile",
            message="`local` is not a profile",
        )
    return None if existing(under(options, f"{options.config_name}.{name}")) else _no_file(name, options, origin)


def _no_file(profile: str, options: Options, origin: Origin) -> Problem:
    from toriconfig._core.suggest import near

    known = profiles_of(options)
    candidate = near(profile, known)
    # A profile that is a part of `vault_path` has an effect without a file.
    used = "${profile}" in (options.vault_path or "")
    return Problem(
        Code.UNKNOWN_PROFILE,
        "",
        origin,
        expected=f"a file {under(options, f'{options.config_name}.{profile}')}{endings()[0]}"
        + (f"; there are {', '.join(known)}" if known else ""),
        help=f"did you mean `{candidate}`?" if candidate else "create the file, or name no profile",
        message=f"the profile `{profile}` has no file",
        severity="warning" if used else "error",
    )


def vault_path(options: Options) -> tuple[str | None, list[Problem]]:
    """Return `(path, problems)`: the path in Vault's KV engine at which each key holds one secret; and the problems.

    If the option `vault_path` is not set or is invalid, `path` is None.
    """
    path = options.vault_path
    if path is None:
        return None, []
    if options.profile is not None:
        path = path.replace("${profile}", options.profile)
    try:
        split(path)
    except ValueError as error:
        unset = "${profile}" in path
        problem = Problem(
            Code.INVALID_SECRET_PATH,
            origin=Origin("code", "vault_path"),
            expected="a path in Vault such as `secret/tori`",
            help="name the profile, or remove `${profile}` from `vault_path`" if unset else "correct the option",
            message="`vault_path` holds ${profile}, and no profile is set" if unset else f"`vault_path`: {error}",
        )
        return None, [problem]
    return path, []
