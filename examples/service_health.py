"""Health and metrics of a service over HTTP, for WSGI and for ASGI. Needs `toriconfig[prometheus]`.

    $ APP_TOKEN=t python examples/service_health.py 8000 &
    $ curl -s localhost:8000/health     # 200 while all is well, 503 else; never a setting, never a secret
    $ curl -s localhost:8000/metrics

Mount either application beside your own, on an address that only the platform reaches: the answers name files,
variables and the paths of secrets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from wsgiref.simple_server import make_server

from prometheus_client import CollectorRegistry, make_asgi_app, make_wsgi_app
from pydantic import BaseModel

from toriconfig import Secret, SettingsConfigDict, health, lazy
from toriconfig.integrations.prometheus import SettingsCollector


class App(BaseModel):
    """Settings of the service."""

    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", frozen=True)

    token: Secret[str]


settings = lazy(App)
registry = CollectorRegistry()
registry.register(SettingsCollector(settings))

_metrics_wsgi = make_wsgi_app(registry)
_metrics_asgi = make_asgi_app(registry)
_JSON = "application/json"


def state() -> tuple[int, bytes]:
    """Return the HTTP status and the body. Read from memory, so the answer comes at once, also while Vault hangs."""
    found = health(settings)
    return (200 if found.ok else 503), json.dumps(found.as_dict()).encode()


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request, for gunicorn, Flask, Django."""
    if environ.get("PATH_INFO") == "/metrics":
        answer: Iterable[bytes] = _metrics_wsgi(environ, start_response)
        return answer
    status, body = state()
    start_response(f"{status} {'OK' if status == 200 else 'Service Unavailable'}", [("Content-Type", _JSON)])
    return [body]


async def asgi(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer a request, for uvicorn, FastAPI, Starlette."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/metrics":
        await _metrics_asgi(scope, receive, send)
        return
    status, body = state()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", _JSON.encode())]})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until the process ends."""
    settings.token.get(None)
    with make_server("127.0.0.1", int(sys.argv[1]), wsgi) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
