"""Test contract for kinds of rotation that store their secret in Vault."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toriconfig.rotation import Event, Kind, Rotation, Work

CAPABILITIES = frozenset({"create", "read", "update", "patch", "delete", "list", "sudo", "recover"})
"""The capabilities that a policy of Vault can grant."""
_BEFORE_PROMOTION = (("apply", "started"), ("apply", "done"), ("verify", "done"))
_SHORTEST = 6
"""Minimum length of a value that is searched for. A shorter value may be a part of any text."""


class KindContract(ABC):
    """Tests that every kind of rotation with `stored = True` must pass. For other kinds, use `EngineKindContract`.

    Inherit this class in a test class of pytest, and define the methods `rotation` and `accepts`. Each test rotates the
    secret, some tests several times.

    For example::

        class TestService(KindContract):
            @pytest.fixture(autouse=True)
            def service(self, vault_server: VaultServer) -> None:
                self.service = StartedService(tokens=["first-token"])
                self.vault = vault_server
                self.vault.put("secret/service", {"token": "first-token", "other": "stays"})

            def rotation(self, **options: Any) -> Rotation:
                kind = Service(self.service.address)
                return Rotation("secret/service#token", kind, environ=self.vault.environ, **options)

            def accepts(self, values: Mapping[str, Any]) -> bool:
                return self.service.logs_in(values["token"])

    Attributes:
        public: keys whose values are not secret, such as a user name. Plans and events may show these values.
    """

    public: tuple[str, ...] = ()

    @abstractmethod
    def rotation(self, **options: Any) -> Rotation:
        """Return a new rotation of the tested secret, with a new instance of the kind.

        Before each test, the service must accept the stored values.

        Args:
            options: further arguments of `Rotation`: `verify`, `grace`, `on_event`.
        """

    @abstractmethod
    def accepts(self, values: Mapping[str, Any]) -> bool | None:
        """Return True if the service that uses the secret accepts the values.

        Args:
            values: values of the keys that the kind changes.

        Returns:
            True or False; None if no service uses the values, because they exist only in Vault.
        """

    def test_the_class_has_every_member_of_a_kind(self) -> None:
        from toriconfig.rotation.kinds._found import why_no_kind

        kind = kind_of(self.rotation())
        assert why_no_kind(type(kind)) == ""
        assert kind.stored, "the contract is for kinds with stored = True"

    def test_the_policy_is_capabilities_by_path(self) -> None:
        rotation = self.rotation(grace=0.0)
        preflight = rotation.preflight()
        for path, words in kind_of(rotation).needs(preflight.work).items():
            assert not path.startswith("/"), path
            assert set(words.split()) <= CAPABILITIES, words
            assert words.split()

    def test_the_setup_for_the_record_is_json_and_holds_no_value(self) -> None:
        from toriconfig.rotation._abilities import setup_of

        rotation = self.rotation()
        text = json.dumps(setup_of(kind_of(rotation)))
        self._shows_none_of(_stored(rotation), text)

    def test_a_plan_changes_nothing_and_shows_no_value(self) -> None:
        rotation = self.rotation()
        before = _stored(rotation)
        actions = rotation.plan().actions
        assert {type(action) for action in actions} == {str}
        self._shows_none_of(before, *actions)
        assert _stored(rotation) == before
        assert self.accepts(before) is not False

    def test_new_values_differ_and_making_them_changes_nothing(self) -> None:
        with self._planned() as (_, _, pending, current):
            assert pending
            assert all(isinstance(key, str) for key in pending)
            assert any(current.get(key) != value for key, value in pending.items())
            assert self.accepts(_of(pending, current)) is not False
            assert _stored(self.rotation()) == current

    def test_applied_values_are_accepted_also_after_a_second_time(self) -> None:
        with self._planned() as (kind, work, pending, current):
            for _ in range(2):
                kind.apply(work, dict(pending), dict(current))
                kind.verify(work, dict(pending))
                assert self.accepts(pending) is not False

    def test_undone_values_are_accepted_again_also_after_a_second_time(self) -> None:
        with self._planned() as (kind, work, pending, current):
            kind.apply(work, dict(pending), dict(current))
            for _ in range(2):
                kind.undo(work, dict(pending), dict(current))
                assert self.accepts(_of(pending, current)) is not False

    def test_what_was_never_applied_can_be_undone(self) -> None:
        with self._planned() as (kind, work, pending, current):
            kind.undo(work, dict(pending), dict(current))
            assert self.accepts(_of(pending, current)) is not False

    def test_new_values_replace_the_former_ones_and_other_keys_stay(self) -> None:
        before = _stored(self.rotation())
        outcome = self.rotation().run()
        keys, after = self._keys(), _stored(self.rotation())
        assert outcome.result == "rotated"
        assert any(before.get(key) != after[key] for key in keys)
        assert {key: value for key, value in before.items() if key not in keys} == {
            key: value for key, value in after.items() if key not in keys
        }
        assert self.accepts({key: after[key] for key in keys}) is not False

    def test_no_event_and_no_text_of_the_kind_shows_a_value(self) -> None:
        events: list[Event] = []
        rotation = self.rotation(on_event=events.append)
        before = _stored(rotation)
        rotation.run()
        after = _stored(rotation)
        assert events
        for values in (before, {key: after[key] for key in self._keys()}):
            self._shows_none_of(values, *map(repr, events), repr(kind_of(rotation)), repr(rotation.status()))

    def test_a_rotation_left_at_any_step_is_completed_by_another_program(self) -> None:
        for point in (*_BEFORE_PROMOTION, ("promote", "done")):
            before = _stored(self.rotation())
            self._left_at(point)
            assert self.rotation().resume().result == "rotated", point
            after, keys = _stored(self.rotation()), self._keys()
            assert any(before.get(key) != after[key] for key in keys), point
            assert self.accepts({key: after[key] for key in keys}) is not False, point

    def test_a_rotation_left_before_promotion_is_undone_by_another_program(self) -> None:
        before = _stored(self.rotation())
        for point in _BEFORE_PROMOTION:
            self._left_at(point)
            keys = self._keys()
            assert self.rotation().rollback().result == "undone", point
            assert _stored(self.rotation()) == before, point
            assert self.accepts({key: before[key] for key in keys if key in before}) is not False, point

    def test_values_that_do_not_verify_are_undone(self) -> None:
        from toriconfig.rotation import RotationError

        before = _stored(self.rotation())
        undone = False
        try:
            self.rotation(verify=lambda _: False).run()
        except RotationError as error:
            undone = error.undone
        assert undone
        assert _stored(self.rotation()) == before
        assert self.accepts({key: before[key] for key in self._keys() if key in before}) is not False

    def test_a_finished_rotation_is_rolled_back(self) -> None:
        before = _stored(self.rotation())
        self.rotation().run()
        keys = self._keys()
        assert self.rotation().rollback().result == "rotated"
        assert _stored(self.rotation()) == before
        assert self.accepts({key: before[key] for key in keys}) is not False

    def test_former_values_are_refused_after_the_grace_and_the_new_ones_are_not(self) -> None:
        before = _stored(self.rotation())
        version = self.rotation(grace=0.0).run().former
        keys, after = self._keys(), _stored(self.rotation())
        former = {key: before[key] for key in keys if key in before}
        rotation = self.rotation(grace=0.0)
        work = rotation.preflight().work
        for _ in range(2):
            assert not self.accepts(former)
            assert self.accepts({key: after[key] for key in keys}) is not False
            kind_of(rotation).retire(work, dict(former), version)  # a second time has no further effect

    def test_works_agrees_with_where_the_values_are_used(self) -> None:
        from toriconfig.rotation._abilities import works

        with self._planned() as (kind, work, pending, current):
            for values in (_of(pending, current), pending):
                assert works(kind, work, dict(values)) in (None, self.accepts(values))

    @contextmanager
    def _planned(self) -> Iterator[tuple[Kind, Work, dict[str, Any], dict[str, Any]]]:
        """Yield `(kind, work, pending, current)`, the state before `apply`. Call the kind's `undo` at the end."""
        rotation = self.rotation()
        kind, preflight = kind_of(rotation), rotation.preflight()
        current = preflight.main.read().data
        kind.plan(preflight.work, dict(current))
        pending = dict(kind.generate(preflight.work, dict(current)))
        yield kind, preflight.work, pending, current
        kind.undo(preflight.work, dict(pending), dict(current))

    def _left_at(self, point: tuple[str, str]) -> None:
        """Start a rotation, and stop it after the event `(step, state)` of `point`, as when the program is killed."""
        try:
            self.rotation(on_event=_leave(point)).run()
        except _Left:
            return
        raise AssertionError(f"the rotation had no event {point}")

    def _shows_none_of(self, values: Mapping[str, Any], *texts: str) -> None:
        """Raise `AssertionError` if a text contains one of `values`.

        Ignore short values, and the keys in `self.public`, whose values are not secret.
        """
        for key, value in values.items():
            if isinstance(value, str) and len(value) >= _SHORTEST and key not in self.public:
                assert not any(value in text for text in texts), f"the value of {key} is shown"

    def _keys(self) -> tuple[str, ...]:
        record = self.rotation().preflight().journal.read()
        assert record is not None
        return record.keys


class _Left(BaseException):
    """Exception that ends a rotation as if the process were killed."""


def _leave(point: tuple[str, str]) -> Callable[[Event], None]:
    def on_event(event: Event) -> None:
        if (event.step, event.state) == point:
            raise _Left

    return on_event


def kind_of(rotation: Rotation) -> Kind:
    """Return the kind of a rotation. If the rotation has only the class of the kind, return a new instance."""
    return rotation.kind if rotation.kind is not None else rotation.chosen.for_new(None)


def _stored(rotation: Rotation) -> dict[str, Any]:
    return rotation.preflight().main.read().data


def _of(pending: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    return {key: current[key] for key in pending if key in current}
