"""A secret in a file that other programs rewrite: a replaced file is read again, a deleted one keeps its value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from toriconfig import Origin
from toriconfig._secrets.file import CHECK_SECONDS, MAX_BYTES, FileProvider
from toriconfig._secrets.provider import Reading
from toriconfig._secrets.secret import Secret, handle
from toriconfig.errors import SecretError
from toriconfig.testing import FakeClock


@pytest.fixture(name="clock")
def _clock() -> FakeClock:
    return FakeClock()


def provider_of(file: Path, clock: FakeClock) -> FileProvider:
    return FileProvider(str(file), Origin("secrets_dir", str(file)), clock)


def secret_of(provider: FileProvider) -> Secret[Any]:
    return handle(provider, str, "key")


def kubernetes_swap(mount: Path, generation: str, value: str) -> None:
    """Swap a mount as kubelet does: a new directory, and one rename of the `..data` link."""
    (mount / generation).mkdir()
    (mount / generation / "key").write_text(value)
    (mount / "..data_tmp").symlink_to(generation)
    (mount / "..data_tmp").rename(mount / "..data")
    if not (mount / "key").is_symlink():
        (mount / "key").symlink_to("..data/key")


def test_one_line_end_is_not_part_of_the_value(tmp_path: Path, clock: FakeClock) -> None:
    for content, value in ((b"a\n", "a"), (b"a\r\n", "a"), (b"a\n\n", "a\n"), (b"a", "a"), (b"", ""), (b" a ", " a ")):
        (tmp_path / "key").write_bytes(content)
        assert value == provider_of(tmp_path / "key", clock).settle().value


def test_content_that_is_not_text_is_read_as_bytes(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "key").write_bytes(b"\xff\x00\n")
    assert b"\xff\x00\n" == provider_of(tmp_path / "key", clock).settle().value


def test_a_value_is_returned_without_a_look_at_the_file_for_a_second(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    secret = secret_of(provider_of(file, clock))
    assert secret.get() == "one"
    file.write_text("two, longer")
    clock.advance(CHECK_SECONDS * 0.9)
    assert secret.get() == "one"
    clock.advance(CHECK_SECONDS)
    assert secret.get() == "two, longer"


def test_a_file_rewritten_with_the_same_size_is_seen(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    secret = secret_of(provider_of(file, clock))
    assert secret.get() == "one"
    os.utime(file, ns=(1, 1))
    clock.advance(2)
    before = secret.get()
    (tmp_path / "new").write_text("two")
    (tmp_path / "new").rename(file)
    clock.advance(2)
    assert ("one", "two") == (before, secret.get())


def test_a_swap_of_a_kubernetes_mount_is_seen(tmp_path: Path, clock: FakeClock) -> None:
    kubernetes_swap(tmp_path, "..2026_1", "one")
    secret = secret_of(provider_of(tmp_path / "key", clock))
    assert secret.get() == "one"
    kubernetes_swap(tmp_path, "..2026_2", "two")
    clock.advance(2)
    assert secret.get() == "two"


def test_listeners_are_notified_of_a_swap_and_not_of_the_first_reading(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    provider = provider_of(file, clock)
    swaps: list[tuple[Any, Any]] = []

    def swapped(old: Reading | None, new: Reading | None) -> None:
        swaps.append((old and old.value, new and new.value))

    cancel = provider.subscribe(swapped)
    provider.settle()
    file.write_text("two!")
    provider.settle()
    provider.settle()
    assert [("one", "two!")] == swaps
    cancel()
    file.write_text("three")
    provider.settle()
    assert 1 == len(swaps)


def test_a_deleted_file_keeps_its_last_value_and_reports_it(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    provider = provider_of(file, clock)
    assert "unread" == provider.state
    assert ("one", "fresh") == (provider.settle().value, provider.state)
    file.unlink()
    clock.advance(10)
    assert ("one", "stale", 10.0) == (provider.settle().value, provider.state, provider.age)
    assert "No such file" in str(provider.error)
    file.write_text("back")
    clock.advance(2)
    assert ("back", "fresh", 0.0) == (provider.settle().value, provider.state, provider.age)


def test_the_error_of_a_missing_file_names_the_file_and_the_remedy(tmp_path: Path, clock: FakeClock) -> None:
    provider = provider_of(tmp_path / "key", clock)
    with pytest.raises(SecretError, match="key: the file cannot be read: No such file") as caught:
        provider.settle()
    assert ("missing", "put the secret there, readable for this process") == (provider.state, caught.value.help)


def test_directories_pipes_and_oversized_files_are_refused_at_once(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "giant").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for name, said in (("folder", "not a regular file"), ("pipe", "not a regular file"), ("giant", "larger than")):
        with pytest.raises(SecretError, match=said):
            provider_of(tmp_path / name, clock).settle()


def test_errors_hold_no_content(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"hunter2\xff")
    error: SecretError | None = None
    try:
        handle(provider_of(file, clock), str, "key").get()
    except SecretError as caught:
        error = caught
    assert error is not None
    assert "UTF-8" in str(error)
    assert "hunter2" not in f"{error!r}{error.__cause__}{error.__context__}"
