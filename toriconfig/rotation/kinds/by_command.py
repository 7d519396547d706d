"""Rotation of a value that a command of the user makes valid."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._option import Option
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation._verifier import Command, split_command
from toriconfig.rotation.kinds._stored import key_of
from toriconfig.rotation.kinds.generated import ALPHABET, Generated


@clean_methods
class ByCommand(Generated):
    """One key of a KV path, set to random characters. A command makes the value valid in the system that uses it.

    The command receives the value on standard input, or on the file descriptor `{fd}`. Exit code 0 means that the value
    is valid now. The output is discarded. The command inherits the environment without the credentials of Vault, and
    gets `TORICONFIG_REFERENCE`, the reference of the secret, and `TORICONFIG_ACT`: "apply", "undo" or "retire". A
    command that runs longer than the `timeout` of the rotation is ended, with the processes that it started.

    A command may run again after a crash, with the same value. An undo or a rollback runs `apply` with the former
    value. The record keeps no command: a resumed rotation needs the same arguments again.

    Args:
        apply: program and arguments as a list, or as one text in the syntax of a shell, such as
            `"kubectl apply -f /dev/fd/{fd}"`. No shell is started.
        retire: command that receives the former value after `grace`, and invalidates it. None: only the versions in
            Vault are destroyed.
        keeps_former: True: the former value stays valid after `apply`. False: readers of the former value fail until
            the new one is stored. If Vault cannot store the new one, the former value is restored at once.
        length: number of characters, 1 to 100,000.
        alphabet: the characters to choose from; at least two different ones.

    Raises:
        ValueError: a command is empty, has an open quote or an operator of a shell, or the value would have fewer than 64 random bits.
    """

    name = "command"
    summary = "random text at a key of a KV path, set by --apply where it is used"
    options: tuple[Option, ...] = (
        *Generated.options,
        Option(
            "apply",
            required=True,
            record=False,
            metavar="COMMAND",
            help="makes the value on its stdin valid; exit code 0: done; undoes with the former value.",
        ),
        Option("retire", record=False, metavar="COMMAND", help="invalidates the value on its stdin, after --grace."),
        Option("keeps-former", type=bool, record=False, help="the former value stays valid after --apply."),
    )

    def __init__(
        self,
        apply: str | Sequence[str],
        retire: str | Sequence[str] | None = None,
        *,
        keeps_former: bool = False,
        length: int = 40,
        alphabet: str = ALPHABET,
    ) -> None:
        super().__init__(length, alphabet)
        self._apply = _command(apply)
        self._retire = None if retire is None else _command(retire)
        self._keeps_former = keeps_former

    def ends_former(self, pending: Values, current: Values) -> bool:
        """Return False if the former value stays valid after `apply`, else True.

        Args:
            pending: the new values.
            current: values of all keys of the secret, as read at the start of the rotation.
        """
        return not self._keeps_former

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return the planned actions.

        Raises:
            RotationRefused: the program of a command was not found.
        """
        planned = super().plan(work, current)
        for command in (self._apply, self._retire):
            if command is not None and shutil.which(command.arguments[0]) is None:
                raise RotationRefused(
                    f"there is no program {command.arguments[0]}",
                    reference=str(work.ref),
                    help="name a file that may be executed, or a program on the PATH",
                )
        return [*planned, f"run {self._apply.arguments[0]} with the new value on its standard input"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Run the command with the new value.

        Raises:
            RotationError: the exit code is not 0, or the command did not end in time.
            RotationLost: another rotator has taken over.
        """
        _run(self._apply, work, pending, "apply")

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """Run the command `apply` with the value in `current`, which was valid before the rotation.

        Raises:
            RotationError: the exit code is not 0, or the command did not end in time.
        """
        _run(self._apply, work, current, "undo")

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Run the command `retire`, if there is one, and destroy the versions that hold the former value.

        Raises:
            RotationError: the exit code is not 0, or the command did not end in time.
        """
        if self._retire is not None and previous:
            _run(self._retire, work, previous, "retire")
        super().retire(work, previous, version)

    def __repr__(self) -> str:
        return f"ByCommand({self._apply.arguments[0]!r})"


def _command(given: str | Sequence[str]) -> Command:
    arguments = split_command(given) if isinstance(given, str) else given
    if not arguments:
        raise ValueError("a command needs a program")
    return Command(arguments)


def _run(command: Command, work: Work, values: Values, act: str) -> None:
    work.fence()
    variables = {"TORICONFIG_REFERENCE": str(work.ref), "TORICONFIG_ACT": act}
    reason = command.run(values[key_of(work)], work.timeout, what="the command", variables=variables)
    if reason:
        raise RotationError(reason)
