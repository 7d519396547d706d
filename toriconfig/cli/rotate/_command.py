"""The options of `toriconfig rotate`, and the check of their combinations."""

from __future__ import annotations

import signal
from typing import Any, NoReturn

import click

from toriconfig.cli._options import load_options, settings_option
from toriconfig.cli._say import note
from toriconfig.cli.rotate._hooks import Hooks
from toriconfig.cli.rotate._kind_options import KindOptions, asked_of, chosen_name, class_of, unknown_kind, was_given
from toriconfig.cli.rotate._login import described_vault

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MOST_DIGITS = 12
"""Maximum number of digits of an age."""
_ACTS = ("dry_run", "status", "resume", "rollback")


class _Age(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.2
    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value)
        number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
        if not number.isdecimal() or len(number) > _MOST_DIGITS:
            self.fail("not an age: write 90d, 12h, 30m or a number of seconds", param, ctx)
        return float(int(number) * _UNITS[unit])


@click.command(cls=KindOptions)
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option(
    "--kind", "name", help="The kind, see above, or module:Class; default: from the record, or the form of REF."
)
@click.option(
    "--verify",
    metavar="COMMAND",
    help="Verifier; gets the new value on stdin or file descriptor {fd}; exit code 0: valid.",
)
@click.option(
    "--verify-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds for COMMAND.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds for one wait on a database, and for repeating a request that gets no answer.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    help="Seconds until the former value is invalidated; default: it stays valid.",
)
@click.option("--resume", is_flag=True, help="Complete an unfinished rotation.")
@click.option(
    "--rollback", is_flag=True, help="Undo an unfinished rotation, else restore the value before the last rotation."
)
@click.option("--to", type=click.IntRange(min=1), metavar="VERSION", help="For --rollback: restore that version.")
@click.option(
    "--status",
    is_flag=True,
    help="Show the state and which value works; exit code 1 if a rotation is unfinished, or readers are locked out. "
    "Without REF: a table of all declared secrets.",
)
@click.option("--dry-run", is_flag=True, help="Show the planned actions and check all privileges; change nothing.")
@click.option(
    "--due", is_flag=True, help="Rotate only secrets that are due; without REF: of all with a declared max_age."
)
@click.option(
    "--max-age",
    type=_Age(),
    help="For --due: maximum age, such as 90d, in place of the declared max_age. A secret without a declared one is "
    "never due, unless it is given as REF.",
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="For --due: concurrent rotations."
)
@click.option("--force", is_flag=True, help="Alternating users: rotate even if the last rotation is too recent.")
@click.option(
    "--abandoned-after",
    type=_Age(),
    default="1h",
    show_default=True,
    help="For --due and --status: time without progress after which an unfinished rotation is abandoned, even if its "
    "program still runs. If the program has ended, the rotation is abandoned at once.",
)
@click.option(
    "--hook",
    multiple=True,
    metavar="COMMAND",
    help="Program to run after each success, failure and unfinished rotation; gets the event as JSON on stdin. May be repeated.",
)
@click.option(
    "--webhook", multiple=True, metavar="URL", help="URL to POST each such event to, signed. May be repeated."
)
@click.option(
    "--webhook-key",
    metavar="FILE",
    help="Key of the signature (HMAC-SHA256): a file, or vault:PATH#KEY.",
)
@click.option(
    "--hook-timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    default=10.0,
    show_default=True,
    help="Seconds for one event at one hook.",
)
@click.option(
    "--output-format",
    "-o",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of results.",
)
@click.option(
    "--login",
    is_flag=True,
    help="Log in to Vault as the settings describe it; default: VAULT_TOKEN and the other variables of the Vault tools.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show each step, with Vault's request ids.")
@settings_option
@load_options
def rotate(references: tuple[str, ...], **options: Any) -> int:
    """Rotate the secrets at REF.

    REF is `secret/app#key`, or `secret/db` for a user with its password.

    The kinds of rotation:

    \b
    KINDS

    --due selects the secrets at REF, or without REF all declared secrets. Only the selected secrets that are due
    are rotated. --status --due shows all selected secrets, due or not. --resume --due and --rollback --due complete
    or undo the abandoned rotations of all selected secrets, due or not. A rotation is abandoned if it is unfinished
    and its program has ended or makes no progress (see --abandoned-after).

    With REF, --kind applies to each REF. Without REF, --kind rotates only the due secrets whose last rotation had
    this kind, or whose declared reference implies this kind. Each other due secret is left unchanged and reported as
    failed.
    """  # noqa: D301  (\b keeps click from joining the lines)
    act = _act(options)
    _check_together(act, references, options)
    former = signal.signal(signal.SIGTERM, _terminated)
    click.get_current_context().call_on_close(lambda: signal.signal(signal.SIGTERM, former))
    options["vault"] = described_vault(options) if options.pop("login") else None
    hooks = _hooks(act, options)
    if isinstance(hooks, int):
        return hooks
    try:
        if not references and not options["due"]:
            from toriconfig.cli.rotate._fleet import table

            return table(options)
        if options["due"]:
            from toriconfig.cli.rotate._due import over_all

            return over_all(references, act, options, hooks)
        from toriconfig.cli.rotate._acts import one_by_one

        return one_by_one(references, act, options, hooks)
    finally:
        hooks.close()


def _hooks(act: str, options: dict[str, Any]) -> Hooks | int:
    """Return the hooks of the command. If the key that signs webhook requests cannot be read, return the exit code."""
    from toriconfig.errors import SecretError

    try:
        return Hooks(act, options)
    except SecretError as error:
        from toriconfig.cli.rotate._report import code_of

        note(f"--webhook-key: {error}; nothing was changed")
        return code_of(error)


def _act(options: dict[str, Any]) -> str:
    """Return the action of the flag that was given; `rotate` if there is none.

    Raises:
        click.UsageError: several flags for actions were given.
    """
    given = [name for name in _ACTS if options[name]]
    if len(given) > 1:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise click.UsageError(f"{flags} exclude each other: use one of them")
    return given[0] if given else "rotate"


def _check_together(act: str, references: tuple[str, ...], options: dict[str, Any]) -> None:
    if not references and not options["due"] and act != "status":
        raise click.UsageError("name the secret: `toriconfig rotate secret/app#key`, or use --due")
    if options["to"] is not None and (act != "rollback" or options["due"] or len(set(references)) > 1):
        raise click.UsageError("--to is the version that --rollback restores at one REF")
    if not options["due"]:
        for name in ("max_age", "workers", "abandoned_after"):
            if was_given(name) and not (act == "status" and (not references or name == "abandoned_after")):
                raise click.UsageError(f"--{name.replace('_', '-')} applies only with --due")
    if options["force"] and act not in ("rotate", "dry_run"):
        raise click.UsageError(f"--force applies to a rotation, not to --{act}")
    options["name"] = chosen_name(options["name"])
    if was_given("name") and class_of(options["name"]) is None:
        raise click.UsageError(unknown_kind(options["name"]))
    given_value = options["kind_stdin"] or asked_of(class_of(options["name"])) is not None
    if given_value and options["due"] and act in ("rotate", "dry_run"):
        raise click.UsageError("--due cannot rotate to a given value: omit --due")
    if given_value and act == "rotate" and len(set(references)) > 1:
        raise click.UsageError("one value is given: name only one REF")


def _terminated(number: int, _frame: object) -> NoReturn:
    """Raise SystemExit as the handler of SIGTERM, so that a running verifier is ended before this process exits."""
    raise SystemExit(128 + number)
