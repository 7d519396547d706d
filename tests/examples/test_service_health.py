"""The example of health and metrics over HTTP, as a WSGI server, an ASGI client and gunicorn see it."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from toriconfig import reload
from toriconfig._devserver import free_ports
from toriconfig.testing import Canary

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(name="example")
def _example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("service_health", None)
    return importlib.import_module("service_health")


def asked(example: ModuleType, path: str) -> httpx.Response:
    async def get() -> httpx.Response:
        app: Any = example.asgi
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.get(path)

    return asyncio.run(get())


def test_health_is_503_before_the_load_200_after_it_and_503_after_a_failed_reload(
    example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = Canary()
    monkeypatch.setenv("APP_TOKEN", canary.secret)
    assert 503 == asked(example, "/health").status_code
    assert canary.secret == example.settings.token.get()
    answer = asked(example, "/health")
    assert (200, True) == (answer.status_code, answer.json()["ok"])
    Path("app.yaml").write_text("unknown: 1")
    with pytest.raises(ValueError, match="unknown key"):
        reload(example.settings)
    ill = asked(example, "/health")
    assert (503, False) == (ill.status_code, ill.json()["ok"])
    metrics = asked(example, "/metrics")
    assert 'toriconfig_settings_reloads_total{result="failed",settings="App"} 1.0' in metrics.text
    canary.absent_from(answer.text, ill.text, metrics.text)


@pytest.mark.parametrize("server", ["itself", "gunicorn"])
def test_the_example_answers_over_http(tmp_path: Path, server: str) -> None:
    port = free_ports()
    command = {
        "itself": [str(EXAMPLES / "service_health.py"), str(port)],
        "gunicorn": ["-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--no-control-socket", "service_health:wsgi"],
    }[server]
    path = os.pathsep.join([str(EXAMPLES), *sys.path])
    environ = {**os.environ, "PYTHONPATH": path, "APP_TOKEN": "t"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *command], cwd=tmp_path, env=environ, stdout=log, stderr=log)
    try:
        status, body = _fetched(f"http://127.0.0.1:{port}/health", process)
        assert (200, True) == (status, json.loads(body)["ok"]) if server == "itself" else status == 503
        assert b"toriconfig_settings_loaded" in _fetched(f"http://127.0.0.1:{port}/metrics", process)[1]
    finally:
        process.terminate()
        process.wait(30)


def _fetched(url: str, process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    end = time.monotonic() + 50
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
