"""Metrics of settings and secrets: what each counts, and how Prometheus and OpenTelemetry get them."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_plain
from pydantic import BaseModel

from support.memory_backend import Memory
from toriconfig import ConfigError, Secret, SettingsConfigDict, health, lazy, load, prefetch, refresh, reload
from toriconfig._live import measure as measuring
from toriconfig.integrations.metrics import METRICS, measure
from toriconfig.integrations.opentelemetry import observe
from toriconfig.integrations.prometheus import SettingsCollector
from toriconfig.testing import Canary, FakeClock, VaultServer
from toriconfig.vault import Vault


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app")

    size: int = 1
    token: Secret[str]
    other: Secret[str] | None = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def values(settings: Any, name: str, label: str = "") -> dict[str, float]:
    """The samples of one metric by one of its labels."""
    (metric,) = [one for one in measure(settings) if one.name == name]
    return {sample.labels.get(label, ""): sample.value for sample in metric.samples}


def of_memory(memory: Memory, **values: str) -> App:
    return lazy(App, overrides={"token": "${memory:db#token}", **values}, backends=[memory], environ={})


def test_reads_failures_and_rotations_are_those_of_a_real_vault(vault_server: VaultServer) -> None:
    vault_server.put("secret/app", {"token": "t1", "other": "o"})
    given = {"token": "${vault:secret/app#token}", "other": "${vault:secret/app#other}"}
    settings = lazy(App, overrides=given, environ=dict(vault_server.environ), vault=Vault(refresh_interval=3600))
    assert {} == values(settings, "place.reads", "place")
    for _ in range(3):
        assert "t1" == settings.token.get()
    assert {"secret/app": 1} == values(settings, "place.reads", "place")
    vault_server.put("secret/app", {"token": "t2", "other": "o"})
    refresh(settings)
    vault_server.put("secret/app", {"token": "t2", "other": "o"})  # the same values as another version
    refresh(settings)
    vault_server.client.sys.seal()
    with pytest.raises(ExceptionGroup):
        refresh(settings)
    counted = [values(settings, f"place.{name}", "place") for name in ("reads", "failures", "rotations")]
    assert [{"secret/app": 3}, {"secret/app": 1}, {"secret/app": 1}] == counted


def test_a_custom_backend_is_counted_too() -> None:
    memory = Memory({"db": {"token": "t1"}})
    settings = of_memory(memory)
    prefetch(settings)
    memory.values = {"db": {"token": "t2"}}
    refresh(settings)
    memory.wrong = ConnectionError()
    with pytest.raises(ExceptionGroup):
        refresh(settings)
    counted = [values(settings, f"place.{name}", "place") for name in ("reads", "failures", "rotations")]
    assert [{"memory:db": 2}, {"memory:db": 1}, {"memory:db": 1}] == counted


def test_a_secret_in_a_file_is_counted_across_reloads() -> None:
    Path("token").write_text("t1")
    settings = lazy(App, overrides={"token": "${file:token}"}, environ={})
    assert "t1" == settings.token.get()
    Path("token").write_text("t2, longer")
    reload(settings)
    refresh(settings)
    Path("token").unlink()
    with pytest.raises(ExceptionGroup):
        refresh(settings)
    assert "t2, longer" == settings.token.get()
    counted = [values(settings, f"place.{name}", "place")["token"] for name in ("reads", "rotations")]
    assert [2, 1] == counted
    assert 1 <= values(settings, "place.failures", "place")["token"]


def test_age_and_time_to_expiry_follow_the_clock_and_states_are_one_of_four() -> None:
    clock = FakeClock(time=2_000_000_000.0)
    memory = Memory({"db": {"token": "t"}}, clock)
    memory.refresh_interval, memory.ttl = 1e6, 100.0
    settings = of_memory(memory, other="fixed")
    assert "t" == settings.token.get()
    clock.advance(40)
    assert {"token": 40.0} == values(settings, "secret.age", "secret")
    (expiry,) = [one for one in measure(settings) if one.name == "secret.expiry"]
    ((labels, seconds),) = expiry.samples
    assert {"settings": "App", "secret": "token"} == labels
    assert 2_000_000_100 - time.time() == pytest.approx(seconds, abs=100)
    (states,) = [one for one in measure(settings) if one.name == "secret.state"]
    found = {(one.labels["secret"], one.labels["state"]): one.value for one in states.samples}
    assert {("token", "fresh"), ("other", "fresh")} == {key for key, value in found.items() if value}
    assert 8 == len(found)


def test_reloads_are_counted_by_their_result_and_nothing_is_loaded_by_a_measurement() -> None:
    file = Path("app.yaml")
    file.write_text("token: t\n")
    settings = lazy(App, environ={})
    assert ({"": 0.0}, {}, {}) == tuple(values(settings, f"settings.{name}") for name in ("loaded", "ok", "load.time"))
    assert "t" == settings.token.get()
    reload(settings)
    file.write_text("size: many")
    for _ in range(2):
        with pytest.raises(ConfigError):
            reload(settings)
    assert {"succeeded": 1.0, "failed": 2.0} == values(settings, "settings.reloads", "result")
    assert ({"": 1.0}, {"": 0.0}) == (values(settings, "settings.loaded"), values(settings, "settings.ok"))
    assert 1.7e9 < values(settings, "settings.load.time")[""]
    assert {"": float(len(health(settings).warnings))} == values(settings, "settings.warnings")


def test_several_settings_are_distinguished_by_their_names() -> None:
    model = load(App, overrides={"token": "t"}, environ={})
    measured = measure(model, second=lazy(App, environ={}))
    assert [{"settings": "App"}, {"settings": "second"}] == [one.labels for one in measured[0].samples]


@pytest.mark.parametrize(
    ("settings", "named", "error"),
    [((), {}, ValueError), ((lazy(App), lazy(App)), {}, ValueError), ((lazy(App),), {"App": lazy(App)}, ValueError)],
)
def test_settings_without_a_unique_name_are_refused(settings: Any, named: Any, error: type[Exception]) -> None:
    for use in (measure, SettingsCollector):
        with pytest.raises(error, match=r"name the settings|two settings are named 'App'"):
            use(*settings, **named)


def test_an_object_that_is_not_settings_is_refused_without_being_shown() -> None:
    for use in (measure, SettingsCollector):
        with pytest.raises(TypeError, match="not a str") as caught:
            use("s3cr3t")
        assert "s3cr3t" not in str(caught.value)


@pytest.fixture(name="port")
def _port() -> Iterator[tuple[CollectorRegistry, int]]:
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield registry, server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_prometheus_scrapes_every_metric_over_http(port: tuple[CollectorRegistry, int]) -> None:
    registry, number = port
    memory = Memory({"db": {"token": "t"}})
    memory.ttl = 3600.0
    settings = of_memory(memory)
    registry.register(SettingsCollector(settings))
    prefetch(settings)
    with urllib.request.urlopen(f"http://127.0.0.1:{number}/metrics") as answer:
        families = {family.name: family for family in parse_plain(answer.read().decode())}
    assert {f"toriconfig_{metric.name.replace('.', '_')}" for metric in METRICS} == {
        name.removesuffix("_total").removesuffix("_seconds") for name in families
    }
    (read,) = families["toriconfig_place_reads"].samples
    assert ("toriconfig_place_reads_total", {"settings": "App", "place": "memory:db"}, 1.0) == read[:3]
    (age,) = families["toriconfig_secret_age_seconds"].samples
    assert ("gauge", "token") == (families["toriconfig_secret_age_seconds"].type, age.labels["secret"])
    assert 0 <= age.value


def test_the_metrics_are_valid_openmetrics_and_a_second_collector_is_refused() -> None:
    registry = CollectorRegistry()
    registry.register(SettingsCollector(load(App, overrides={"token": "t"}, environ={})))
    text: str = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    assert "# UNIT toriconfig_secret_age_seconds seconds" in text
    families = list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
    assert len(METRICS) == len(families)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(SettingsCollector(lazy(App)))


def test_opentelemetry_collects_every_metric_that_has_samples() -> None:
    memory = Memory({"db": {"token": "t"}})
    memory.ttl = 3600.0
    settings = of_memory(memory)
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    observe(provider.get_meter("test"), settings)
    prefetch(settings)
    data: Any = reader.get_metrics_data()
    found = {one.name: one for one in data.resource_metrics[0].scope_metrics[0].metrics}
    assert {f"toriconfig.{metric.name}" for metric in METRICS} == set(found)
    (reads,) = found["toriconfig.place.reads"].data.data_points
    assert ({"settings": "App", "place": "memory:db"}, 1.0) == (dict(reads.attributes), reads.value)
    assert found["toriconfig.place.reads"].data.is_monotonic
    assert ("s", "Time since the value was last confirmed.") == (
        found["toriconfig.secret.age"].unit,
        found["toriconfig.secret.age"].description,
    )
    provider.shutdown()


def test_an_object_that_is_not_a_meter_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a Meter"):
        observe(None, lazy(App))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "library", "remedy"),
    [
        ("prometheus", "prometheus_client.core", "needs prometheus_client: pip install 'toriconfig[prometheus]'"),
        ("opentelemetry", "opentelemetry.metrics", "needs opentelemetry-api: pip install 'toriconfig[otel]'"),
    ],
)
def test_without_the_extra_one_line_names_the_remedy(module: str, library: str, remedy: str) -> None:
    code = f"import sys; sys.modules['{library}'] = None\ntry:\n    import toriconfig.integrations.{module}\n"
    code += "except ImportError as error:\n    print(error)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert f"toriconfig.integrations.{module} {remedy}\n" == done.stdout


def test_no_metric_shows_a_secret_in_any_failure(caplog: pytest.LogCaptureFixture) -> None:
    canary = Canary()
    caplog.set_level(logging.DEBUG)
    memory = Memory({"db": {"token": canary.secret}})
    settings = of_memory(memory, other=canary.secret)
    registry = CollectorRegistry()
    collector = SettingsCollector(settings)
    registry.register(collector)
    with canary.watch():
        prefetch(settings)
        memory.wrong = ValueError(canary.secret)
        with pytest.raises(ExceptionGroup):
            refresh(settings)
        text = generate_latest(registry)  # type: ignore[no-untyped-call]
        shown = [*measure(settings), repr(collector), repr(vars(collector))]
    canary.absent_from(text, *shown)


def test_a_measurement_reads_no_unread_secret_or_file() -> None:
    memory = Memory({"db": {"token": "t"}})
    settings = of_memory(memory)
    assert settings.size
    measure(settings)
    assert [] == memory.fetches
    assert {"memory:db": 0.0} == values(settings, "place.reads", "place")


def test_one_scrape_looks_once_at_each_secret_and_a_single_metric_only_at_what_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def counted(name: str) -> None:
        real = getattr(measuring, name)

        def count(*given: Any) -> Any:
            asked.append(name)
            return real(*given)

        monkeypatch.setattr(measuring, name, count)

    counted("health_of")
    counted("sources_of")
    settings = of_memory(Memory({"db": {"token": "t"}}))
    prefetch(settings)
    measure(settings)
    assert ["health_of", "sources_of"] == sorted(asked)
    asked.clear()
    assert list(measuring.measured({"App": settings}, "place.reads"))
    assert ["sources_of"] == asked
