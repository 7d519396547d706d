"""The packages that the core of toriconfig needs, and the modules that its extras add."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.command import ROOT

CORE = frozenset({"cachetools", "click", "hvac", "pydantic", "pydantic-settings", "python-dotenv", "pyyaml", "urllib3"})
"""The packages that the core names itself. One more makes every installation larger."""
FOR_DEVELOPERS = ("demo", "test", "bench")
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def dependencies() -> set[str]:
    """Return the names of the dependencies in pyproject.toml."""
    return {canonicalize_name(Requirement(one).name) for one in _PROJECT["dependencies"]}


def modules_of_extras() -> dict[str, str]:
    """Return each installed module that an extra for users adds to the core, with the name of its package."""
    extras = _PROJECT["optional-dependencies"]
    named = [one for extra, needed in extras.items() if extra not in FOR_DEVELOPERS for one in needed]
    packages = _with_dependencies(named) - _with_dependencies(_PROJECT["dependencies"])
    return {
        module: canonicalize_name(package)
        for module, owners in packages_distributions().items()
        for package in owners
        if canonicalize_name(package) in packages
    }


def _with_dependencies(needed: Iterable[str]) -> set[str]:
    found: set[tuple[str, str]] = set()
    left = [(Requirement(one), "") for one in needed]
    while left:
        requirement, extra = left.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for own in {"", *requirement.extras}:
            if (name, own) not in found:
                found.add((name, own))
                left += [(Requirement(one), own) for one in _requires(name)]
    return {name for name, _ in found}


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # an extra that is not installed here
        return []
