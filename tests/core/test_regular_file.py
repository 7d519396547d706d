"""Every file is read by one reader, which is bounded, never waits, and opens nothing that is not a regular file."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import toriconfig
from toriconfig import Secret, SecretError, SettingsConfigDict, load
from toriconfig._core.regular_file import PATIENCE, RegularFile, Unread, open_regular, read_regular
from toriconfig._vault.config import Tls
from toriconfig._vault.http.tls import SetUpError, build
from toriconfig.testing import FakeClock

NO_TLS = Tls(None, None, None, None, None, None, verify=True)
READERS = {
    "_core/regular_file.py": "the reader",
    "sources/read_file.py": "files inside packages, which may be in a zip file; bounded",
    "cli/_exit.py": "the null device",
    "cli/_replace_file.py": "writes, and never follows a link",
    "cli/vault.py": "asks whose terminal it is; reads nothing",
    "_devserver/__init__.py": "the first bytes of the program of the development server",
    "rotation/_process.py": "what the kernel says of the verifier, a line each",
    "_devserver/process.py": "the log of the development server that it started",
    "testing/_audit.py": "the audit log of the development server",
}


def test_no_other_module_opens_a_file_to_read() -> None:
    package = Path(toriconfig.__file__).parent
    opens: set[str] = set()
    for file in package.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            plain = name in ("open", "os.open", "io.open", "os.fdopen") or name.endswith((".read_text", ".read_bytes"))
            writes = any(isinstance(one, ast.Constant) and one.value in ("w", "wb", "xb") for one in call.args)
            if plain and not writes:
                opens.add(str(file.relative_to(package)))
    assert set(READERS) >= opens


LINKS = {
    "the root of a process": "/proc/self/root{file}",
    "the working directory of a process": "/proc/self/cwd/written",
    "an open file": "/proc/self/fd/{number}",
    "an open file by its other name": "/dev/fd/{number}",
    "an open file that has no name any more": "/proc/self/fd/{removed}",
    "a file that never had a name": "/dev/fd/{memory}",
}


@pytest.mark.parametrize("way", ["named", "linked", "relative", "linked twice", "below a linked folder"])
@pytest.mark.parametrize("case", LINKS)
def test_no_secret_is_read_through_a_link_of_the_kernel_to_any_target(
    case: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "written"
    file.write_text("what the file holds")
    (tmp_path / "removed").write_text("what the file held")
    memory = os.memfd_create("x")
    with file.open() as kept, (tmp_path / "removed").open() as removed, open(memory, "w+b", buffering=0) as unnamed:
        unnamed.write(b"what the memory holds")
        (tmp_path / "removed").unlink()
        path = LINKS[case].format(file=file, number=kept.fileno(), removed=removed.fileno(), memory=memory)
        assert isinstance(read_regular(path, 100, secret=False), bytes)
        (tmp_path / "link").symlink_to(path)
        (tmp_path / "link2").symlink_to("./link")
        (tmp_path / "folder").symlink_to(os.path.dirname(path))
        ways = {
            "named": path,
            "linked": str(tmp_path / "link"),
            "relative": os.path.relpath(path),
            "linked twice": "link2",
            "below a linked folder": f"folder/{os.path.basename(path)}",
        }
        assert refusal(ways[way])[0] == "forbidden"


@pytest.mark.parametrize("path", ["there", "./there", "a/../there", "{here}//there", "link", "a/back/there", "a/up"])
def test_a_written_file_is_read_by_any_path(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "there").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "a" / "back").symlink_to("..")
    (tmp_path / "a" / "up").symlink_to("../link")
    assert b"x" == read_regular(path.format(here=tmp_path), 100)


def refusal(path: str | Path, most: int = 100, *, secret: bool = True) -> tuple[str, str]:
    found = read_regular(str(path), most, secret=secret)
    assert isinstance(found, Unread), found
    return found.kind, found.reason


@pytest.mark.parametrize("secret", [True, False])
def test_a_file_that_is_not_regular_is_refused_without_being_opened(
    secret: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)
        listener.bind("socket")
        monkeypatch.setattr(os, "open", None)
        for name, what in (("pipe", "a named pipe"), ("folder", "a directory"), ("socket", "a socket")):
            assert ("kind", f"this is {what}, not a regular file") == refusal(name, secret=secret)
        assert ("kind", "this is a device, not a regular file") == refusal("/dev/zero", secret=False)


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/proc/self/pagemap", "/sys/kernel/mm", "/dev/zero", "/dev/fd/0"]
)
def test_a_secret_is_not_read_from_files_generated_by_the_kernel(path: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    assert "forbidden" == refusal(tmp_path / "link")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/environ",
        "/proc/self/status",
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/dev/fd/../environ",
        "/dev/fd/../root/etc/passwd",
    ],
)
def test_settings_are_not_read_by_a_link_to_files_generated_by_the_kernel(path: str, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").symlink_to(path)
    (tmp_path / "folder").symlink_to(os.path.dirname(path))
    (tmp_path / "again").symlink_to(tmp_path / "folder")
    for name in (
        "tori.yaml",
        "folder/../tori.yaml",
        f"folder/{os.path.basename(path)}",
        f"again/{os.path.basename(path)}",
    ):
        assert "forbidden" == refusal(tmp_path / name, secret=False)[0]
    if os.path.exists(path):
        assert isinstance(read_regular(path, 10_000_000, secret=False), bytes)


def test_a_check_of_a_link_to_the_environment_shows_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_FIRST_VARIABLE", "hunter2hunter")
    (tmp_path / "tori.yaml").symlink_to("/proc/self/environ")
    command = [sys.executable, "-m", "toriconfig.cli", "check", str(tmp_path / "tori.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "files below /proc are not read" in done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_file_without_end_is_read_to_its_bound() -> None:
    assert ("large", "it is larger than 1,000 bytes") == refusal("/proc/self/smaps", 1000, secret=False)


def test_a_file_that_arrives_byte_by_byte_is_refused_as_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    (tmp_path / "a").write_bytes(b"x" * 100)
    whole = os.read

    def drop(descriptor: int, _count: int) -> bytes:
        clock.advance(PATIENCE / 10)
        return whole(descriptor, 1)

    monkeypatch.setattr(os, "read", drop)
    found = read_regular(str(tmp_path / "a"), 1000, clock=clock)
    assert isinstance(found, Unread) and found.kind == "slow"


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_up_to_the_bound_is_read_whole(size: int, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert b"x" * size == read_regular(str(tmp_path / "a"), 100)


def test_a_file_that_grows_while_it_is_read_is_read_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 50)
    opened = open_regular(str(path), 100)
    assert isinstance(opened, RegularFile)
    with opened:
        with path.open("ab") as more:
            more.write(b"y" * 40)
        assert b"x" * 50 + b"y" * 40 == opened.read()
        with path.open("ab") as more:
            more.write(b"y" * 100)
        assert isinstance(opened.read(), Unread)


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 200)
    before = len(os.listdir("/dev/fd"))
    for path in (tmp_path / "a", tmp_path, tmp_path / "none", "/proc/self/environ", "a\0b"):
        read_regular(str(path), 100)
    assert len(os.listdir("/dev/fd")) == before


def test_a_secret_from_a_file_without_end_is_an_error_at_once(tmp_path: Path) -> None:
    from pydantic import BaseModel

    class App(BaseModel):
        model_config = SettingsConfigDict(config_name="app")
        token: Secret[str]

    (tmp_path / "app.yaml").write_text("token: ${file:/proc/self/pagemap}\n")
    with pytest.raises(SecretError, match="files below /proc are not read"):
        load(App, config_dir=tmp_path, environ={}).token.get()


def test_certificates_that_are_no_regular_file_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SetUpError, match="this is a named pipe"):
        build(replace(NO_TLS, ca_cert=str(tmp_path / "pipe")))
    with pytest.raises(SetUpError, match="this is a named pipe"):
        build(replace(NO_TLS, cert=str(tmp_path / "pipe")))
