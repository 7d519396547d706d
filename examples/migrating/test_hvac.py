# test_hvac.py
import hvac_after
import hvac_before
import pytest

from toriconfig.testing import vault_server


def test_the_secret_is_that_of_hvac_and_takes_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with vault_server({"secret/app": {"api_key": "first"}}) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        assert [hvac_before.api_key() for _ in range(3)] == ["first"] * 3
        assert server.requests("secret/app", "read") == 3
        server.forget_requests()
        assert [hvac_after.api_key() for _ in range(3)] == ["first"] * 3
        assert server.requests("secret/app", "read") == 1
