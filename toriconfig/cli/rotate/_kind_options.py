"""The options that kinds of rotation declare, as options of the command line."""

from __future__ import annotations

import importlib
import re
from inspect import cleandoc
from typing import Any

import click

from toriconfig.cli._import import search_working_directory

CHOSEN = "toriconfig.rotate.kind"
"""Key in click's context for the class that `--kind` names."""
_WORDS = re.compile(r"[A-Za-z]{1,16}(?:[-_.:][A-Za-z]{1,16}){0,4}")
_MADE = "toriconfig.rotate.options"
_METAVARS = {int: "INTEGER", float: "FLOAT"}


class KindOptions(click.Command):
    """A command with the options of every built-in kind of rotation, and of an external kind that `--kind` selects."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Import the kind that `--kind` names, and then parse the arguments."""
        target = _target(args)
        if target:
            try:
                ctx.meta[CHOSEN] = self._without_clash(_named(target))
            except ValueError as error:
                raise click.UsageError(str(error), ctx) from None
        return super().parse_args(ctx, args)

    def _without_clash(self, kind: type[Any] | None) -> type[Any] | None:
        taken = {"--help", "-h", *(flag for one in self.params for flag in one.opts)}
        clash = next((option.flag for option in _declared(kind) if option.flag in taken), None)
        if kind is not None and clash is not None:
            raise ValueError(f"the kind {kind.name} declares {clash}, which every rotation has: rename the option")
        return kind

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options of the command, with the options of the kinds inserted after `--kind`."""
        own = super().get_params(ctx)
        if _MADE not in ctx.meta:
            ctx.meta[_MADE] = _click_options(ctx)
        at = next(index for index, one in enumerate(own) if "--kind" in one.opts) + 1
        return [*own[:at], *ctx.meta[_MADE], *own[at:]]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help text. The word KINDS is replaced by one line per kind."""
        text = self.help or ""
        rows = [(kind.name, getattr(kind, "summary", "")) for kind in _classes(ctx)]
        width = max(len(name) for name, _ in rows)
        self.help = cleandoc(text).replace(
            "KINDS", "\n".join(f"{name:{width}}  {line}".rstrip() for name, line in rows)
        )
        try:
            super().format_help_text(ctx, formatter)
        finally:
            self.help = text

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and the environment variables of the kinds' options."""
        super().format_options(ctx, formatter)
        options = [(kind.name, one) for kind in _classes(ctx) for one in _declared(kind) if one.envvar]
        if options:
            with formatter.section("Variables"):
                formatter.write_dl([(one.envvar, f"{name}: {one.help or one.name}") for name, one in options])


def class_of(name: str) -> type[Any] | None:
    """Return the class of the kind `name`; None if there is no kind of this name.

    The class comes from `--kind module:Class`, from this package, or from an installed package.

    Raises:
        click.UsageError: an installed package declares the kind, but the class cannot be used.
    """
    from toriconfig.rotation import kinds

    chosen = click.get_current_context().meta.get(CHOSEN)
    if chosen is not None and chosen.name == name:
        found: type[Any] = chosen
        return found
    try:
        return kinds.find(name)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def chosen_name(name: str | None) -> str:
    """Return the name of the kind that `--kind` selects; "" if `--kind` is not given.

    Args:
        name: the value of `--kind`; None: not given. For `module:Class`, the result is the `name` of the class. Any
            other value is returned unchanged.
    """
    chosen = click.get_current_context().meta.get(CHOSEN)
    return chosen.name if chosen is not None else name or ""


def unknown_kind(name: str) -> str:
    """Return the message for a `--kind` that names no kind: the wrong name, the similar one, and all that are known.

    The wrong name is shown only if it consists of words. Other text may be a secret that was given by mistake.
    """
    from toriconfig._core.suggest import near
    from toriconfig.rotation import kinds

    known = kinds.names()
    candidate = near(name, known)
    wrong = f"no kind {name!r}" if not name or candidate or _WORDS.fullmatch(name) else "there is no such kind"
    meant = f" (did you mean `{candidate}`?)" if candidate else ""
    return f"--kind: {wrong}{meant}: use {', '.join(known)}, or module:Class of a class of your own"


