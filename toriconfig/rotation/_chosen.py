"""Choice of the kind of a rotation: the given kind, the recorded kind, or the kind that the reference implies."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.markers import Ref
from toriconfig.rotation._command_line import given_again
from toriconfig.rotation._errors import KindUnknown, RotationRefused
from toriconfig.rotation._option import made
from toriconfig.rotation._protocol import Kind

if TYPE_CHECKING:
    from toriconfig.rotation._record import Record


class Chosen:
    """The kind of a rotation: the requested kind, or else the kind that the reference or the record determines.

    Attributes:
        kind: the requested kind, if an instance was requested; otherwise None.
        setup: options for the constructor of the kind. These options override the options in the record.
        environ: the environment variables from which options of the kind are read.
        given_class: the requested class of a kind, or None.
        guess: name of the kind that the form of the reference implies; "": none.
        guessed: True: no kind was requested, and `guess` is used.
        for_all: True: one command rotates all secrets that are due. `check_last` then checks that the requested kind
            suits this secret.

    Args:
        ref: the reference of the secret.
        kind: the requested kind as an instance, a class or a name. None: the kind that `ref` implies, or else the
            recorded kind.
        setup: options for the constructor of the kind. These options override the options in the record.
        environ: the environment variables from which options of the kind are read.

    Raises:
        ValueError: there is no kind of that name.
    """

    def __init__(
        self, ref: Ref, kind: Kind | type[Any] | str | None, setup: Mapping[str, Any], environ: Mapping[str, str]
    ) -> None:
        from toriconfig.rotation import kinds

        if isinstance(kind, str) and kinds.find(kind) is None:
            known = ", ".join(kinds.names())
            raise ValueError(f"no kind {kind!r}: name one of {known}, or give a class of your own")
        self.given_class: type[Any] | None = kind if isinstance(kind, type) else None
        self.kind: Kind | None = None if isinstance(kind, (str, type)) else kind
        self._ref, self.setup, self.environ = ref, setup, environ
        self._asked: str = kind if isinstance(kind, str) else "" if kind is None else kind.name
        self.guess = kinds.guess(ref.path, ref.key)
        self.guessed = kind is None and bool(self.guess)
        self.for_all = False

    @property
    def name(self) -> str:
        """Name of the requested kind, or else of the implied kind; "" if no kind is requested or implied."""
        return self._asked or self.guess

    @property
    def is_stored(self) -> bool:
        """True if a KV engine stores the secret, or if the kind is not known yet."""
        from toriconfig.rotation import kinds

        if self.kind is not None:
            return self.kind.stored
        found = self.given_class or (kinds.find(self.name) if self.name else None)
        return bool(found.stored) if found is not None else True

    @property
    def needs_record(self) -> bool:
        """True if a new rotation takes its kind, or a part of its setup, from the last record."""
        return self.kind is None and (bool(self._asked) or not self.guess)

    def for_new(self, found: Record | None) -> Kind:
        """Return the kind of a new rotation.

        Args:
            found: the last record, which is closed; None: there is none, or it is not needed.

        Raises:
            KindUnknown: the kind is unknown, or a setting that the kind needs is missing or invalid.
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
                help=f"name one with --kind: {', '.join(kinds.names())}, or module:Class",
            )
        return self._made(name, recorded.setup if recorded is not None and recorded.kind == name else {})

    def for_record(self, found: Record) -> Kind:
        """Return the kind of the rotation that is recorded in `found`.

        Raises:
            RotationRefused: the recorded kind is not the requested kind.
            KindUnknown: the recorded kind is unknown, or a setting that this kind needs is missing or invalid.
        """
        self.check_kind(found)
        return self.kind if self.kind is not None else self._made(found.kind, found.setup)

    def check_last(self, found: Record | None) -> None:
        """Check the kind of this rotation against the last record.

        A kind that was requested for this secret alone is not checked.

        Args:
            found: the record of the last completed rotation, or else of a rotation that failed or was rolled back.
                None: there is no record.

        Raises:
            RotationRefused: the kind is not permitted, because of the record or because there is no record.
        """
        from toriconfig.rotation import kinds

        by_storing = (kinds.Generated.name, kinds.Given.name)
        own = found if found is not None and self._ref.key in (None, *found.keys) else None
        if own is not None and self._ref.key is None and own.kind in by_storing:
            own = None  # of one key of the path
        if not self.guessed and not (self.for_all and self._asked):
            return
        if self.name != self.guess:
            self._check_asked(own)
            return
        if own is None or own.kind in by_storing:
            return
        raise RotationRefused(
            f"{self._by_kind(own)}, which makes the new value valid where it is used",
            reference=str(self._ref),
            help=f"name the kind again, {self._by(own.kind)}; `--kind {self.guess}` there stores a new value only",
        )

    def _check_asked(self, own: Record | None) -> None:
        if own is not None and own.kind == self._asked:
            return
        if own is None:
            message = f"no record shows that kind {self._asked} rotates {self._ref}"
            remedy = f"if it does, name the secret once, {self._by(self._asked)}"
        else:
            message = f"{self._by_kind(own)}, not {self._asked}"
            remedy = f"name the secret with its kind, {self._by(own.kind)}"
        raise RotationRefused(message, reference=str(self._ref), help=remedy)

    def _by_kind(self, last: Record) -> str:
        if last.step == "undone":  # no completed rotation is known
            return f"the last rotation of {self._ref}, which was undone, was by kind {last.kind}"
        return f"{self._ref} was last rotated by kind {last.kind}"

    def _by(self, name: str) -> str:
        """Return the command line, in backticks, that rotates the secret by the kind `name`."""
        due = ["--due"] if self.for_all else []
        words = ["toriconfig rotate", shlex.quote(str(self._ref)), *due, self._typed(name), *given_again(name)]
        return f"`{' '.join(words)}`{self._about(name)}"

    def _typed(self, name: str) -> str:
        """Return the option of the command line that selects the kind `name`, such as `--kind generated`.

        If no installed package declares the kind, return module and class, such as `--kind service:Service`. If the
        class is unknown or not importable, return the placeholder `--kind MODULE:CLASS`.
        """
        from toriconfig.rotation import kinds

        if name in kinds.names():
            return f"--kind {name}"
        kind: type[Any] | None = self.given_class if self.kind is None else type(self.kind)
        if kind is None or kind.name != name or "." in kind.__qualname__ or kind.__module__ == "__main__":
            return "--kind MODULE:CLASS"
        return f"--kind {kind.__module__}:{kind.__qualname__}"

    def _about(self, name: str) -> str:
        return f" (the class of kind {name})" if "MODULE:CLASS" in self._typed(name) else ""

    def check_kind(self, found: Record) -> None:
        """Check that the requested kind, if there is one, is the kind of the record.

        Raises:
            RotationRefused: the kinds differ.
        """
        if self._asked and found.kind != self._asked:
            raise RotationRefused(
                f"the rotation of {self._ref.path} is of kind {found.kind}, not {self._asked}",
                reference=str(self._ref),
                help=f"name that kind: `{self._typed(found.kind)}`{self._about(found.kind)}",
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
