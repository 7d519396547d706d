"""The contract of kinds holds for a good kind, and each of its tests fails for a kind that breaks it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from toriconfig import _vault
from toriconfig.rotation import Rotation, RotationError, Work, kinds
from toriconfig.testing import KindContract, VaultServer, vault_server

Values = dict[str, Any]


@pytest.fixture(scope="module", name="vault")
def _vault_of_this_file() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server
        _vault.shutdown()


class Service(kinds.Stored):
    """A kind for a service that accepts the tokens of a set."""

    name = "service"

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def plan(self, work: Work, current: Values) -> list[str]:
        return ["add a token"]

    def generate(self, work: Work, current: Values) -> Values:
        return {"token": secrets.token_hex()}

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        if pending["token"] not in self.tokens:
            self.tokens.append(pending["token"])

    def verify(self, work: Work, pending: Values) -> None:
        if pending["token"] not in self.tokens:
            raise RotationError("the service refuses the token")

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        if pending["token"] in self.tokens:
            self.tokens.remove(pending["token"])

    def retire(self, work: Work, previous: Values, version: int) -> None:
        if previous["token"] in self.tokens:
            self.tokens.remove(previous["token"])
        super().retire(work, previous, version)

    def works(self, work: Work, values: Values) -> bool:
        return values["token"] in self.tokens


class Contract(KindContract):
    kind: type[Any] = Service

    @pytest.fixture(autouse=True)
    def service(self, vault: VaultServer) -> None:
        self.start(vault)

    def start(self, vault: VaultServer) -> None:
        self.vault, self.tokens = vault, ["the-first-token"]
        self.path = f"secret/{secrets.token_hex(4)}"
        vault.put(self.path, {"token": "the-first-token", "other": "stays"})

    def rotation(self, **options: Any) -> Rotation:
        return Rotation(f"{self.path}#token", self.kind(self.tokens), environ=self.vault.environ, **options)

    def accepts(self, values: Mapping[str, Any]) -> bool:
        return values["token"] in self.tokens


class TestService(Contract):
    pass


class NoOptions(Service):
    options: ClassVar[list[str]] = ["--x"]


class WrongPolicy(Service):
    def needs(self, work: Work) -> Mapping[str, str]:
        return {"secret/x": "write"}


class SetupWithValue(Service):
    def setup(self) -> Values:
        return {"tokens": self.tokens}


class PlanThatActs(Service):
    def plan(self, work: Work, current: Values) -> list[str]:
        self.tokens.clear()
        return ["add a token"]


class PlanWithValue(Service):
    def plan(self, work: Work, current: Values) -> list[str]:
        return [f"replace {current['token']}"]


class MakesAndEnds(Service):
    def generate(self, work: Work, current: Values) -> Values:
        self.tokens.clear()
        return super().generate(work, current)


class MakesTheSame(Service):
    def generate(self, work: Work, current: Values) -> Values:
        return {"token": current["token"]}


class AppliesOnce(Service):
    def apply(self, work: Work, pending: Values, current: Values) -> None:
        if pending["token"] in self.tokens:
            raise RotationError("the service has that token")
        self.tokens.append(pending["token"])


class UndoesByEnding(Service):
    def undo(self, work: Work, pending: Values, current: Values) -> None:
        self.tokens.clear()


class UndoesWhatIsThere(Service):
    def undo(self, work: Work, pending: Values, current: Values) -> None:
        self.tokens.remove(pending["token"])


class EndsWhatItVerifies(Service):
    def verify(self, work: Work, pending: Values) -> None:
        self.tokens.clear()


class ShowsInItsText(Service):
    def __repr__(self) -> str:
        return f"Service({self.tokens})"


class KnowsItsProcess(Service):
    """Keeps in memory all that it needs for the next step."""

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        self.made = pending["token"]
        super().apply(work, pending, current)

    def verify(self, work: Work, pending: Values) -> None:
        if self.made not in self.tokens:
            raise RotationError("refused")


class KeepsWhatItUndid(Service):
    def apply(self, work: Work, pending: Values, current: Values) -> None:
        self.tokens[:] = [pending["token"]]

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        pass


class CannotGoBack(Service):
    def apply(self, work: Work, pending: Values, current: Values) -> None:
        if pending["token"] == "the-first-token":
            raise RotationError("too old")
        super().apply(work, pending, current)


class NeverEnds(Service):
    def retire(self, work: Work, previous: Values, version: int) -> None:
        pass


class EndsOnce(Service):
    def retire(self, work: Work, previous: Values, version: int) -> None:
        self.tokens.remove(previous["token"])


class AlwaysWorks(Service):
    def works(self, work: Work, values: Values) -> bool:
        return True


BROKEN: list[tuple[str, type[Any]]] = [
    ("test_the_class_has_every_member_of_a_kind", NoOptions),
    ("test_the_policy_is_capabilities_by_path", WrongPolicy),
    ("test_the_setup_for_the_record_is_json_and_holds_no_value", SetupWithValue),
    ("test_a_plan_changes_nothing_and_shows_no_value", PlanThatActs),
    ("test_a_plan_changes_nothing_and_shows_no_value", PlanWithValue),
    ("test_new_values_differ_and_making_them_changes_nothing", MakesAndEnds),
    ("test_new_values_differ_and_making_them_changes_nothing", MakesTheSame),
    ("test_applied_values_are_accepted_also_after_a_second_time", AppliesOnce),
    ("test_undone_values_are_accepted_again_also_after_a_second_time", UndoesByEnding),
    ("test_undone_values_are_accepted_again_also_after_a_second_time", UndoesWhatIsThere),
    ("test_what_was_never_applied_can_be_undone", UndoesWhatIsThere),
    ("test_new_values_replace_the_former_ones_and_other_keys_stay", EndsWhatItVerifies),
    ("test_no_event_and_no_text_of_the_kind_shows_a_value", ShowsInItsText),
    ("test_a_rotation_left_at_any_step_is_completed_by_another_program", KnowsItsProcess),
    ("test_a_rotation_left_before_promotion_is_undone_by_another_program", KeepsWhatItUndid),
    ("test_values_that_do_not_verify_are_undone", KeepsWhatItUndid),
    ("test_a_finished_rotation_is_rolled_back", CannotGoBack),
    ("test_former_values_are_refused_after_the_grace_and_the_new_ones_are_not", NeverEnds),
    ("test_former_values_are_refused_after_the_grace_and_the_new_ones_are_not", EndsOnce),
    ("test_works_agrees_with_where_the_values_are_used", AlwaysWorks),
]


@pytest.mark.parametrize(("promise", "kind"), BROKEN, ids=lambda one: getattr(one, "__name__", one))
def test_a_kind_that_breaks_a_promise_fails_the_test_of_it(vault: VaultServer, promise: str, kind: type[Any]) -> None:
    contract = Contract()
    contract.kind = kind
    contract.start(vault)
    with pytest.raises((AssertionError, RotationError, ValueError)):
        getattr(contract, promise)()


def test_every_promise_of_the_contract_has_a_test_that_can_fail() -> None:
    promises = {name for name in vars(KindContract) if name.startswith("test_")}
    assert promises == {promise for promise, _ in BROKEN}
