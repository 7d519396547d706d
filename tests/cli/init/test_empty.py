"""`toriconfig init` in an empty folder: the written files work at once, and existing files are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.command import Toriconfig, in_a_process
from support.written_project import failures

OWN = ["settings.py", "app.yaml", ".env.example", "schemas/app.schema.json", ".github/workflows/config.yml"]
SHARED = ["pyproject.toml", ".pre-commit-config.yaml", ".gitignore"]


def files(folder: Path) -> dict[str, bytes]:
    there = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    return {str(path.relative_to(folder)): path.read_bytes() if path.exists() else b"" for path in there}


def test_every_tool_accepts_a_new_project(toriconfig: Toriconfig, tmp_path: Path) -> None:
    result = toriconfig("init")
    assert (0, "") == (result.code, result.out)
    assert [f"wrote {file}" for file in [*OWN, *SHARED]] == result.err.splitlines()
    assert {} == failures(tmp_path)


def test_every_tool_accepts_a_project_of_another_name(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    assert 0 == toriconfig("init", "--name", "database", "--module", "shop.conf").code
    assert {} == failures(tmp_path, "shop.conf", DATABASE_LOG_LEVEL="debug")


def test_a_dry_run_lists_the_files_and_writes_none(toriconfig: Toriconfig, tmp_path: Path) -> None:
    assert (0, "\n".join([*OWN, *SHARED, ""]), "") == toriconfig("init", "--dry-run")
    assert {} == files(tmp_path)


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_every_file_that_exists_is_named_with_its_remedy_and_nothing_is_written(
    dry: tuple[str, ...], toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "settings.py").write_text("mine")
    (tmp_path / "app.yaml").symlink_to("nowhere")
    (tmp_path / "schemas").write_text("mine, and no folder")
    before = files(tmp_path)
    result = toriconfig("init", *dry)
    assert (2, "", before) == (result.code, result.out, files(tmp_path))
    told = result.err.partition("nothing was written\n")[2].splitlines()
    assert ["settings.py", "app.yaml", "schemas"] == [line.split(":")[0].strip() for line in told]
    assert ["--module", "--name", "move it away"] == [
        word for line, word in zip(told, ("--module", "--name", "move it away"), strict=True) if word in line
    ]


def test_existing_files_are_kept_on_request(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("log_level: debug\n")
    result = toriconfig("init", "--keep-existing")
    assert (0, True) == (result.code, "kept app.yaml" in result.err)
    assert "log_level: debug\n" == (tmp_path / "app.yaml").read_text()
    assert {} == failures(tmp_path)


def test_a_file_in_the_place_of_a_folder_is_kept_too(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / ".github").write_text("mine")
    result = toriconfig("init", "--keep-existing")
    assert (0, "mine", True) == (result.code, (tmp_path / ".github").read_text(), "kept .github\n" in result.err)


def test_a_module_that_exists_is_not_kept_because_the_schema_would_be_of_another_class(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "settings.py").write_text("mine")
    result = toriconfig("init", "--keep-existing")
    assert (2, {"settings.py": b"mine"}) == (result.code, files(tmp_path))


def test_files_of_other_tools_stay_and_the_lines_for_them_are_shown(toriconfig: Toriconfig, tmp_path: Path) -> None:
    texts = {"pyproject.toml": "[project]\n", ".pre-commit-config.yaml": "repos: []\n", ".gitignore": ".env\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    result = toriconfig("init")
    assert 0 == result.code
    assert texts == {name: (tmp_path / name).read_text() for name in texts}
    assert 'pyproject.toml exists: add these lines\n\n[tool.toriconfig]\nsettings = "settings:App"\n' in result.err
    assert "      - id: toriconfig-check\n" in result.err
    assert result.err.endswith(".gitignore exists: add these lines\n\napp.local.yaml\n")
    (tmp_path / "pyproject.toml").write_text('[tool.toriconfig]\nsettings = "settings:App"\n')
    (tmp_path / "settings.py").unlink()
    assert "pyproject.toml" not in toriconfig("init", "--keep-existing").err


def test_lines_for_the_pyproject_of_the_repository_are_shown_in_a_folder_below(
    toriconfig: Toriconfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    result = toriconfig("init")
    assert f"{tmp_path / 'pyproject.toml'} exists: add these lines" in result.err
    assert not (tmp_path / "below" / "pyproject.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--name", "App"), "lower-case letters"),
        (("--name", "../app"), "lower-case letters"),
        (("--name", ""), "lower-case letters"),
        (("--module", "settings.py"), "without `.py`: use settings"),
        (("--module", "my-settings.py"), "this is not the name of a Python module\n"),
        (("--module", "../settings"), "not the name of a Python module"),
        (("--module", "class"), "not the name of a Python module"),
        (("--module", "a.settings"), "there is no folder a"),
        (("--module", "logging"), "the name of a library"),
        (("--module", "pydantic"), "the name of a library"),
        (("--module", "tqdm"), "the name of a library"),
    ],
)
def test_an_unusable_name_is_refused(
    arguments: tuple[str, ...], why: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    result = toriconfig("init", *arguments)
    assert (2, True) == (result.code, why in " ".join(result.err.split()) + "\n")
    assert {} == files(tmp_path)


@pytest.mark.parametrize(("number", "why"), [(28, "No space left on device"), (13, "Permission denied")])
def test_a_file_that_cannot_be_written_undoes_the_others(
    number: int, why: str, toriconfig: Toriconfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toriconfig.cli import _replace_file

    real = _replace_file._create

    def full(target: str, text: str) -> None:
        if target.endswith("config.yml"):
            raise OSError(number, why)
        real(target, text)

    monkeypatch.setattr(_replace_file, "_create", full)
    result = toriconfig("init")
    assert (2, True) == (result.code, f"config.yml cannot be written: {why}" in result.err)
    assert {} == files(tmp_path)
    assert [".git"] == sorted(os.listdir(tmp_path))


def test_a_shell_completes_the_command_and_its_options(tmp_path: Path) -> None:
    for words, found in {"toriconfig ini": "plain,init\n", "toriconfig init --dr": "plain,--dry-run\n"}.items():
        environ = {
            "_TORICONFIG_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        assert (0, found, "") == in_a_process(cwd=tmp_path, environ=environ)
