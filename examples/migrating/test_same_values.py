# test_same_values.py
import importlib

import dynaconf_after
import dynaconf_before
import flat_after
import flat_before
import hvac_after
import hvac_before
import model_after
import pydantic_before
import pytest
import settings_after

from toriconfig import reload, snapshot
from toriconfig.testing import vault_server


def set_all(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name, _, value in (pair.partition("=") for pair in text.split()):
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "variables", ["", "APP_REGION=x APP_POOL__MAX_SIZE=50", 'APP_HOSTS=["c"]', 'APP_POOL={"timeout":5}']
)
def test_both_roads_give_the_values_of_pydantic_settings(variables: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, variables)
    before = pydantic_before.App().model_dump()
    assert settings_after.App().model_dump() == before
    reload(model_after.settings)
    assert snapshot(model_after.settings).model_dump() == before


@pytest.mark.parametrize("variables", ["", "SERVICE_PROFILE=production", "SERVICE_REGION=x SERVICE_POOL__MAX_SIZE=7"])
def test_the_model_gives_the_values_of_dynaconf(variables: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, variables)
    before = importlib.reload(dynaconf_before).settings
    reload(dynaconf_after.settings)
    after = snapshot(dynaconf_after.settings)
    assert (after.region, after.pool.model_dump()) == (before.region, dict(before.pool))


@pytest.mark.parametrize("variables", ["", "TORI_CHUNK_SIZE=1200", "TORI_CHUNK_SIZE=1200 TORI_CHUNK_OVERLAP=90"])
def test_the_old_variables_still_count(variables: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, variables)
    reload(flat_after.settings)
    assert flat_after.chunking() == flat_before.chunking()


def test_the_secret_is_that_of_hvac_and_takes_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with vault_server({"secret/app": {"api_key": "first"}}) as server:
        set_all(monkeypatch, " ".join(f"{name}={value}" for name, value in server.environ.items()))
        assert [hvac_before.api_key() for _ in range(3)] == ["first"] * 3
        assert server.requests("secret/app", "read") == 3
        server.forget_requests()
        assert [hvac_after.api_key() for _ in range(3)] == ["first"] * 3
        assert server.requests("secret/app", "read") == 1