def was_given(name: str) -> bool:
    """Return True if the user has given the option."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source.name not in ("DEFAULT", "DEFAULT_MAP")


def owners() -> dict[str, list[tuple[type[Any], Any]]]:
    """Return the options on the command line that kinds declare, by flag.

    Each value is a list with one pair `(kind, option)` for each kind that declares the flag.
    """
    found: dict[str, list[tuple[type[Any], Any]]] = {}
    for kind in _classes(click.get_current_context()):
        for option in _declared(kind):
            if was_given(_parameter(option)):
                found.setdefault(option.flag, []).append((kind, option))
    return found


def given_to(kind: type[Any] | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options given on the command line as keyword arguments for a kind.

    Args:
        kind: the kind. None: take the options of all kinds, except secret ones and those that describe a new value.
        options: the options of the command line.
    """
    found = {}
    for declaring, option in (pair for pairs in owners().values() for pair in pairs):
        if (declaring is kind if kind is not None else option.lasting) and not option.ask:
            found[option.attribute] = options[_parameter(option)]
    return found


def asked_of(kind: type[Any] | None) -> Any:
    """Return the kind's option that the command prompts for; None if there is none."""
    return next((one for one in _declared(kind) if one.ask), None)


def _declared(kind: Any) -> tuple[Any, ...]:
    from toriconfig.rotation._option import options_of

    return options_of(kind)


def _classes(ctx: click.Context) -> list[type[Any]]:
    from toriconfig.rotation import kinds

    chosen = ctx.meta.get(CHOSEN)
    ours = [*kinds.KINDS.values()]
    return ours if chosen is None else [chosen, *(one for one in ours if one is not chosen)]


def _parameter(option: Any) -> str:
    return "kind_stdin" if option.ask else f"kind_{option.attribute}"


def _click_options(ctx: click.Context) -> list[click.Parameter]:
    found: dict[str, list[tuple[str, Any]]] = {}
    for kind in _classes(ctx):
        for option in _declared(kind):
            found.setdefault(option.flag, []).append((kind.name, option))
    return [_click_option(same) for same in found.values()]


def _click_option(same: list[tuple[str, Any]]) -> click.Option:
    """Return the option of the command for a flag that several kinds may declare.

    The first kind determines the type and the default.

    Args:
        same: the name and the option of each kind that declares the flag.
    """
    option = same[0][1]
    declarations = [option.flag, _parameter(option)]
    if option.secret and not option.ask:
        return click.Option(declarations, hidden=True, expose_value=False, callback=_refuse_secret(option))
    texts: dict[str, list[str]] = {}
    for name, one in same:
        texts.setdefault("read the value from standard input." if one.ask else one.help, []).append(name)
    about = " ".join(f"{', '.join(names)}: {text}" for text, names in texts.items())
    if option.ask:
        return click.Option(declarations, is_flag=True, help=about)
    if option.type is bool:
        return click.Option(declarations, is_flag=True, help=about)
    return click.Option(
        declarations,
        type=option.type,
        metavar=option.metavar or _METAVARS.get(option.type),
        default=option.default,
        show_default=option.default is not None,
        help=about,
    )


def _refuse_secret(option: Any) -> Any:
    def refuse(ctx: click.Context, _: click.Parameter, value: object) -> None:
        if value is not None:
            raise click.UsageError(
                f"{option.flag} is a secret, which is never passed as an argument: set the variable {option.envvar}",
                ctx,
            )

    return refuse


def _target(args: list[str]) -> str:
    """Return the value of the last `--kind` in unparsed arguments, or ""."""
    target = ""
    for one, following in zip(args, [*args[1:], ""], strict=False):
        if one == "--":
            break
        if one == "--kind":
            target = following
        elif one.startswith("--kind="):
            target = one.removeprefix("--kind=")
    return target


def _named(target: str) -> type[Any] | None:
    """Return the class of the kind `target`, a name or `module:Class`; None if `target` is a name that no kind has.

    Raises:
        ValueError: the named class cannot be imported, or cannot be used as a kind; the message gives the cause.
    """
    from toriconfig.rotation import kinds
    from toriconfig.rotation.kinds._found import why_no_kind

    module, colon, name = target.partition(":")
    if not colon:
        return kinds.find(target)
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise ValueError(unknown_kind(target))
    search_working_directory()
    try:
        found = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs anybody's code
        missing = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        if missing and not all(_WORDS.fullmatch(part) for part in (*module.split("."), name)):
            raise ValueError(unknown_kind(target)) from None
        # Of other errors only the type: their text may quote a value.
        text = f": {error}" if isinstance(error, (ImportError, AttributeError, NameError)) else ""
        reason = f"{type(error).__name__}{text}"
    else:
        reason = why_no_kind(found)
        if not reason and kinds.KINDS.get(found.name, found) is not found:
            reason = f"its `name` is {found.name}, the name of a kind of this package: choose another `name`"
        if not reason:
            kind: type[Any] = found
            return kind
    raise ValueError(f"the kind {target} cannot be used: {reason}")
