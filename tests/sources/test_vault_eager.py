"""Vault as a layer for plain fields: read at load, in its rank, with a fallback when it cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import FakeVault, attempt, loaded, write
from toriconfig import Secret, SettingsConfigDict, explain, health
from toriconfig._load.context import Context
from toriconfig._load.layers import read_eagerly, read_layers
from toriconfig._load.snapshot import Recipe
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound, VaultSealed, VaultUnreachable


class Pool(BaseModel):
    size: int = 1
    hosts: list[str] = []


class Schema(BaseModel):
    model_config = SettingsConfigDict(
        env_prefix="T_", env_nested_delimiter="__", vault_path="secret/app", vault_layer="eager"
    )
    name: str = "default"
    pool: Pool = Pool()
    weights: dict[str, float] = {}
    key: Secret[str] | None = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(name="vault")
def _vault(monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    return FakeVault().connect(monkeypatch)


def test_plain_fields_come_from_vault_by_dotted_path_above_the_environment(vault: FakeVault) -> None:
    vault["secret/app"] = {"name": "vault", "pool.size": "7", "pool.hosts": "a,b", "weights": {"x": 1.5}, "other": "x"}
    model = loaded(Schema, "name: file", environ={"T_NAME": "env", "T_POOL__SIZE": "3"}, offline=False)
    assert ("vault", Pool(size=7, hosts=["a", "b"]), {"x": 1.5}) == (model.name, model.pool, model.weights)
    assert 1 == vault.paths["secret/app"].settled
    assert "vault secret/app#name v1" == str(explain(model, "name").origin)


def test_the_station_changes_none_of_its_inputs(vault: FakeVault) -> None:
    vault["secret/app"] = {"name": "vault"}
    context = Context(Recipe(Schema, {"config_files": write("name: file")}, environ={}))
    layers = read_layers(context)
    before = [*layers.trees], [*layers.read], {**layers.lines}, [*layers.roots]
    above = read_eagerly(context, layers, vault)
    assert before == (layers.trees, layers.read, layers.lines, layers.roots)
    assert ["files", "env", "vault"] == [one.kind for one in above.read]


def test_the_layers_that_were_read_are_named_lowest_first(vault: FakeVault) -> None:
    vault["secret/app"] = {"name": "vault"}
    model = loaded(Schema, "name: file", overrides={"key": "x"}, offline=False)
    assert ["files", "env", "vault", "code"] == [one.kind for one in health(model).layers]
    model = loaded(Schema, "name: file", layers=["files", "vault", "env"], offline=False)
    assert ["env", "vault", "files"] == [one.kind for one in health(model).layers]


def test_the_description_of_the_connection_in_a_file_is_no_key_of_the_settings(vault: FakeVault) -> None:
    vault["secret/app"] = {"name": "vault"}
    assert "vault" == loaded(Schema, "vault: {timeout: 2}", offline=False).name


def test_code_keeps_its_precedence_and_another_order_is_used(vault: FakeVault) -> None:
    vault["secret/app"] = {"name": "vault"}
    assert "code" == loaded(Schema, overrides={"name": "code"}, offline=False).name
    given: dict[str, Any] = {"environ": {"T_NAME": "env"}, "offline": False}
    assert "env" == loaded(Schema, "name: file", layers=["env", "vault", "files"], **given).name
    assert "vault" == loaded(Schema, "name: file", layers=["vault", "files", "env"], **given).name


def test_secrets_stay_handles(vault: FakeVault) -> None:
    vault["secret/app"] = {"key": "s3cret", "name": "x"}
    found = attempt(Schema, offline=False)
    assert found.loaded is not None
    assert "s3cret" not in repr(found.loaded.snapshot.root.plain())
    model: Any = found.loaded.model
    assert "s3cret" == model.key.get()


def test_values_of_vault_are_never_scanned_for_references(vault: FakeVault) -> None:
    vault["secret/app"] = {"name": "${env:HOME}"}
    assert "${env:HOME}" == loaded(Schema, offline=False, environ={"HOME": "x"}).name


@pytest.mark.parametrize(
    ("error", "code"), [(VaultUnreachable("away"), "TC405"), (VaultNotFound("no path"), "TC407")], ids=["away", "404"]
)
def test_lower_layers_are_used_with_a_warning_if_vault_is_unreachable_or_empty(
    error: SecretError, code: str, vault: FakeVault
) -> None:
    vault["secret/app"] = {}
    vault.paths["secret/app"].error = error
    found = attempt(Schema, "name: file", offline=False)
    assert found.loaded is not None
    assert "file" == found.loaded.model.name  # type: ignore[attr-defined]
    assert [(code, "warning", "vault secret/app")] == [
        (one.code, one.severity, str(one.origin)) for one in found.problems
    ]


@pytest.mark.parametrize(
    ("error", "code"), [(VaultDenied("403"), "TC406"), (VaultSealed("sealed"), "TC405")], ids=["denied", "sealed"]
)
def test_if_vault_refuses_no_other_value_is_used(error: SecretError, code: str, vault: FakeVault) -> None:
    vault["secret/app"] = {}
    vault.paths["secret/app"].error = error
    found = attempt(Schema, "name: file", offline=False)
    assert found.loaded is None
    assert [(code, "error")] == [(one.code, one.severity) for one in found.problems]


def test_the_eager_layer_without_vault_is_a_warning_and_offline_no_problem() -> None:
    found = attempt(Schema, "name: file", offline=False)
    assert found.loaded is not None
    assert [("TC405", "warning")] == [(one.code, one.severity) for one in found.problems]
    assert () == attempt(Schema, "name: file", offline=True).problems


def test_a_wrong_value_from_vault_names_its_place(vault: FakeVault) -> None:
    vault["secret/app"] = {"pool.size": "ten"}
    found = attempt(Schema, "pool: {size: 3}", offline=False)
    (only,) = found.problems
    assert ("TC102", "vault secret/app#pool.size v1", "pool.size") == (only.code, str(only.origin), only.path)
    assert "vault secret/app#pool.size v1 wins; 1.yaml:1:14 is overridden" == only.layer
