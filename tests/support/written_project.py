"""The promise about a project that `toriconfig init` wrote: it is right for every tool at once."""

from __future__ import annotations

import os
from pathlib import Path

from support.command import ROOT, python

CACHE = str(ROOT / ".mypy_cache" / "written")
PASSING = {
    "check": ["-m", "toriconfig", "check"],
    "check of its files": ["-m", "toriconfig", "check", "--only-named", "."],
    "schema": ["-m", "toriconfig", "schema", "--check"],
    ".env.example": ["-m", "toriconfig", "schema", "--env-example", "--check"],
    "ruff": ["-m", "ruff", "check", "--no-cache", "--isolated", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "--no-cache", "--isolated", "."],
    "mypy": ["-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", CACHE],
    "pre-commit": ["-m", "pre_commit", "validate-config"],
}


def failures(folder: Path, *modules: str, **environ: str) -> dict[str, str]:
    """Run every tool on the project; return the output of those that fail.

    Args:
        modules: the modules that were written; none: `settings`.
        environ: variables.
    """
    modules = modules or ("settings",)
    files = [f"{module.replace('.', '/')}.py" for module in modules]
    found = {}
    for name, arguments in PASSING.items():
        done = python(folder, *arguments, *(files if name == "mypy" else []), **environ)
        if done.returncode:
            found[name] = done.stdout + done.stderr
    text = "".join(f"from {module} import settings; print(settings.model_dump())\n" for module in modules)
    done = python(folder, "-c", text, **environ)
    return found | ({"run": done.stderr} if done.returncode else {})
