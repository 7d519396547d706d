# send_sighup.py
import os
import signal
import threading
from pathlib import Path

from reload_on_sighup import settings

from toriconfig import on_change

reloaded = threading.Event()
on_change(settings, "search.page_size", lambda _: reloaded.set())
print(settings.search.page_size)
Path("app.local.yaml").write_text("search: {page_size: 50}\n")
os.kill(os.getpid(), signal.SIGHUP)
reloaded.wait(10)
print(settings.search.page_size)
