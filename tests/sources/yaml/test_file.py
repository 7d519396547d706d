"""The file of a source: accepted and refused files, and no read that waits."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from toriconfig._core.problem import Problem
from toriconfig._core.tree import Tree
from toriconfig.sources.read_file import Limits, read_file
from toriconfig.sources.settings_file import SettingsFile
from toriconfig.sources.yaml.documents import read_yaml


def load(path: Path | str, *, required: bool = False, max_bytes: int = 1 << 20) -> Tree:
    return SettingsFile(path, name="settings", required=required, limits=Limits(max_bytes=max_bytes)).load()


def told(tree: Tree) -> list[tuple[str, str, str]]:
    return [(problem.code, str(problem.origin), problem.message) for problem in tree.problems]


def test_a_yaml_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: {b: 1}\n")
    tree = load(tmp_path / "a.yaml")
    assert ({"a": {"b": 1}}, [], True) == (tree.root.plain(), told(tree), tree.complete)
    assert ["a: {b: 1}", ""] == tree.lines


def test_a_json_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{\n\t"a": [1, {"b": "\\u00e9"}]\n}\n')
    assert {"a": [1, {"b": "é"}]} == load(tmp_path / "a.json").root.plain()


def test_a_file_is_called_by_its_path_unless_it_has_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    assert f"{path}:1:4" == str(SettingsFile(path).load().root.value["a"].origin)


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_mapping(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    tree = load(tmp_path / "a.yaml")
    assert ({}, [], True) == (tree.root.plain(), told(tree), tree.complete)


def test_a_missing_file_sets_nothing_unless_it_is_required(tmp_path: Path) -> None:
    assert ([], True) == (told(load(tmp_path / "no")), load(tmp_path / "no").complete)
    assert [("TC006", "settings", "this file was requested and does not exist")] == told(
        load(tmp_path / "no", required=True)
    )


def test_a_path_through_a_file_is_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert ["TC006"] == [code for code, *_ in told(load(tmp_path / "a" / "b", required=True))]


def test_a_broken_link_is_reported_even_for_an_optional_file(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "no")
    assert [("TC003", "settings", "the target of the symbolic link does not exist")] == told(load(tmp_path / "a"))


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a: 1\n")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert {"a": 1} == load(tmp_path / "b").root.plain()


def test_a_loop_of_links_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert ["TC003"] == [code for code, *_ in told(load(tmp_path / "a"))]


def test_a_directory_a_pipe_a_socket_and_a_device_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "p")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    assert [("TC003", "settings", "this is a directory, not a file")] == told(load(tmp_path / "d"))
    assert [("TC003", "settings", "this is a named pipe, not a file")] == told(load(tmp_path / "p"))
    assert [("TC003", "settings", "this is a device, not a file")] == told(load("/dev/zero"))
    assert ["TC003"] == [code for code, *_ in told(load(tmp_path / "s"))]
    listener.close()


def test_a_file_without_the_right_to_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    path.chmod(0)
    code = "from toriconfig.sources.settings_file import SettingsFile; import os, toriconfig._core.printable\n"
    code += "os.getuid() or os.setuid(65534)  # afterwards Python's own folder may be out of reach\n"
    code += "import sys; print(SettingsFile(sys.argv[1], name='settings').load().problems[0])"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o11)
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=False)
    assert "settings: error[TC003]: the file cannot be read: permission denied\n" == done.stdout, done.stderr


def test_a_name_with_a_nul_is_reported() -> None:
    assert ["TC003"] == [code for code, *_ in told(load("a\0b"))]


def test_a_file_that_is_too_large_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(100 << 30)  # sparse: nothing could read it all
    assert ["TC004"] == [code for code, *_ in told(load(path))]


def test_a_file_of_just_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 12\n")
    assert {"a": 12} == load(tmp_path / "a.yaml", max_bytes=6).root.plain()
    assert ["TC004"] == [code for code, *_ in told(load(tmp_path / "a.yaml", max_bytes=5))]


def test_a_file_of_unknown_size_is_read_up_to_the_limit() -> None:
    assert ["TC004"] == [code for code, *_ in told(load("/proc/self/status", max_bytes=100))]
    assert isinstance(read_file("/proc/self/status", "settings", "files", 100), Problem)
    assert load("/proc/self/status").root.value["Name"]


def test_a_text_that_is_too_large_is_refused() -> None:
    (tree,) = read_yaml("a: 1\n" * 10, "<stdin>", limits=Limits(max_bytes=20))
    assert ["TC004"] == [code for code, *_ in told(tree)]


def test_a_settings_file_holds_one_document(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n---\nb: 2\n---\nc: 3\n")
    tree = load(tmp_path / "a.yaml")
    assert {"a": 1} == tree.root.plain()
    assert [("TC007", "settings:3:1", "a second document in a settings file")] == told(tree)


def test_every_document_of_a_text_is_read() -> None:
    trees = read_yaml("a: 1\n---\nb: 2\n---\n", "<stdin>")
    assert [{"a": 1}, {"b": 2}, {}] == [tree.root.plain() for tree in trees]


def test_the_collector_runs_again_after_a_read_that_paused_it() -> None:
    read_yaml("a: [\n", "f")
    assert gc.isenabled()
    gc.disable()
    try:
        read_yaml("a: 1\n", "f")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_yaml_is_not_imported_before_the_first_read() -> None:
    code = """
import sys
from toriconfig.sources.settings_file import SettingsFile
SettingsFile("no-such-file").load()
heavy = {"yaml", "asyncio", "logging", "difflib", "pydantic"} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
