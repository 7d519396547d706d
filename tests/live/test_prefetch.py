"""Fetching all side by side, in a coroutine too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from toriconfig._core.origin import Origin
from toriconfig._secrets.missing import Missing
from toriconfig._secrets.prefetch import aprefetch_all
from toriconfig._secrets.provider import Flight
from toriconfig._secrets.secret import handle


class Failing(Missing):
    """A provider that is fetched each time, and raises on a wait that blocks a loop."""

    def pending(self) -> Sequence[Flight]:
        return (self,)

    def wait(self) -> None:
        raise AssertionError("the loop is blocked")

    async def await_end(self) -> None:
        await asyncio.sleep(0)


def test_a_coroutine_waits_for_no_secret_a_second_time() -> None:
    provider = Failing("", "not there", "", Origin("vault", "secret/x"))
    with pytest.raises(ExceptionGroup, match="1 of 1 secrets cannot be had"):
        asyncio.run(aprefetch_all({("key",): handle(provider, None, "key")}))
