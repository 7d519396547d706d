"""The pages are correct: every block runs, every output is what the command prints, every link resolves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.pages import ROOT, Reader, blocks, broken_links, pages

GUIDES = [page for page in pages() if page.parent.parent == ROOT / "examples"]
FOLDERS = sorted({page.parent for page in GUIDES})
REFERENCE = ROOT / "examples" / "reference" / "README.md"
LONGEST = 200


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _read(page: str, folder: Path) -> None:
    reader = Reader(folder)
    for block in blocks(page):
        reader.read(block)


@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDES], ids=_name)
def test_a_page_runs_when_it_is_copied_into_an_empty_folder(page: Path, tmp_path: Path) -> None:
    _read(page.read_text(encoding="utf-8"), tmp_path)


@pytest.mark.parametrize("page", [*pages(), *sorted((ROOT / ".github").glob("*.md"))], ids=_name)
def test_every_link_of_a_page_resolves(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", GUIDES, ids=_name)
def test_every_file_that_a_page_shows_is_beside_it(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.title:
            assert (page.parent / block.title).read_text(encoding="utf-8") == block.text, block.title


@pytest.mark.timeout(300)
@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if list(folder.glob("*.py"))], ids=_name)
def test_the_code_of_a_guide_has_no_type_errors(folder: Path) -> None:
    """A guide is a project of its own, whose modules import each other by their plain names."""
    files = sorted(file.name for file in folder.glob("*.py"))
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary"]
    environ = {**os.environ, "MYPYPATH": f"{folder}{os.pathsep}{ROOT}"}
    # celery has no types, so its decorators have none.
    command += ["--allow-untyped-decorators", "--cache-dir", str(ROOT / ".mypy_cache" / "guides"), *files]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


PAGE = """
```yaml
# app.yaml
size: 1
```

```console
$ cat app.yaml
# app.yaml
size: ...
$ export NAME=value; cd ..
$ cd project; echo $NAME
value
```
"""


MOVED = """
```console
$ python3 -m venv .venv && . .venv/bin/activate
$ mkdir deeper && cd deeper
$ pip install "${PWD}[vault-dev]"
```

```yaml
# app.yaml
size: 1
```

```console
$ cat ../deeper/app.yaml
# app.yaml
size: 1
```
"""


def test_a_file_is_written_into_the_current_folder(tmp_path: Path) -> None:
    _read(MOVED, tmp_path)


def test_commands_share_their_folder_and_variables(tmp_path: Path) -> None:
    _read(PAGE, tmp_path)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("```console\n$ echo a\nb\n```\n", "echo a"),
        ("```console\n$ echo a\n```\n", "echo a"),
        ("```console\n$ pip install 'toriconfig[nothing]'\n```\n", "no extra"),
        ("```console\n$ pip install '/a/clone[nothing]'\n```\n", "no extra"),
        ("```python\nraise SystemExit('wrong')\n```\n", "wrong"),
        ("```yaml\nsize: 1\n```\n", "without a file name"),
    ],
)
def test_a_block_with_a_wrong_result_fails(page: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=why):
        _read(page, tmp_path)


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# A b\n[a](#a-b) [b](#c) [d](nothing.md) [e](https://example.org)\n")
    assert broken_links(tmp_path / "page.md") == ["#c", "nothing.md"]


def test_the_index_names_every_guide() -> None:
    index = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert [] == [folder for folder in FOLDERS if f"]({folder.name}/README.md)" not in index]


def test_the_first_page_of_a_guide_links_to_the_others() -> None:
    others = [page for page in GUIDES if page.name != "README.md"]
    first = {folder: (folder / "README.md").read_text(encoding="utf-8") for folder in FOLDERS}
    assert [] == [_name(page) for page in others if f"]({page.name})" not in first[page.parent]]


def test_no_page_is_left_out() -> None:
    found = {page for page in (ROOT / "examples").rglob("*.md") if "/." not in str(page.relative_to(ROOT))}
    assert found == set(pages()) - {ROOT / "README.md"}


@pytest.mark.parametrize("page", [page for page in GUIDES if page != REFERENCE], ids=_name)
def test_a_guide_is_read_in_ten_minutes(page: Path) -> None:
    assert LONGEST >= len(page.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("page", GUIDES, ids=_name)
def test_the_first_commands_of_a_page_begin_in_an_empty_folder(page: Path) -> None:
    commands = [block.text for block in blocks(page.read_text(encoding="utf-8")) if block.language == "console"]
    assert not commands or '$ cd "$(mktemp -d)"\n' in commands[0]


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_every_file_of_a_guide_is_shown_or_named(folder: Path) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in folder.glob("*.md"))
    files = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    assert [] == [file for file in files if "_cache" not in str(file) and str(file) not in text]
