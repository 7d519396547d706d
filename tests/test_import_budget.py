"""Importing the settings costs nothing; reading one costs pydantic and YAML, and never the Vault stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.import_probe import probe

FREE = "pydantic pydantic_settings yaml hvac requests urllib3 asyncio cachetools click typing threading functools logging dataclasses"
NOT_FOR_A_PLAIN_READ = "hvac requests urllib3 pydantic_settings cachetools click"


@pytest.mark.parametrize("names", ["settings", "settings as s; repr(s); hasattr(s, '_x')"])
def test_importing_settings_loads_nothing_and_starts_nothing(names: str, tmp_path: Path) -> None:
    modules, threads, opened = probe(f"from toriconfig import {names}", tmp_path)
    assert modules & set(FREE.split()) == set()
    assert {name for name in modules if name.startswith("toriconfig")} == {"toriconfig", "toriconfig._lazy"}
    assert threads == 0
    assert opened == []


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:9"])
def test_reading_a_plain_setting_does_not_import_the_vault_stack(address: str, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {size: 500}\n")
    environ = {"VAULT_ADDR": address} if address else {}
    code = "from toriconfig import settings; assert settings.chunking.size == 500"
    modules, threads, opened = probe(code, tmp_path, **environ)
    assert modules & set(NOT_FOR_A_PLAIN_READ.split()) == set()
    assert "asyncio" not in modules
    assert threads == 0
    assert opened == []


PLAIN = """
from pydantic import BaseModel
class App(BaseModel):
    size: int = 1
from toriconfig import lazy
settings = lazy(App, config_name='app', env_prefix='APP_')
assert settings.size == 500
"""


def test_a_plain_load_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("size: 500\n")
    modules, _, _ = probe(PLAIN, tmp_path)
    unused = "logging difflib toriconfig.vault toriconfig.schema"
    rooms = "_vault _load.secrets.handles _load.secrets.select _secrets.derived _secrets.fallback _secrets.missing _secrets.cached_value _inspect.explain _live.change _live.refresh _secrets.file_watch _live.override _live.health _secrets.prefetch _render _validation.validation_errors _validation.expectations _load.renames"
    assert modules & {*unused.split(), *(f"toriconfig.{room}" for room in rooms.split())} == set()


def test_a_plain_load_with_a_file_imports_at_most_49_modules_of_ours(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("size: 500\n")
    modules, _, _ = probe(PLAIN, tmp_path)
    ours = sorted(name for name in modules if name.split(".")[0] == "toriconfig")
    assert len(ours) <= 49, ours


def test_a_settings_class_imports_nothing_that_only_an_error_needs(tmp_path: Path) -> None:
    code = PLAIN.partition("from toriconfig import lazy")[0].replace(
        "pydantic import BaseModel", "toriconfig import Settings"
    )
    code = code.replace("BaseModel", "Settings, config_name='app', env_prefix='APP_'") + "assert App().size == 500"
    (tmp_path / "app.yaml").write_text("size: 500\n")
    modules, _, _ = probe(code, tmp_path, APP_SIZE="500")
    rooms = "_load.flat_names _load.freeze _validation.validate _validation.validation_errors _validation.expectations _load.renames _pydantic_settings.errors _pydantic_settings.failures"
    assert modules & {f"toriconfig.{room}" for room in rooms.split()} == set()


def test_settings_without_a_vault_do_not_import_the_vault_packages(tmp_path: Path) -> None:
    modules, _, _ = probe("from toriconfig import settings; settings.chunking.size", tmp_path)
    assert {name for name in modules if name.startswith(("toriconfig._vault", "toriconfig.vault"))} == set()


def test_health_of_an_unloaded_object_loads_nothing_of_the_schema(tmp_path: Path) -> None:
    code = "from toriconfig import settings, health; assert not health(settings).loaded"
    modules, _, opened = probe(code, tmp_path)
    assert "toriconfig.schema" not in modules
    assert opened == []


def test_a_reference_to_aws_imports_boto3_at_the_first_read_and_not_before(tmp_path: Path) -> None:
    code = PLAIN.replace("    size", "    token: Secret[str] | None = None\n    size").replace(
        "from pydantic", "from toriconfig import Secret\nfrom pydantic", 1
    )
    (tmp_path / "app.yaml").write_text("size: 500\ntoken: ${aws:prod/db#password}\n")
    modules, threads, opened = probe(code, tmp_path, AWS_REGION="eu-central-1")
    assert "toriconfig.backends.aws" in modules
    assert modules & {"boto3", "botocore", "urllib3", "toriconfig.backends.aws._policy"} == set()
    assert (threads, opened) == (0, [])


def test_settings_without_a_reference_to_aws_do_not_import_its_backend(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("size: 500\n")
    modules, _, _ = probe(PLAIN, tmp_path)
    assert {name for name in modules if name.startswith("toriconfig.backends")} == set()
