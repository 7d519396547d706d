"""Checks of settings: all merged layers together, or one document alone. By default no backend is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toriconfig._core.collector import paused
from toriconfig._core.markers import origin_of, scheme_of
from toriconfig._core.path import Path, show
from toriconfig._core.problem import CODES, MOST_SHOWN, Code, Problem
from toriconfig._core.tree import Tree
from toriconfig._load.attempt import try_check_tree, try_load
from toriconfig._load.read import files_of, looked_for, profiles_of
from toriconfig._load.snapshot import Recipe
from toriconfig._load.steering import options_of
from toriconfig._render import sort_problems
from toriconfig._schema.shape import root_shape
from toriconfig._secrets.prefetch import failures_of
from toriconfig._secrets.secret import Secret, provider_of
from toriconfig.errors import (
    MissingCredentialError,
    SecretDenied,
    SecretError,
    SecretNotFound,
    SecretUnreachable,
    VaultError,
    VaultSealed,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig.backends import Backend


def check_whole(recipe: Recipe, *, online: bool = False) -> list[Problem]:
    """Merge all layers, including environment variables, and return the problems, such as missing keys.

    Args:
        online: True: fetch every secret. False: secrets with a reference to a backend are reported as not checked.
    """
    attempt = try_load(recipe if online else recipe.unasked())
    problems = list(attempt.problems)
    if attempt.complete:
        asked = {path: where for path, where in attempt.unsupplied.items() if where[0] and not online}
        problems += _unchecked(asked)
        problems += [_unsupplied(path, *where) for path, where in attempt.unsupplied.items() if path not in asked]
    if online:
        fetched = {path: secret for path, secret in attempt.secrets.items() if path not in attempt.unsupplied}
        problems += map(_unfetched, failures_of(fetched))
        problems += filter(None, map(_stood_in, fetched, fetched.values()))
    return sort_problems(problems)


def check_profiles(recipe: Recipe, *, online: bool = False) -> list[Problem]:
    """Return the problems of the merged layers for each profile that has a file.

    The message of a problem that occurs only in some profiles names these profiles. If no profile has a file, the
    result is that of `check_whole`.

    Args:
        recipe: the class and the options.
        online: as for `check_whole`.
    """
    options = options_of(recipe, _environ(recipe), root_shape(recipe.schema, recipe.options.get("renamed")), [])
    profiles = profiles_of(options)
    if not profiles:
        return check_whole(recipe, online=online)
    found: dict[Problem, list[str]] = {}
    for profile in profiles:
        own = recipe.replaced(options={**recipe.options, "profile": profile})
        for problem in dict.fromkeys(check_whole(own, online=online)):
            found.setdefault(problem, []).append(profile)
    return sort_problems(
        problem if len(named) == len(profiles) else _in_profiles(problem, named) for problem, named in found.items()
    )


def _environ(recipe: Recipe) -> Mapping[str, str]:
    return os.environ if recipe.environ is None else recipe.environ


def _in_profiles(problem: Problem, profiles: list[str]) -> Problem:
    message = f"{problem.message or CODES[problem.code]} (profile {', '.join(profiles)})"
    return problem.replaced(message=message)


def no_file_hint(recipe: Recipe) -> str:
    """Return a hint with the searched paths if a search for an optional settings file found none; else ""."""
    options = options_of(recipe, _environ(recipe), root_shape(recipe.schema, recipe.options.get("renamed")), [])
    if "files" not in options.layers or options.config_files is not None or options.required or files_of(options):
        return ""
    looked = looked_for(options)
    return f"no settings file was found; looked for {', '.join(looked)}" if looked else ""


def check_alone(
    schema: type[BaseModel], trees: Iterable[Tree], most: int = MOST_SHOWN, backends: Sequence[Backend] = ()
) -> list[Problem]:
    """Return the problems of each document alone. A key that another layer can set is not reported as missing.

    Args:
        schema: the settings class.
        trees: one tree per document.
        most: maximum number of problems per document that contain excerpts of the document; 0: all. The other
            problems are returned without excerpts.
        backends: backends to use instead of those of the class; empty: those of the class.
    """
    found: list[Problem] = []
    for tree in trees:
        found += try_check_tree(schema, tree, most, backends)
    with paused():
        return sort_problems(dict.fromkeys(found))  # each tree reports the errors of the class


_MOST_NAMED = 5
"""Maximum number of secrets that one line names."""


def _unchecked(asked: Mapping[Path, tuple[str, str]]) -> Iterator[Problem]:
    """Yield one problem of severity "info" that names the secrets that were not fetched; nothing if there are none."""
    if not asked:
        return
    names = [f"`{show(path)}` ({reference})" for path, (reference, _) in asked.items()]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    one = len(names) == 1
    what = f"the secret {names[0]} was" if one else f"{len(names)} secrets were"
    schemes = dict.fromkeys(scheme_of(reference) for reference, _ in asked.values())
    whose = " and ".join("Vault" if scheme == "vault" else scheme for scheme in schemes)
    which = "" if one else f": {', '.join(names[:_MOST_NAMED])}{more}"
    yield Problem(
        Code.SECRET_WITHOUT_VALUE,
        show(next(iter(asked))) if one else "",
        origin_of(next(iter(asked.values()))[0]) if one else None,
        help=f"run with --online to read {'it' if one else 'them'} from {whose}",
        message=f"{what} not checked, since {'it comes' if one else 'they come'} from {whose}{which}",
        severity="info",
    )


def _unsupplied(path: Path, reference: str, remedy: str) -> Problem:
    return Problem(
        Code.SECRET_WITHOUT_VALUE,
        show(path),
        origin_of(reference) if reference else None,
        expected="a value in some layer",
        help=remedy,
        message=f"nothing supplies the secret `{show(path)}`"
        + (": Vault is not configured" if reference and scheme_of(reference) == "vault" else ""),
    )


def _unfetched(error: SecretError) -> Problem:
    backend = isinstance(error, VaultError) or scheme_of(error.reference) != "vault"
    origin = origin_of(error.reference) if backend and error.reference else None
    return Problem(
        code_of(error),
        error.path,
        origin,
        expected="a secret that can be read",
        help=error.help,
        message=f"`{error.path}`: {error.message}",
    )


def _stood_in(path: Path, secret: Secret[Any]) -> Problem | None:
    """Return a warning if the last request for the secret failed and a lower layer supplies the value; else None."""
    error = provider_of(secret).error
    if not isinstance(error, SecretError) or secret.get(None) is None:
        return None
    return Problem(
        code_of(error),
        show(path),
        secret.origin,
        help=error.help,
        message=f"the secret `{show(path)}` comes from a lower layer: {error.message}",
        severity="warning",
        layer=f"{secret.origin} is used instead of {origin_of(secret.reference)}",
    )


def code_of(error: SecretError) -> str:
    """Return the problem code for the error of a secret."""
    if isinstance(error, SecretDenied):
        return Code.BACKEND_DENIED
    if isinstance(error, SecretNotFound):
        return Code.NOT_IN_BACKEND
    if isinstance(error, MissingCredentialError):
        return Code.SECRET_WITHOUT_VALUE
    return Code.BACKEND_UNREACHABLE if isinstance(error, (SecretUnreachable, VaultSealed)) else Code.WRONG_TYPE
