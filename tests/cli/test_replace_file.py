"""Commands that write files: files of the user are kept, and no reader sees half of a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Result, Toriconfig
from toriconfig.cli import _replace_file
from toriconfig.cli._replace_file import Refused, replace_file

CLASS = ("--settings", "toriconfig.schema:ToriSettings")
Write = Callable[..., Result]


@pytest.fixture(name="example")
def _example(toriconfig: Toriconfig) -> Write:
    return lambda *more: toriconfig("schema", "--env-example", "-O", ".env", *CLASS, *more)


@pytest.fixture(name="schema")
def _schema(toriconfig: Toriconfig) -> Write:
    return lambda *more: toriconfig("schema", "-O", "s.json", *CLASS, *more)


def left(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(".toriconfig"))


@pytest.mark.parametrize(
    "content", ["TORI_API_KEY=s3cr3t\n", "# mine\n", "# Every variable that X reads.\nA=1\n", "\0"]
)
def test_an_env_file_of_the_user_is_kept_unless_forced(content: str, example: Write, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(content)
    refused = example()
    assert 2 == refused.code
    assert ".env exists, and toriconfig did not write it" in refused.err
    assert content == (tmp_path / ".env").read_text()
    assert 0 == example("--force").code
    assert (tmp_path / ".env").read_text().startswith("# Every variable")


def test_an_example_with_values_is_not_replaced(example: Write, tmp_path: Path) -> None:
    assert 0 == example().code
    assert 0 == example().code, "the example as it was written may be written again"
    with (tmp_path / ".env").open("a") as file:
        file.write("TORI_API_KEY=s3cr3t\n")
    assert 2 == example().code
    assert "s3cr3t" in (tmp_path / ".env").read_text()


@pytest.mark.parametrize("content", ["{}", "name: x\n", '{"$schema": "x", "title": "ToriSettings"}', "[" * 5000])
def test_a_file_that_is_no_schema_of_the_class_is_kept_unless_forced(
    content: str, schema: Write, tmp_path: Path
) -> None:
    (tmp_path / "s.json").write_text(content)
    assert 2 == schema().code
    assert content == (tmp_path / "s.json").read_text()
    assert 0 == schema("--force").code


def test_an_older_schema_of_the_class_is_replaced(schema: Write, tmp_path: Path) -> None:
    assert 0 == schema().code
    now = (tmp_path / "s.json").read_text()
    (tmp_path / "s.json").write_text(now.replace("max_pages", "most_pages"))
    assert 0 == schema().code
    assert now == (tmp_path / "s.json").read_text()


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_not_written_through_unless_forced(exists: bool, schema: Write, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there/target"
    if exists:
        target.write_text("precious")
    (tmp_path / "s.json").symlink_to(target)
    refused = schema()
    assert 2 == refused.code and "is a symbolic link" in refused.err
    assert exists == target.exists() and (not exists or "precious" == target.read_text())
    assert 0 == schema("--force").code
    assert (tmp_path / "s.json").is_symlink()
    assert "ToriSettings" in target.read_text()


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_pipe_is_never_written_to(force: tuple[str, ...], schema: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s.json")
    assert 2 == schema(*force).code
    assert stat.S_ISFIFO((tmp_path / "s.json").stat().st_mode)


BAD = "chuncking:\n  size: 500  # kept\n"
GOOD = BAD.replace("chuncking", "chunking")


@pytest.fixture(name="fix")
def _fix(toriconfig: Toriconfig, tmp_path: Path) -> Write:
    (tmp_path / "a.yaml").write_text(BAD)
    return lambda *more: toriconfig("check", "--fix", "a.yaml", *CLASS, *more)


def test_a_write_protected_file_is_not_repaired_unless_forced(fix: Write, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").chmod(0o444)
    refused = fix()
    assert 2 == refused.code and "a.yaml is write-protected" in refused.err
    assert BAD == (tmp_path / "a.yaml").read_text()
    assert 0 == fix("--force").code
    assert GOOD == (tmp_path / "a.yaml").read_text()
    assert 0o444 == stat.S_IMODE((tmp_path / "a.yaml").stat().st_mode)


def test_a_file_with_two_names_keeps_both_and_is_repaired_when_forced(fix: Write, tmp_path: Path) -> None:
    os.link(tmp_path / "a.yaml", tmp_path / "b.yaml")
    refused = fix()
    assert 2 == refused.code and "has 2 names" in refused.err
    assert BAD == (tmp_path / "b.yaml").read_text()
    assert 0 == fix("--force").code
    assert GOOD == (tmp_path / "a.yaml").read_text() == (tmp_path / "b.yaml").read_text()
    assert (tmp_path / "a.yaml").samefile(tmp_path / "b.yaml")


def test_a_file_of_another_user_keeps_its_owner(fix: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    if os.geteuid() == 0:
        os.chown(path, 12345, 12346)
    else:  # to any other user, the file belongs to another user
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    before = path.stat()
    refused = fix()
    assert 2 == refused.code and f"belongs to another user ({before.st_uid})" in refused.err
    assert 0 == fix("--force").code
    assert GOOD == path.read_text()
    after = path.stat()
    assert (before.st_ino, before.st_uid, before.st_gid) == (after.st_ino, after.st_uid, after.st_gid)


OTHER_GROUP = 12346 if os.geteuid() == 0 else next(iter({*os.getgroups()} - {os.getegid()}), None)


@pytest.mark.skipif(OTHER_GROUP is None, reason="a user of one group alone cannot give a file another group")
def test_a_repaired_file_keeps_its_group_and_mode(fix: Write, tmp_path: Path) -> None:
    os.chown(tmp_path / "a.yaml", -1, OTHER_GROUP or -1)
    (tmp_path / "a.yaml").chmod(0o640)
    assert 0 == fix().code
    found = (tmp_path / "a.yaml").stat()
    assert (OTHER_GROUP, 0o640) == (found.st_gid, stat.S_IMODE(found.st_mode))


def test_a_file_whose_group_cannot_be_kept_is_written_in_place_when_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    monkeypatch.setattr(_replace_file, "_replace", lambda *_: False)
    with pytest.raises(Refused, match="group"):
        replace_file(str(path), "new", force=False)
    inode = path.stat().st_ino
    replace_file(str(path), "ne", force=True)
    assert ("ne", inode) == (path.read_text(), path.stat().st_ino)


def test_a_new_file_has_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        replace_file(str(tmp_path / "a"), "x", force=False)
    finally:
        os.umask(former)
    assert 0o640 == stat.S_IMODE((tmp_path / "a").stat().st_mode)


def test_a_file_created_in_the_meantime_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    make = _replace_file._temporary

    def meanwhile(*given: object) -> str:
        path.write_text("theirs")
        return make(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(_replace_file, "_temporary", meanwhile)
    with pytest.raises(Refused, match="another process"):
        replace_file(str(path), "ours", force=False)
    path.write_text("older text of theirs")
    with pytest.raises(Refused, match="changed by another process"):
        replace_file(str(path), "ours", force=False)
    assert "theirs" == path.read_text()
    assert [] == left(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(str(path), "new", force=False)
    with pytest.raises(OSError, match="No space"):
        replace_file(str(tmp_path / "b"), "new", force=False)
    assert "old" == path.read_text()
    assert not (tmp_path / "b").exists()
    assert [] == left(tmp_path)


def test_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    try:
        os.setxattr(path, "user.note", b"kept")
    except (OSError, AttributeError):
        pytest.skip("the file system of this folder keeps no attributes of users")
    replace_file(str(path), "new", force=False)
    assert (b"kept", "new") == (os.getxattr(path, "user.note"), path.read_text())
