# test_values.py
import pytest
from app import greet, settings

from toriconfig.testing import FreshSettings, SettingsOverride

pytestmark = pytest.mark.usefixtures("fresh_settings")


def test_an_overridden_value_counts_until_the_test_ends(settings_override: SettingsOverride) -> None:
    settings_override(settings, greeting="hi", api_key="12345")
    assert greet("Ada") == "hi Ada, with a key of 5 characters"


def test_each_test_loads_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_GREETING", "good evening")
    assert settings.greeting == "good evening"


def test_settings_can_be_loaded_again_inside_a_test(
    fresh_settings: FreshSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.greeting == "good morning"
    monkeypatch.setenv("APP_GREETING", "good evening")
    fresh_settings()
    assert settings.greeting == "good evening"
