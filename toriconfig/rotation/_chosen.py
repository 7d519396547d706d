"""Choice of the kind of a rotation: as given, from the last record, or from the form of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.markers import Ref
from toriconfig.rotation._errors import KindUnknown, RotationRefused
from toriconfig.rotation._option import made
from toriconfig.rotation._protocol import Kind

if TYPE_CHECKING:
    from toriconfig.rotation._record import Record


class Chosen:
    """The kind that was asked for.

    Attributes:
        setup: parts of what the record keeps of the kind that are to be others.
        environ: variables that options of the kind are read from.
        given_class: the class that was asked for; None: a kind, a name, or nothing was.

    Args:
        ref: the secret.
        kind: a kind; the class of one, which is made from the record; the name of one; or None, for whichever the record
            says.
        setup: parts of what the record keeps of the kind that are to be others.
        environ: variables that options of the kind are read from.

    Raises:
        ValueError: there is no kind of that name.
    """

    def __init__(
        self, ref: Ref, kind: Kind | type[Any] | str | None, setup: Mapping[str, Any], environ: Mapping[str, str]
    ) -> None:
        from toriconfig.rotation import kinds

        if isinstance(kind, str) and kinds.find(kind) is None:
            raise ValueError(f"no kind {kind!r}: name one of {', '.join(kinds.names())}")
        self.given_class: type[Any] | None = kind if isinstance(kind, type) else None
        self.kind: Kind | None = None if isinstance(kind, (str, type)) else kind
        self._ref, self.setup, self.environ = ref, setup, environ
        self._asked: str = kind if isinstance(kind, str) else "" if kind is None else kind.name
        self._guess = kinds.guess(ref.path, ref.key)

    @property
    def name(self) -> str:
        """Of the kind, as far as it is known without the record; else ""."""
        return self._asked or self._guess

    @property
    def is_stored(self) -> bool:
        """True if the secret is stored in a KV engine, with a record beside it."""
        from toriconfig.rotation import kinds

        if self.kind is not None:
            return self.kind.stored
        found = self.given_class or (kinds.find(self.name) if self.name else None)
        return bool(found.stored) if found is not None else True

    @property
    def needs_record(self) -> bool:
        """True if a new rotation takes its kind, or a part of it, from the last record."""
        return self.kind is None and (bool(self._asked) or not self._guess)

    def for_new(self, found: Record | None) -> Kind:
        """The kind of a new rotation.

        Args:
            found: the last record, which is closed; None: there is none, or it is not needed.

        Raises:
            KindUnknown: nothing says how it is rotated, or not enough.
        """
        from toriconfig.rotation import kinds

        if self.kind is not None:
            return self.kind
        recorded = found if self.needs_record else None
        of_one_key = (kinds.Generated.name, kinds.Given.name)
        if recorded is not None and self._ref.key is None and recorded.kind in of_one_key:
            recorded = None
        name = self.name or (recorded.kind if recorded is not None else "")
        if not name:
            raise KindUnknown(
                f"neither {self._ref} nor a record determines the kind of rotation",
                reference=str(self._ref),
                help=f"name one with --kind: {', '.join(kinds.names())}",
            )
        return self._made(name, recorded.setup if recorded is not None and recorded.kind == name else {})

    def for_record(self, found: Record) -> Kind:
        """The kind of the rotation that a record is about.

        Raises:
            RotationRefused: it is another one than was asked for, none of ours, or the record does not keep enough.
        """
        self.check_kind(found)
        return self.kind if self.kind is not None else self._made(found.kind, found.setup)

    def check_kind(self, found: Record) -> None:
        """Make sure that no other kind was asked for than that of the record.

        Raises:
            RotationRefused: another one was.
        """
        if self._asked and found.kind != self._asked:
            raise RotationRefused(
                f"the rotation of {self._ref.path} is of kind {found.kind}, not {self._asked}",
                reference=str(self._ref),
                help=f"name that kind: `--kind {found.kind}`",
            )

    def _made(self, name: str, setup: Mapping[str, Any]) -> Kind:
        from toriconfig.rotation import kinds

        try:
            found = self.given_class or kinds.find(name)
            if found is None:
                return kinds.recorded(name, setup)  # type: ignore[no-any-return]  # it raises
            kind: Kind = made(found, setup, self.setup, self.environ)
        except ValueError as error:
            raise KindUnknown(str(error), reference=str(self._ref)) from None
        return kind
