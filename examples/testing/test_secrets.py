# test_secrets.py
import pytest
from app import changed, greet, start

from toriconfig.errors import VaultDenied, VaultUnreachable
from toriconfig.testing import FakeBackend


def test_a_secret_is_read(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"api_key": "12345"})
    assert greet("Ada") == "good morning Ada, with a key of 5 characters"


def test_a_changed_secret_is_followed(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"api_key": "12345"})
    start()
    greet("Ada")
    fake_backend.put("secret/app", {"api_key": "123"})
    assert changed.wait(timeout=10)
    assert greet("Ada") == "good morning Ada, with a key of 3 characters"


def test_a_cached_secret_outlives_an_outage(fake_backend: FakeBackend) -> None:
    fake_backend.put("secret/app", {"api_key": "12345"})
    greet("Ada")
    fake_backend.fail("secret/app", VaultUnreachable("no answer"))
    assert greet("Ada") == "good morning Ada, with a key of 5 characters"


def test_a_refusal_is_an_error(fake_backend: FakeBackend) -> None:
    fake_backend.fail("secret/app", VaultDenied("no policy allows it"))
    with pytest.raises(VaultDenied, match="no policy allows it"):
        greet("Ada")
