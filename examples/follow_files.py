"""A service that follows its files: edit `app.yaml` while it runs, or send SIGHUP. Needs `toriconfig[watch]`.

$ python examples/follow_files.py &
$ echo 'workers: 8' > app.yaml
workers: 2 -> 8
$ echo 'workers: 800' > app.yaml
WARNING:...
$ kill -HUP %1; kill %1
"""

from __future__ import annotations

import logging
import signal
import threading

from pydantic import BaseModel, Field

from toriconfig import Change, SettingsConfigDict, lazy, on_change, watch


class App(BaseModel):
    """Settings of the service."""

    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", frozen=True)

    workers: int = Field(2, ge=1, le=64)


settings = lazy(App)


def resize(change: Change) -> None:
    """Adapt a pool to the new number of workers; here a line says so."""
    print(f"{change.path}: {change.old} -> {change.new}", flush=True)


def main() -> None:
    """Run until SIGTERM. A mistake in the file is a WARNING on standard error, and the old settings stay in use."""
    logging.basicConfig()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    on_change(settings, "workers", resize)
    with watch(settings, signum=signal.SIGHUP):
        print(f"{settings.workers} workers", flush=True)
        while not ended.wait(1.0):
            pass


if __name__ == "__main__":
    main()
