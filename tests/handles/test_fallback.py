"""Values used instead of Vault: a reader of them does not wait."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from support.loading import FakeProvider
from toriconfig import Origin
from toriconfig._secrets.fallback import Fallback
from toriconfig._secrets.provider import Fixed, Flight
from toriconfig.errors import SecretError, VaultDenied, VaultUnreachable


class NextTry:
    """A flight that fails the test if a reader waits for it."""

    def wait(self) -> None:
        pytest.fail("a reader waited")

    async def await_end(self) -> None:
        pytest.fail("a reader waited")


class Trying(FakeProvider):
    """A path of Vault that is requested again at each read."""

    def pending(self) -> Sequence[Flight]:
        return (NextTry(),)


def test_while_another_layer_is_used_readers_do_not_wait_for_vault() -> None:
    vault = Trying("secret/a", "of vault")
    vault.error = VaultUnreachable("no answer")
    fallback = Fallback(vault, Fixed("of env", Origin("env", "KEY")), lambda _: None)
    first = fallback.pending()
    stood_in, while_away = fallback.settle().value, fallback.pending()
    vault.put("of vault")
    assert ("of env", 1, 0, 1) == (stood_in, len(first), len(while_away), len(fallback.pending()))


@pytest.mark.parametrize(
    ("error", "layer"), [(VaultUnreachable("no answer"), "env"), (VaultDenied("refused"), "vault"), (None, "vault")]
)
def test_the_origin_before_the_first_read_is_that_of_the_value_it_returns(
    error: SecretError | None, layer: str
) -> None:
    vault = Trying("secret/a", "of vault")
    vault.error = error
    fallback = Fallback(vault, Fixed("of env", Origin("env", "KEY")), lambda _: None)
    before = fallback.origin.layer
    if not isinstance(error, VaultDenied):
        fallback.settle()
    assert (layer, layer) == (before, fallback.origin.layer)
