"""Rotation under load: eight threads read a secret without a pause while OpenBao is given a new version each second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any, TypedDict

from benchmarks.interleaved import Row, table
from toriconfig.testing import vault_server
from toriconfig.vault import Vault

THREADS = 8
BATCH = 500
STEP = 0.1
"""Seconds of one point of the chart."""


class Series(TypedDict):
    """Data of the chart: CPU nanoseconds of a read in each step, and the seconds at which a new version was there."""

    step: float
    nanoseconds: list[float]
    arrived: list[float]
    reads: int
    errors: int


class Reader:
    """One thread that reads in batches and notes what a read cost."""

    def __init__(self, get: Callable[[], Any], begun: float, end: float) -> None:
        self.get = get
        self.begun, self.end = begun, end
        self.noted: list[tuple[float, float]] = []
        self.errors = 0
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        get = self.get
        while (now := time.perf_counter()) < self.end:
            cpu = time.thread_time()
            try:
                for _ in range(BATCH):
                    get()
            except Exception:  # noqa: BLE001 - counted, and reported
                self.errors += 1
            self.noted.append((now - self.begun, (time.thread_time() - cpu) / BATCH * 1e9))


def rotation(seconds: float = 10.0) -> tuple[list[Row], Series]:
    """Still for the first half, rotating for the second."""
    from toriconfig import _vault
    from toriconfig._secrets.secret import handle

    with vault_server({"secret/app": {"key": "v0"}}) as server:
        try:
            session = _vault.connect(Vault(server.address, refresh_interval=0.2), server.environ)
            assert session is not None
            cached = session.path("secret/app")
            secret = handle(cached, None, "key")
            secret.get()
            begun = time.perf_counter()
            arrived: list[float] = []
            cancel = cached.subscribe(lambda _old, _new: arrived.append(time.perf_counter() - begun))
            readers = [Reader(secret.get, begun, begun + seconds) for _ in range(THREADS)]
            for reader in readers:
                reader.thread.start()
            time.sleep(seconds / 2)
            number = 0
            while time.perf_counter() < begun + seconds - 1.0:
                number += 1
                server.put("secret/app", {"key": f"v{number}"})
                time.sleep(1.0)
            for reader in readers:
                reader.thread.join()
            cancel()
            if secret.get() != {"key": f"v{number}"} or not arrived:
                raise AssertionError("the last version has not arrived")
        finally:
            _vault.shutdown()
    noted = [one for reader in readers for one in reader.noted]
    still = [cost for at, cost in noted if at < seconds / 2]
    moving = [cost for at, cost in noted if at >= seconds / 2]
    errors = sum(reader.errors for reader in readers)
    against = f"secret.get(), {THREADS} threads, nothing changes"
    goal = {against: None, f"secret.get(), {THREADS} threads, a new version each second": 1.2}
    rows: list[Row] = []
    for (name, promised), costs in zip(goal.items(), (still, moving), strict=True):
        q1, median, q3 = (each / 1e9 for each in quantiles(costs, n=4))
        ratio = median / rows[0]["median"] if rows else 1.0
        rows.append(Row(name=name, median=median, q1=q1, q3=q3, ratio=ratio, against=against, goal=promised))
    steps = [
        [cost for at, cost in noted if step * STEP <= at < (step + 1) * STEP] for step in range(int(seconds / STEP))
    ]
    points = [quantiles(costs, n=4)[1] if len(costs) > 1 else 0.0 for costs in steps]
    return rows, Series(step=STEP, nanoseconds=points, arrived=arrived, reads=len(noted) * BATCH, errors=errors)


def measure() -> list[Row]:
    rows, series = rotation()
    if series["errors"]:
        raise AssertionError(f"{series['errors']} reads failed")
    return rows


if __name__ == "__main__":
    print(table("Rotation under load", measure(), "ns"))
