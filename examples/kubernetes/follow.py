# follow.py
import time

from app import settings
from mount import mount_all

from toriconfig import Change, on_change, watch

seen: dict[str, float] = {}


def changed(change: Change) -> None:
    seen[change.path] = time.monotonic() - begun


on_change(settings, "log_level", changed)
on_change(settings, "smtp_password", changed)
settings.smtp_password.get()
with watch(settings):
    begun = time.monotonic()
    mount_all("debug", "another-password")
    while len(seen) < 2 and time.monotonic() < begun + 30:
        time.sleep(0.05)
for path, seconds in sorted(seen.items()):
    print(path, "within 5 seconds" if seconds < 5 else f"after {seconds:.0f} seconds")
