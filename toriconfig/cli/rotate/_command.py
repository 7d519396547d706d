"""The options of `toriconfig rotate`, and which of them go together."""

from __future__ import annotations

import signal
from typing import Any, NoReturn

import click

from toriconfig.cli._options import load_options, settings_option
from toriconfig.cli.rotate._kind_options import KindOptions, asked_of, chosen_name, class_of, was_given

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_ACTS = ("dry_run", "status", "resume", "rollback")


class _Age(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.2
    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        text = str(value)
        number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
        if not number.isdecimal():
            self.fail("it is no age: write 90d, 12h, 30m or a number of seconds", param, ctx)
        return float(int(number) * _UNITS[unit])


@click.command(cls=KindOptions)
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option("--kind", "name", help="How, or module:Class; else the record, or the form of REF, says it. See above.")
@click.option(
    "--verify", metavar="COMMAND", help="Gets the new value on stdin, or on the descriptor {fd}; 0: it works."
)
@click.option(
    "--verify-timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True, help="Seconds."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds one wait for a database may take, and for which a request that is not answered is repeated.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    help="Seconds after which the former value is taken out of use; else it is left.",
)
@click.option("--resume", is_flag=True, help="Bring to its end what was left half-way.")
@click.option(
    "--rollback", is_flag=True, help="Take back: undo what was left, else the value before the last rotation."
)
@click.option("--to", type=click.IntRange(min=1), metavar="VERSION", help="For --rollback: bring that version back.")
@click.option("--status", is_flag=True, help="Where it stands and what works now; exit code 1 when one is half-way.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; look at all rights too; change nothing.")
@click.option("--due", is_flag=True, help="Only those whose age has come; without REF: all with a declared max_age.")
@click.option("--max-age", type=_Age(), help="For --due: such as 90d; else what the settings declare.")
@click.option("--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="For --due: at once.")
@click.option("--force", is_flag=True, help="Users that take turns: also when the last rotation is too recent.")
@click.option(
    "--abandoned-after",
    type=_Age(),
    default="1h",
    show_default=True,
    help="For --due: when a half-way rotation counts as left, where nobody knows whether its program still runs.",
)
@click.option(
    "--output-format",
    "-o",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of results.",
)
@click.option("--verbose", "-v", is_flag=True, help="Tell each step, with Vault's request ids.")
@settings_option
@load_options
def rotate(references: tuple[str, ...], **options: Any) -> int:
    """Rotate the secrets at REF: `secret/app#key`, or `secret/db` for a user with its password.

    \b
    KINDS

    With --due, --status, --resume and --rollback are about all that is declared, or about all REF; --resume and --rollback
    then leave alone what is not half-way, or whose program still runs.
    """  # noqa: D301  (\b keeps click from joining the lines)
    act = _act(options)
    _check_together(act, references, options)
    former = signal.signal(signal.SIGTERM, _terminated)
    click.get_current_context().call_on_close(lambda: signal.signal(signal.SIGTERM, former))
    if options["due"]:
        from toriconfig.cli.rotate._due import over_all

        return over_all(references, act, options)
    from toriconfig.cli.rotate._acts import one_by_one

    return one_by_one(references, act, options)


def _act(options: dict[str, Any]) -> str:
    """Return the action: `rotate`, or the action of the one flag that was given."""
    given = [name for name in _ACTS if options[name]]
    if len(given) > 1:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise click.UsageError(f"{flags} are alternatives: name one")
    return given[0] if given else "rotate"


def _check_together(act: str, references: tuple[str, ...], options: dict[str, Any]) -> None:
    if not references and not options["due"]:
        raise click.UsageError("name what is to be rotated: `toriconfig rotate secret/app#key`, or use --due")
    if options["to"] is not None and (act != "rollback" or options["due"] or len(set(references)) > 1):
        raise click.UsageError("--to says which version --rollback brings back to one REF")
    if not options["due"]:
        for name in ("max_age", "workers", "abandoned_after"):
            if was_given(name) and not (name == "abandoned_after" and act == "status"):
                raise click.UsageError(f"--{name.replace('_', '-')} is for --due")
    if options["force"] and act not in ("rotate", "dry_run"):
        raise click.UsageError(f"--force is for a rotation, not for --{act}")
    options["name"] = chosen_name(options["name"])
    given_value = options["kind_stdin"] or asked_of(class_of(options["name"])) is not None
    if given_value and options["due"] and act in ("rotate", "dry_run"):
        raise click.UsageError("a value that is given is never due: leave --due out")
    if given_value and act == "rotate" and len(set(references)) > 1:
        raise click.UsageError("one value is given, so name one REF")


def _terminated(number: int, _frame: object) -> NoReturn:
    """Leave as after Ctrl-C, by way of whoever has to end a verifier first."""
    raise SystemExit(128 + number)
