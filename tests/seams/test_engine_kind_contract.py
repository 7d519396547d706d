"""The contract of kinds in engines holds for a good kind, and each of its tests fails for a kind that breaks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from toriconfig import _vault
from toriconfig.rotation import Rotation, RotationError, Work, kinds
from toriconfig.testing import EngineKindContract, VaultServer, vault_server


@pytest.fixture(scope="module", name="vault")
def _vault_of_this_file() -> Iterator[VaultServer]:
    with vault_server() as server:
        server.client.sys.enable_secrets_engine("transit")
        yield server
        _vault.shutdown()


class Mine(kinds.TransitKey):
    name = "mine"


class Contract(EngineKindContract):
    kind: type[Any] = Mine
    key = ""

    @pytest.fixture(autouse=True)
    def start(self, vault: VaultServer) -> None:
        self.use(vault, "good")

    def use(self, vault: VaultServer, key: str) -> None:
        self.vault, self.key = vault, key
        vault.client.secrets.transit.create_key(key)

    def rotation(self, **options: Any) -> Rotation:
        return Rotation(f"transit/keys/{self.key}", self.kind(), environ=self.vault.environ, **options)

    def state(self) -> object:
        return self.vault.client.secrets.transit.read_key(self.key)["data"]["latest_version"]


class TestMine(Contract):
    pass


class NoOptions(Mine):
    options: ClassVar[list[str]] = ["--x"]


class WrongPolicy(Mine):
    def needs(self, work: Work) -> Mapping[str, str]:
        return {"transit/x": "write"}


class PlanThatActs(Mine):
    def plan(self, work: Work, current: dict[str, Any]) -> list[str]:
        super().apply(work, {}, {})
        return super().plan(work, current)


class DoesNothing(Mine):
    def apply(self, work: Work, pending: dict[str, Any], current: dict[str, Any]) -> None: ...

    def verify(self, work: Work, pending: dict[str, Any]) -> None: ...


class LongAgo(Mine):
    def rotated_at(self, work: Work) -> float | None:
        return 1.0


class UndoesNothing(Mine):
    def undo(self, work: Work, pending: dict[str, Any], current: dict[str, Any]) -> None: ...


BROKEN: list[tuple[str, type[Any]]] = [
    ("test_the_class_has_every_member_of_a_kind", NoOptions),
    ("test_the_policy_is_capabilities_by_path", WrongPolicy),
    ("test_a_plan_changes_nothing", PlanThatActs),
    ("test_a_rotation_changes_the_secret_and_shows_no_value", DoesNothing),
    ("test_the_time_of_a_rotation_is_told_or_unknown", LongAgo),
    ("test_a_rotation_that_does_not_verify_fails_and_is_not_undone", DoesNothing),
    ("test_undoing_is_refused", UndoesNothing),
]


@pytest.mark.parametrize(("promise", "kind"), BROKEN, ids=lambda one: getattr(one, "__name__", one))
def test_a_kind_that_breaks_a_promise_fails_the_test_of_it(vault: VaultServer, promise: str, kind: type[Any]) -> None:
    contract = Contract()
    contract.kind = kind
    contract.use(vault, promise)
    with pytest.raises((AssertionError, RotationError)):
        getattr(contract, promise)()


def test_every_promise_of_the_contract_has_a_test_that_can_fail() -> None:
    promises = {name for name in vars(EngineKindContract) if name.startswith("test_")}
    assert promises == {promise for promise, _ in BROKEN}
