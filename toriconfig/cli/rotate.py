"""`toriconfig rotate`: new secrets, without ever leaving a dead one behind."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from toriconfig.cli._exit import Exit
from toriconfig.cli._options import load_options, recipe, settings_option
from toriconfig.cli._usage import refuse_value, shown
from toriconfig.cli._value import given_value

if TYPE_CHECKING:
    from toriconfig.rotation import Event, Kind, Line, Rotation

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class _Age(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.2
    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value)
        number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
        if not number.isdecimal():
            self.fail("it is no age: write 90d, 12h, 30m or a number of seconds", param, ctx)
        return float(int(number) * _UNITS[unit])


@click.command()
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option("--kind", "name", help="How; else the form of REF says it. See above.")
@click.option("--length", type=int, default=40, show_default=True, help="generated: characters.")
@click.option("--alphabet", help="generated: what it is made of; default: letters and digits.")
@click.option("--stdin", "from_stdin", is_flag=True, help="given: read the value from standard input, to its end.")
@click.option("--conninfo", help="database-user: where, without credentials: 'host=db dbname=app'.")
@click.option("--admin", metavar="REF", help="database-user: place of the credentials that may change the users.")
@click.option("--single", is_flag=True, help="database-user: one user; its former password dies at once.")
@click.option("--algorithm", default="ed25519", show_default=True, help="key-pair: or ec-p256, rsa-3072.")
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
    help="Seconds one wait for a database may take.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    help="Seconds after which the former value is taken out of use; else it is left.",
)
@click.option("--resume", "act", flag_value="resume", help="Bring to its end what was left half-way.")
@click.option("--rollback", "act", flag_value="rollback", help="Take back: undo what was left, else the value before.")
@click.option("--status", "act", flag_value="status", help="Where it stands; exit code 1 when one is half-way.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; look at policies too; change nothing.")
@click.option("--due", is_flag=True, help="Only those whose age has come; without REF: all with a declared max_age.")
@click.option("--max-age", type=_Age(), help="For --due: such as 90d; else what the settings declare.")
@click.option("--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="For --due: at once.")
@click.option("--verbose", "-v", is_flag=True, help="Tell each step, with Vault's request ids.")
@settings_option
@load_options
def rotate(references: tuple[str, ...], act: str | None, **options: Any) -> int:
    """Rotate the secrets at REF: `secret/app#key`, or `secret/db` for a user with its password.

    \b
    generated      a random text at a key of a KV path (what a REF with a key means)
    given          a value from a prompt, or from standard input
    database-user  user and password in PostgreSQL; two users take turns, so nobody is locked out
    static-role    database/static-creds/NAME: Vault changes it
    database-root  database/config/NAME: Vault's own account there
    transit-key    transit/keys/NAME: a new version of the key
    key-pair       private_key and public_key at a KV path
    """  # noqa: D301  (\b keeps click from joining the lines)
    if options["dry_run"] and act in ("resume", "rollback"):
        raise click.UsageError(f"--dry-run says what a rotation would do, not what --{act} would: use --status")
    former = signal.signal(signal.SIGTERM, _terminated)
    click.get_current_context().call_on_close(lambda: signal.signal(signal.SIGTERM, former))
    if options["due"] and act is None:
        return _due(references, options)
    if not references:
        raise click.UsageError("name what is to be rotated: `toriconfig rotate secret/app#key`, or use --due")
    if len(references) > 1 and (options["from_stdin"] or options["name"] == "given"):
        raise click.UsageError("one value is given, so name one REF")
    rotations = [_rotation(reference, None, options, act) for reference in references]
    work: Callable[[Rotation], int] = {"status": _status, "resume": _resume, "rollback": _rollback}.get(
        act or "", _plan if options["dry_run"] else _run
    )
    return max(_told(work, one) for one in rotations)


def _rotation(reference: str, max_age: float | None, options: dict[str, Any], act: str | None) -> Rotation:
    from toriconfig._reference import split
    from toriconfig.rotation import Command, Rotation, RotationRefused, kinds

    try:
        place = split(reference)
        refuse_value(place.key)
        name = options["name"] or ("given" if options["from_stdin"] else kinds.guess(place.path, place.key))
        if act == "status" and name in ("", kinds.DatabaseUser.name):
            kind: Kind = kinds.Given()  # the record knows how; of all that is stored it is read alike
        else:
            kind = _kind(name, reference, options, bringing=act is None)
        return Rotation(
            reference,
            kind,
            verify=Command(shlex.split(options["verify"])) if options["verify"] is not None else None,
            verify_timeout=options["verify_timeout"],
            timeout=options["timeout"],
            grace=options["grace"],
            max_age=max_age,
            on_event=_tell if options["verbose"] else None,
        )
    except RotationRefused:
        raise click.UsageError(
            "Vault is not configured: set VAULT_ADDR, or use `toriconfig vault dev -- COMMAND`"
        ) from None
    except ValueError as error:
        raise click.UsageError(f"{shown(reference)}: {error}") from None


def _kind(name: str, reference: str, options: dict[str, Any], *, bringing: bool) -> Kind:
    from toriconfig.rotation import kinds

    if name == "generated":
        return kinds.Generated(options["length"], options["alphabet"] or kinds.ALPHABET)
    if name == "given":
        return kinds.Given(_value(options["from_stdin"]) if bringing and not options["dry_run"] else None)
    if name == "key-pair":
        return kinds.KeyPair(options["algorithm"])
    if name == "database-user":
        if not options["conninfo"]:
            raise click.UsageError("--kind database-user needs --conninfo 'host=... dbname=...'")
        return kinds.DatabaseUser(options["conninfo"], options["admin"], single=options["single"])
    if name in kinds.KINDS:
        kind: Kind = kinds.KINDS[name]()
        return kind
    from toriconfig._near import near

    known = ", ".join(kinds.KINDS)
    candidate = near(name, kinds.KINDS) if name else None
    what = (
        f"no kind {name!r}, meant as {candidate!r}"
        if candidate
        else "there is no such kind"
        if name
        else f"{shown(reference)} does not say how it is rotated"
    )
    raise click.UsageError(f"{what}: name one with --kind: {known}")


def _value(from_stdin: bool) -> str:
    text = given_value(from_stdin, "new value")
    if not text:
        raise click.UsageError("the new value is empty; nothing was changed")
    return text


def _run(rotation: Rotation) -> int:
    outcome = rotation.run()
    versions = f", version {outcome.former} to {outcome.version}" if outcome.version else ""
    click.echo(f"rotated {outcome.reference} ({outcome.kind}{versions})")
    return Exit.FINE


def _resume(rotation: Rotation) -> int:
    outcome = rotation.resume()
    said = {"nothing": "nothing to resume at", "undone": "undone, the former value stands:"}
    click.echo(f"{said.get(outcome.result, 'resumed and rotated')} {outcome.reference}")
    return Exit.FINE


def _rollback(rotation: Rotation) -> int:
    outcome = rotation.rollback()
    said = {"nothing": "nothing to take back at", "undone": "undone, the former value stands:"}
    click.echo(f"{said.get(outcome.result, 'brought the former value back to')} {outcome.reference}")
    return Exit.FINE


def _plan(rotation: Rotation) -> int:
    plan = rotation.plan()
    click.echo(f"{plan.reference} ({plan.kind}) would:")
    for action in plan.actions:
        click.echo(f"  {action}")
    return Exit.FINE


def _status(rotation: Rotation) -> int:
    status = rotation.status()
    if not status.step:
        click.echo(f"{status.reference}: no rotation on record")
        return Exit.FINE
    where = f"{status.step} at {status.at} by {status.who}, begun {status.since}"
    why = f"; {status.reason}" if status.reason else ""
    click.echo(f"{status.reference}: {'half-way, ' if status.open else ''}{where} ({status.kind}){why}")
    return Exit.FINDINGS if status.open else Exit.FINE


def _told(work: Callable[[Rotation], int], rotation: Rotation) -> int:
    """What `work` ends with; an error is told, and stops no other."""
    from toriconfig.errors import SecretError

    try:
        return work(rotation)
    except SecretError as error:
        click.echo(f"{rotation.ref}: {error}", err=True)
        return _code(error)
    except (KeyboardInterrupt, SystemExit):
        click.echo(f"{rotation.ref}: see `--status`; `--resume` goes on, `--rollback` takes it back", err=True)
        raise


def _terminated(number: int, _frame: object) -> NoReturn:
    """Leave as after Ctrl-C, by way of whoever has to end a verifier first."""
    raise SystemExit(128 + number)


def _code(error: object) -> int:
    from toriconfig.errors import VaultSealed, VaultUnreachable

    return Exit.UNREACHED if isinstance(error, (VaultSealed, VaultUnreachable)) else Exit.FINDINGS


def _due(references: tuple[str, ...], options: dict[str, Any]) -> int:
    from toriconfig.rotation import rotate_due

    if options["from_stdin"] or options["name"] == "given":
        raise click.UsageError("a value that is given is never due: leave --due out")
    rotations, untold = [], []
    for reference, age in _declared(references, options):
        try:
            limit = age if options["max_age"] is None else options["max_age"]
            rotations.append(_rotation(reference, limit, options, "due"))
        except click.UsageError as error:
            if "VAULT_ADDR" in error.message:
                raise
            untold.append(f"failed    {shown(reference)}: {error.message}")
    bar = _can_draw()
    waiting: list[str] = []  # for the bar to be gone
    tell: Callable[[str], None] = waiting.append if bar else click.echo
    try:
        report = rotate_due(
            rotations,
            workers=options["workers"],
            dry_run=options["dry_run"],
            bar=bar,
            on_line=lambda line: tell(_said(line)),
        )
    finally:
        for text in [*waiting, *untold]:
            click.echo(text)
    failed = [line.error for line in report.lines if line.error is not None]
    click.echo(
        f"{len(report.of('rotated'))} rotated, {len(report.of('fresh'))} not due, "
        f"{len(failed) + len(untold)} failed, {len(report.lines) + len(untold)} in all",
        err=True,
    )
    return max([_code(error) for error in failed] + [Exit.FINDINGS if untold else Exit.FINE])


def _said(line: Line) -> str:
    age = "" if line.age is None else f", {line.age / 86400:.1f} days old"
    return f"{line.result:9} {line.reference}{age if line.error is None else f': {line.error}'}"


def _declared(references: tuple[str, ...], options: dict[str, Any]) -> list[tuple[str, float | None]]:
    """The references given, with the `max_age` that the settings declare for them; without any, all that declare one.

    Of several that are declared for one place the smallest counts.
    """
    if references and options["max_age"] is not None:
        return [(reference, None) for reference in references]
    from toriconfig._load import try_load

    asked = recipe(options["target"], options["profile"], options["config_dir"], no_local=options["no_local"]).replaced(
        offline=True
    )
    attempt = try_load(asked)
    if attempt.loaded is None:
        raise click.UsageError("the settings cannot be loaded: see `toriconfig check`; or name REF and --max-age")
    snapshot = attempt.loaded.snapshot
    ages: dict[str, float | None] = {}
    for path, places in snapshot.declared.items():
        shape = snapshot.shape.at(path)
        age = shape.ref.max_age if shape is not None and shape.ref is not None else None
        for place in places:
            ages[place] = min((one for one in (age, ages.get(place)) if one is not None), default=None)
    if references:
        return [(reference, ages.get(reference)) for reference in references]
    if options["max_age"] is None:
        return [(place, age) for place, age in ages.items() if age is not None]
    fleeting = [place for place, age in ages.items() if age is None and _fleeting(place)]
    for place in fleeting:
        click.echo(f"left out: {place} is issued anew by itself, or pinned; if it is not, name it", err=True)
    return [(place, age) for place, age in ages.items() if place not in fleeting]


def _fleeting(reference: str) -> bool:
    from toriconfig._reference import split
    from toriconfig._vault.kv import mints

    place = split(reference)
    return bool(place.parameters) or place.version is not None or mints(place.path)


def _can_draw() -> bool:
    from importlib.util import find_spec

    return sys.stderr.isatty() and find_spec("tqdm") is not None


def _tell(event: Event) -> None:
    click.echo(f"{event}  [{' '.join(event.request_ids)}]", err=True)
