"""An exporter of metrics that the package does not ship, built with public names: StatsD datagrams on a real socket."""

from __future__ import annotations

import socket

from pydantic import BaseModel

from toriconfig import Secret, lazy
from toriconfig.integrations.metrics import measure
from toriconfig.testing import Canary


class App(BaseModel):
    token: Secret[str]


def send_statsd(address: tuple[str, int], *settings: object) -> None:
    """The whole exporter."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for metric in measure(*settings):
            for sample in metric.samples:
                tags = ",".join(f"{name}:{value}" for name, value in sample.labels.items())
                kind = "c" if metric.kind == "counter" else "g"
                out.sendto(f"toriconfig.{metric.name}:{sample.value:g}|{kind}|#{tags}".encode(), address)


def test_a_custom_exporter_is_a_loop_over_measure() -> None:
    canary = Canary()
    settings = lazy(App, overrides={"token": canary.secret}, environ={})
    assert canary.secret == settings.token.get()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        send_statsd(server.getsockname(), settings)
        lines = [server.recv(1000).decode() for _ in range(6)]
    assert "toriconfig.settings.loaded:1|g|#settings:App" in lines
    assert "toriconfig.settings.reloads:0|c|#settings:App,result:failed" in lines
    canary.absent_from(lines)
