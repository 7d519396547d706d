# reload_on_sighup.py
import signal
import threading

from app import app, settings

from toriconfig import refresh, reload

__all__ = ["app", "settings"]


def reload_settings() -> None:
    reload(settings)  # the files; keeps the old settings and raises ConfigError if the new ones are invalid
    refresh(settings)  # the secrets


signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=reload_settings, daemon=True).start())
