# test_pydantic_settings.py
import model_after
import pydantic_before
import pytest
import settings_after

from toriconfig import reload, snapshot


@pytest.mark.parametrize(
    "variables", [{}, {"REGION": "x", "POOL__MAX_SIZE": "50"}, {"HOSTS": '["c"]'}, {"POOL": '{"timeout":5}'}]
)
def test_both_ways_give_the_values_of_pydantic_settings(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"APP_{name}", value)
    before = pydantic_before.App().model_dump()
    assert settings_after.App().model_dump() == before
    reload(model_after.settings)
    assert snapshot(model_after.settings).model_dump() == before
