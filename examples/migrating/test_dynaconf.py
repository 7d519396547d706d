# test_dynaconf.py
import importlib

import dynaconf_after
import dynaconf_before
import pytest

from toriconfig import reload, snapshot


@pytest.mark.parametrize("variables", [{}, {"PROFILE": "production"}, {"REGION": "x", "POOL__MAX_SIZE": "7"}])
def test_the_model_gives_the_values_of_dynaconf(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"SERVICE_{name}", value)
    before = importlib.reload(dynaconf_before).settings
    reload(dynaconf_after.settings)
    after = snapshot(dynaconf_after.settings)
    assert (after.region, after.pool.model_dump()) == (before.region, dict(before.pool))
