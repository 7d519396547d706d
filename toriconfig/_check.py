"""Judging configuration without using it: a whole load, or one file alone. Offline unless asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collections.abc import Iterable, Sequence

from toriconfig._load import try_check_tree, try_load
from toriconfig._origin import Origin
from toriconfig._path import show
from toriconfig._prefetch import failures_of
from toriconfig._render import sort_problems
from toriconfig._snapshot import Recipe
from toriconfig._tree import Tree
from toriconfig.errors import (
    Problem,
    SecretError,
    VaultDenied,
    VaultError,
    VaultNotFound,
    VaultSealed,
    VaultUnreachable,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


def check_whole(recipe: Recipe, *, online: bool = False) -> list[Problem]:
    """What is wrong with the merged whole, environment and missing keys included.

    Args:
        online: also fetch every secret; else secrets with a place in Vault are told as not checked.
    """
    attempt = try_load(recipe._replace(offline=not online))
    problems = list(attempt.problems)
    problems += [_unsupplied(path, where) for path, where in attempt.unsupplied.items()]
    if online and attempt.loaded is not None:
        for error in failures_of(attempt.loaded.snapshot.secrets):
            if error.path not in map(show, attempt.unsupplied):
                problems.append(_unfetched(error))
    return sort_problems(problems)


def check_alone(schema: type[BaseModel], trees: Iterable[Tree]) -> list[Problem]:
    """What is wrong with each document alone: nothing is missing that another layer may say, no variable counts."""
    found: list[Problem] = []
    for tree in trees:
        found += try_check_tree(schema, tree)
    return sort_problems(found)


def unreachable(problems: Sequence[Problem]) -> bool:
    """Whether a source could not be reached, so that the rest was not judged."""
    return any(problem.code == "TC405" for problem in problems)


def _unsupplied(path: tuple[str | int, ...], where: tuple[str, str]) -> Problem:
    reference, remedy = where
    if not reference:
        return Problem(
            "TC401",
            show(path),
            expected="a value in some layer",
            help=remedy,
            message=f"nothing supplies the secret `{show(path)}`",
        )
    return Problem(
        "TC401",
        show(path),
        Origin("vault", reference),
        help="run with --online to read it from Vault",
        message=f"the secret `{show(path)}` was not checked, since it comes from Vault",
        severity="info",
    )


def _unfetched(error: SecretError) -> Problem:
    code = "TC102"
    if isinstance(error, VaultDenied):
        code = "TC406"
    elif isinstance(error, VaultNotFound):
        code = "TC407"
    elif isinstance(error, (VaultUnreachable, VaultSealed)):
        code = "TC405"
    origin = Origin("vault", error.reference) if isinstance(error, VaultError) and error.reference else None
    return Problem(
        code,
        error.path,
        origin,
        expected="a secret that can be read",
        help=error.help,
        message=f"`{error.path}`: {error.message}",
    )
