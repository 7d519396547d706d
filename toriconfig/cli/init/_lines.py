"""Texts that `init` writes to `.pre-commit-config.yaml`, `pyproject.toml`, `.gitignore` and a GitHub workflow."""

from __future__ import annotations

PRE_COMMIT_HOOKS = r"""  - repo: local
    hooks:
      - id: toriconfig-check
        name: toriconfig check
        entry: toriconfig check --only-named
        language: system
        types_or: [yaml, json, toml]
        exclude: (^|/)\.
        require_serial: true
      - id: toriconfig-schema
        name: toriconfig schema --check
        entry: toriconfig schema --check
        language: system
        pass_filenames: false
      - id: toriconfig-env-example
        name: toriconfig schema --env-example --check
        entry: toriconfig schema --env-example --check
        language: system
        pass_filenames: false
"""

WORKFLOW = """\
name: config
on:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      # Replace the address by the one from which you install toriconfig, and add the packages that the class imports.
      - run: pip install git+https://git.example.org/toriconfig
      # Each file alone. Each mistake becomes an annotation on its line.
      - run: toriconfig check {files} --output-format github
      - run: toriconfig schema --check
        if: always()
      - run: toriconfig schema --env-example --check
        if: always()
"""


def pyproject_table(target: str) -> str:
    """Return the table of pyproject.toml that names the settings class."""
    return f'[tool.toriconfig]\nsettings = "{target}"\n'


def ignored(name: str, dotenv: tuple[str, ...]) -> str:
    """Return the lines of `.gitignore` for the files that belong to one machine."""
    return "".join(f"{file}\n" for file in (*dotenv, f"{name}.local.yaml"))
