"""Row 14: costs that grow with the size of the settings and with the number of secrets, and costs that do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel

from benchmarks.bench_yaml import settings_text
from benchmarks.interleaved import Row, Work, compare, repeated, table
from toriconfig import explain, load
from toriconfig.testing import vault_server
from toriconfig.vault import Vault

KEYS = (200, 2_000, 20_000)
SECRETS = (10, 100, 1_000)


class Group(BaseModel):
    key_0: int
    key_1: str
    key_2: bool
    key_3: float
    key_4: str


class Grown(BaseModel):
    sections: dict[str, dict[str, Group]]


def _grown(folder: Path, keys: int) -> Path:
    body = "".join(f"  {line}\n" for line in settings_text(keys).splitlines())
    file = folder / f"{keys}.yaml"
    file.write_text(f"sections:\n{body}")
    return file


def measure(rounds: int = 5, *, secrets: tuple[int, ...] = SECRETS) -> list[Row]:
    """Loads and refreshes for each key or secret, `explain` as it is: ratios that do not grow are the promise."""
    return [*measure_load(rounds), *measure_explain(rounds), *measure_refresh(rounds, secrets)]


def measure_load(rounds: int, sizes: tuple[int, ...] = KEYS) -> list[Row]:
    with TemporaryDirectory() as name:
        works: dict[str, Work] = {}
        for keys in sizes:
            file = _grown(Path(name), keys)
            works[f"load, a key of {keys:,}"] = _often(partial(load, Grown, config_files=[file]), sizes[-1] // keys)
        first, *others = works
        return compare(works, first, dict.fromkeys(others, 1.25), rounds, 1, collector=True)


def measure_explain(rounds: int, sizes: tuple[int, ...] = KEYS) -> list[Row]:
    with TemporaryDirectory() as name:
        works: dict[str, Work] = {}
        for keys in sizes:
            settings = load(Grown, config_files=[_grown(Path(name), keys)])
            works[f"explain, one key of {keys:,}"] = partial(
                repeated, partial(explain, settings, "sections.section_0.group_1.key_3")
            )
        first, *others = works
        return compare(works, first, dict.fromkeys(others, 1.25), rounds, 200)


def measure_refresh(rounds: int, sizes: tuple[int, ...] = SECRETS) -> list[Row]:
    """CPU of this process for polling each of so many paths once; OpenBao works in a process of its own."""
    from toriconfig import _vault

    paths = [f"secret/many/{number}" for number in range(sizes[-1])]
    with vault_server({path: {"key": "v" * 20} for path in paths}) as server:
        session = _vault.connect(Vault(server.address, prefetch_workers=8), server.environ)
        assert session is not None
        cached_paths = [session.path(path) for path in paths]

        def poll(count: int) -> None:
            begun = time.monotonic()
            for cached in cached_paths[:count]:
                cached.due(cached._timer)
            for cached in cached_paths[:count]:
                assert cached._flight is not None
                cached._flight.wait()
            oldest = max(cached.age or 0.0 for cached in cached_paths[:count])
            assert oldest <= time.monotonic() - begun, "a secret was not read"

        try:
            works = {
                f"refresh, one of {count:,} secrets": _often(partial(poll, count), sizes[-1] // count)
                for count in sizes
            }
            first, *others = works
            return compare(works, first, dict.fromkeys(others, 1.25), rounds, 1, clock=time.process_time)
        finally:
            _vault.shutdown()


def _often(work: Callable[[], object], again: int) -> Work:
    """Small cases, repeated until they have the same number of keys or secrets, so that the rounds can be compared."""
    return lambda times: repeated(work, times * again)


if __name__ == "__main__":
    print(table("14. Growth", measure(), "ms"))
