"""Messages about an invalid command line. They never repeat an argument that may be a secret."""

from __future__ import annotations

import click

SECRETIVE = frozenset({"put", "get", "rotate"})
"""The commands to whose arguments a user may add a secret by mistake."""


def quiet(error: click.UsageError) -> click.UsageError:
    """Return the error in a form that may be shown.

    The message about a surplus argument does not repeat the argument. Commands that work on secrets do not repeat
    unknown options and invalid values either.
    """
    name = (error.ctx.command.name or "") if error.ctx is not None else ""
    if type(error) is click.UsageError and error.message.startswith("Got unexpected extra argument"):
        return _renewed(error, f"`{name}` takes no further argument{_ASIDE if name in SECRETIVE else ''}")
    if name not in SECRETIVE:
        return error
    if isinstance(error, click.NoSuchOption):
        near = (
            f"; did you mean {' or '.join(f'`{one}`' for one in error.possibilities)}?" if error.possibilities else ""
        )
        return _renewed(error, f"`{name}` has no such option{near}")
    if type(error) is click.BadParameter and error.param is not None and _is_of_click(error.param.type):
        hint = error.param.get_error_hint(error.ctx) if error.ctx is not None else f"'{error.param.name}'"
        return _renewed(error, f"invalid value for {hint}: expected {_expected(error.param)}")
    return error


def refuse_value(key: str | None) -> None:
    """Raise an error for a key with `=`, as in `secret/app#key=value`: the text after `=` may be a secret.

    Raises:
        click.UsageError: the key contains a `=`.
    """
    if key is not None and "=" in key:
        raise click.UsageError("a reference ends with the name of its key, without `=`: use --stdin for the value")


def argument(reference: str) -> str:
    """Return the text that stands for an invalid reference in an error message.

    If `reference` is an argument on the command line, return `REF`, because the argument may be a secret, given by
    mistake. If there are several references on the command line, return `REF 2` for the second. For any other
    reference, such as a reference in the settings, return `reference`.
    """
    given = click.get_current_context().params.get("references", ())
    if reference not in given:
        return reference
    return f"REF {given.index(reference) + 1}" if len(given) > 1 else "REF"


def shown(reference: str) -> str:
    """Return a reference for an error message. If its path has no `/`, it may be a secret, so return "PATH"."""
    return reference if "/" in reference.partition("#")[0] else "PATH"


_ASIDE = (
    ": other users can read arguments, so a secret is never one; omit it to be prompted, or use --stdin (if it was a "
    "secret, rotate it)"
)


def _expected(parameter: click.Parameter) -> str:
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(map(str, kind.choices))}"
    bounds = kind._describe_range() if isinstance(kind, (click.IntRange, click.FloatRange)) else ""
    known = {"integer": "a whole number", "float": "a number"}
    return " ".join(filter(None, (known.get(kind.name.removesuffix(" range"), kind.name), bounds)))


def _is_of_click(kind: object) -> bool:
    return type(kind).__module__.startswith("click")


def _renewed(error: click.UsageError, message: str) -> click.UsageError:
    return click.UsageError(message, error.ctx)
