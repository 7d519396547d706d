from __future__ import annotations

import os
from pathlib import Path

import pytest

from toriconfig._core.tree import Tree
from toriconfig.sources import Source
from toriconfig.sources.read_file import read_file
from toriconfig.sources.secrets_dir import MAX_BYTES, SecretsDir, value_of
from toriconfig.testing import SourceContract


class TestSecretsDir(SourceContract):
    @pytest.fixture(autouse=True)
    def files(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        (tmp_path / "api_key").write_text("x")

    def good(self) -> Source:
        return SecretsDir(self.folder)

    def broken(self) -> Source:
        return SecretsDir(self.folder / "missing")


def load(folder: Path, prefix: str = "") -> Tree:
    tree = SecretsDir(folder, prefix).load()
    assert tree.flat
    return tree


def codes(folder: Path) -> list[str]:
    return [problem.code for problem in load(folder).problems]


def test_a_file_is_a_value_under_its_name_in_upper_case(tmp_path: Path) -> None:
    (tmp_path / "database__password").write_text("x")
    (tmp_path / "Api_Key").write_text("y")
    assert load(tmp_path).root.plain() == {"DATABASE__PASSWORD": "x", "API_KEY": "y"}


def test_the_prefix_of_a_name_is_optional(tmp_path: Path) -> None:
    (tmp_path / "tori_a").write_text("1")
    (tmp_path / "b").write_text("2")
    assert load(tmp_path, "TORI_").root.plain() == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"x\n", "x"),
        (b"x\r\n", "x"),
        (b"x\n\n", "x\n"),
        (b" x ", " x "),
        (b"", ""),
        (b"\n", ""),
        (b"x\r", "x\r"),
        ("é漢\n".encode(), "é漢"),
        (b"\xff\n", b"\xff\n"),
    ],
)
def test_one_newline_is_removed_and_binary_content_is_bytes(data: bytes, value: str | bytes) -> None:
    assert value_of(data) == value


def test_the_node_holds_the_path_to_read_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    node = load(tmp_path).root.value["A"]
    assert node.at == str(tmp_path / "a")
    assert str(node.origin) == str(tmp_path / "a")


def kubernetes(folder: Path, version: str, **values: str) -> None:
    """The files of the kubelet's atomic writer."""
    (folder / version).mkdir()
    for name, value in values.items():
        (folder / version / name).write_text(value)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..data_tmp").symlink_to(version)
    os.replace(folder / "..data_tmp", folder / "..data")


def test_a_kubernetes_mount_is_read_through_its_links(tmp_path: Path) -> None:
    kubernetes(tmp_path, "..2024_01", user="u1", password="p1")
    tree = load(tmp_path)
    assert tree.root.plain() == {"USER": "u1", "PASSWORD": "p1"}
    assert tree.root.value["USER"].at == str(tmp_path / "user")
    assert tree.problems == ()


def test_a_swap_while_reading_never_mixes_two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes(tmp_path, "..2024_01", password="p1", user="u1")
    calls = 0

    def swapping(*args: object) -> object:
        nonlocal calls
        calls += 1
        data = read_file(*args)  # type: ignore[arg-type]
        if calls == 1:
            kubernetes(tmp_path, "..2024_02", password="p2", user="u2")
        return data

    monkeypatch.setattr("toriconfig.sources.secrets_dir.read_file", swapping)
    assert load(tmp_path).root.plain() == {"PASSWORD": "p2", "USER": "u2"}


def test_a_link_that_leaves_the_directory_is_refused(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "secrets"
    outside.write_text("CANARY")
    folder.mkdir()
    (folder / "a").symlink_to("../outside")
    (folder / "b").symlink_to(outside)
    (folder / "c").symlink_to("d")
    (folder / "d").write_text("x")
    (folder / "..data").symlink_to(tmp_path)
    (folder / "e").symlink_to("..data/outside")
    tree = load(folder)
    assert [problem.code for problem in tree.problems] == ["TC305"] * 3
    assert tree.root.plain() == {"C": "x", "D": "x"}
    assert "CANARY" not in repr(tree.problems)


def test_a_directory_that_is_itself_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link").root.plain() == {"A": "x"}


def test_hidden_files_and_directories_are_no_values(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "folder").mkdir()
    assert (load(tmp_path).root.plain(), codes(tmp_path)) == ({}, [])


def test_a_file_that_is_not_regular_or_too_large_is_a_problem_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"x" * (MAX_BYTES + 1))
    (tmp_path / "largest").write_bytes(b"x" * MAX_BYTES)
    tree = load(tmp_path)
    assert sorted(problem.code for problem in tree.problems) == ["TC003", "TC004"]
    assert list(tree.root.value) == ["LARGEST"]


def test_two_spellings_of_a_name_are_a_problem_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "a_b").write_text("1")
    (tmp_path / "A_B").write_text("2")
    (problem,) = load(tmp_path).problems
    assert problem.code == "TC502"
    assert "`a_b`" in problem.message
    assert "`A_B`" in problem.message


def test_a_missing_directory_is_a_warning_and_a_file_in_its_place_an_error(tmp_path: Path) -> None:
    (missing,) = load(tmp_path / "missing").problems
    assert (missing.code, missing.severity) == ("TC006", "warning")
    (tmp_path / "file").write_text("x")
    (wrong,) = load(tmp_path / "file").problems
    assert (wrong.code, wrong.severity) == ("TC003", "error")
