# change.py
from pathlib import Path
from threading import Event

from app import App, settings

from toriconfig import health, load, on_change, override, refresh, reload, replace, snapshot
from toriconfig.vault import client

with override(settings, {"pool.max_size": 2}):
    print("inside override:", settings.pool.max_size)
print("outside:        ", settings.pool.max_size)
print("a copy:         ", replace(settings, greeting="hi").greeting)
print("loaded now:     ", load(App, config_name="app", overrides={"greeting": "good evening"}).greeting)

fixed, called = snapshot(settings), Event()


def show(path: str, origin: object) -> None:
    print("changed:        ", path, "from", origin)
    called.set()


on_change(settings, "", lambda change: show(change.path, change.new_origin))
Path("app.yaml").write_text("{greeting: bonjour, pool: {max_size: 20}, api_key: '${vault:secret/app#api_key}'}")
reload(settings)
called.wait(10)
print("after reload:   ", settings.greeting, "and still", fixed.greeting)

settings.api_key.get()
called.clear()
client(settings).secrets.kv.v2.create_or_update_secret("app", {"api_key": "second-key"})
refresh(settings)
called.wait(10)
print("ok:             ", health(settings).ok)
