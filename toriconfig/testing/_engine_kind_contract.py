"""Test contract for kinds of rotation whose secret is kept by a secrets engine of Vault."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from toriconfig.testing._kind_contract import CAPABILITIES, kind_of

if TYPE_CHECKING:
    from toriconfig.rotation import Event, Rotation

_HOUR = 3600.0


class EngineKindContract(ABC):
    """Tests that every kind of rotation with `stored = False` must pass.

    Inherit the tests in a test class of pytest, and define the methods `rotation` and `state`.

    For example::

        class TestMyKey(EngineKindContract):
            @pytest.fixture(autouse=True)
            def key(self, vault_server: VaultServer) -> None:
                self.vault = vault_server
                self.vault.client.write_data("mykeys/keys/app")

            def rotation(self, **options: Any) -> Rotation:
                return Rotation("mykeys/keys/app", MyKey(), environ=self.vault.environ, **options)

            def state(self) -> object:
                return self.vault.client.read("mykeys/keys/app")["data"]["version"]
    """

    @abstractmethod
    def rotation(self, **options: Any) -> Rotation:
        """Return a new rotation of the tested secret, with a new instance of the kind.

        Args:
            options: further arguments of `Rotation`: `verify`, `on_event`.
        """

    @abstractmethod
    def state(self) -> object:
        """Return an object that is different after a rotation, such as the version of the key."""

    def test_the_class_has_every_member_of_a_kind(self) -> None:
        from toriconfig.rotation.kinds._found import why_no_kind

        kind = kind_of(self.rotation())
        assert why_no_kind(type(kind)) == ""
        assert not kind.stored, "the contract is for kinds with stored = False"

    def test_the_policy_is_capabilities_by_path(self) -> None:
        rotation = self.rotation()
        for path, words in kind_of(rotation).needs(rotation.work()).items():
            assert not path.startswith("/"), path
            assert set(words.split()) <= CAPABILITIES, words
            assert words.split()

    def test_a_plan_changes_nothing(self) -> None:
        before = self.state()
        assert {type(action) for action in self.rotation().plan().actions} == {str}
        assert self.state() == before

    def test_a_rotation_changes_the_secret_and_shows_no_value(self) -> None:
        events: list[Event] = []
        before, rotation = self.state(), self.rotation(on_event=events.append)
        assert rotation.run().result == "rotated"
        assert self.state() != before
        made = kind_of(rotation).generate(rotation.work(), {})
        assert events
        for value in (made[key] for key in ("password", "token", "key", "private_key") if key in made):
            assert not any(str(value) in repr(event) for event in events)

    def test_the_time_of_a_rotation_is_told_or_unknown(self) -> None:
        self.rotation().run()
        age = self.rotation().age()
        assert age is None or 0 <= age < _HOUR

    def test_a_rotation_that_does_not_verify_fails_and_is_not_undone(self) -> None:
        from toriconfig.rotation import RotationError

        before, undone = self.state(), None
        try:
            self.rotation(verify=lambda _: False).run()
        except RotationError as error:
            undone = error.undone
        assert undone is False
        assert self.state() != before

    def test_undoing_is_refused(self) -> None:
        from toriconfig.rotation import RotationError

        rotation, before, refused = self.rotation(), self.state(), False
        try:
            kind_of(rotation).undo(rotation.work(), {}, {})
        except RotationError:
            refused = True
        assert refused
        assert self.state() == before
