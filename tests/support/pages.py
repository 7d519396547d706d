"""Run the blocks of a page as a reader would: write its files, type its commands, compare what they print.

A block is a file if its first line is a comment with a file name (`# app.yaml`), or if its info string has
`title=NAME` (for formats without comments). A `console` block holds commands after `$ ` and their output; `...` in the
output stands for any text. A Python block without a name is a script. Every command of a page runs in one shell, in
one empty folder. Files are written into the current folder of that shell. Nothing is installed: `pip` only checks the
names of extras, and `python3 -m venv` creates an environment that changes nothing.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PICTURES = frozenset({"", "text", "mermaid"})
"""Languages of blocks that are looked at, not run."""

_NAME = re.compile(r"(?:#|//|;|--) (\S*(?:\.\w+|Dockerfile|Procfile|\.env\S*))\n")
_FENCE = re.compile(r"^(```+)([^\n`]*)\n(.*?)^\1 *$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*(?:(?<=\\)\n> .*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_DEADLINE = 120
_ELLIPSIS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        language: the first word of its info string.
        title: name of the file that it shows, or "".
        text: its lines.
        line: 1-based line of the page on which the text begins.
    """

    language: str
    title: str
    text: str
    line: int


def pages() -> list[Path]:
    """Every page whose blocks are run."""
    guides = sorted((ROOT / "examples").glob("*/*.md"))
    return [ROOT / "README.md", ROOT / "examples" / "README.md", *guides]


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page in their order."""
    for found in _FENCE.finditer(page):
        info, text = found[2].strip(), found[3]
        titled = re.search(r"\btitle=(\S+)", info)
        named = _NAME.match(text)
        title = titled[1] if titled else named[1] if named else ""
        yield Block(info.partition(" ")[0], title, text, page.count("\n", 0, found.start(3)) + 1)


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead to no file and no heading of this project; other addresses are not requested."""
    text = page.read_text(encoding="utf-8")
    broken = []
    for target in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (heading and heading not in _headings(file)):
            broken.append(target)
    return broken


def _headings(file: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", _FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


class Reader:
    """A reader of one page: an empty folder and a shell.

    Args:
        folder: the empty folder.
        environ: further variables of the shell.
    """

    def __init__(self, folder: Path, environ: dict[str, str] | None = None) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self._bin = folder / "bin"
        self._bin.mkdir()
        self._state = folder / "state"
        self._script("toriconfig", f'exec "{sys.executable}" -m toriconfig "$@"')
        self._script("pip", f'exec "{sys.executable}" "{__file__}" "$@"')
        venv = 'if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin"; : >"$3/bin/activate"; exit; fi'
        for name in ("python", "python3"):
            self._script(name, f'{venv}\nexec "{sys.executable}" "$@"')
        ours = ("VAULT_", "BAO_", "APP_", "TORI_", "PYTEST_")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        path = os.pathsep.join((str(self._bin), os.path.dirname(sys.executable), clean.get("PATH", "")))
        imports = os.pathsep.join(entry for entry in (str(ROOT), *sys.path) if entry)
        self._environ = {
            **clean,
            "PATH": path,
            "PYTHONPATH": imports,
            "COLUMNS": "120",
            "TORICONFIG": str(ROOT),
            **(environ or {}),
        }

    def _script(self, name: str, line: str) -> None:
        (self._bin / name).write_text(f"#!/bin/sh\n{line}\n")
        (self._bin / name).chmod(0o755)

    def read(self, block: Block) -> None:
        """Run the block.

        Raises:
            AssertionError: a command printed something else, a script failed, or the block cannot be run.
        """
        if block.title:
            file = self._current() / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, expected in _COMMAND.findall(block.text):
                self._type(command.replace("\\\n> ", ""), expected, block)
        elif block.language == "python":
            done = self._run([sys.executable, "-c", block.text])
            assert done.returncode == 0, f"line {block.line}: {done.stdout}"
        else:
            assert block.language in PICTURES, f"line {block.line}: a block of {block.language!r} without a file name"

    def _current(self) -> Path:
        moved = re.search(r"^cd (.*)$", self._state.read_text(), re.MULTILINE) if self._state.exists() else None
        return Path(shlex.split(moved[1])[0]) if moved else self.folder

    def _type(self, command: str, expected: str, block: Block) -> None:
        # Folder and exported variables go on from one command to the next, as in a terminal.
        kept = f'[ -f "{self._state}" ] && . "{self._state}"; trap \'{{ export -p; printf "cd %q\\n" "$PWD"; }} > "{self._state}"\' EXIT'
        done = self._run(["bash", "-c", f"{kept}\n{command}\n"])
        same = doctest.OutputChecker().check_output(expected or "\n", done.stdout or "\n", _ELLIPSIS)
        assert same, f"line {block.line}: $ {command}\n--- the page\n{expected}--- the command\n{done.stdout}"

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self._current(),
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE,
            check=False,
        )


def _install(arguments: list[str]) -> int:
    """Stand in for pip: refuse extras that the project does not have, and install nothing."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for argument in arguments:
        ours = re.match(r"(?:toriconfig|.*/[^\[]*)\[([\w,-]+)\]$", argument)
        for extra in ours[1].split(",") if ours else ():
            if extra not in extras:
                sys.stdout.write(f"toriconfig has no extra `{extra}`\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(_install(sys.argv[1:]))
