"""`toriconfig health`: the state of a load, its layers and its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toriconfig._core.printable import clean
from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._named import require_class
from toriconfig.cli._options import env_file_option, load_options, recipe, settings_option
from toriconfig.cli._say import say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toriconfig._live.health import Health
    from toriconfig.errors import SecretError


@click.command()
@settings_option
@load_options
@env_file_option
@click.option(
    "--online",
    is_flag=True,
    help="Also read every secret from Vault and other backends; without it they are shown as unread.",
)
@click.option("--output-format", "-o", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def health(target: str | None, online: bool, form: str, **how: Any) -> int:
    """Show the state of the layers and of each secret.

    Exit codes: 0 ok; 1 the load failed, or a secret is missing or stale; 2 wrong usage, or input that cannot be read;
    3 Vault could not be reached, and nothing else is wrong.
    """
    from toriconfig._live.health import health_of
    from toriconfig._load.attempt import try_load
    from toriconfig._secrets.prefetch import failures_of
    from toriconfig.errors import ConfigError

    require_class(target, (), how["config_dir"])
    asked = recipe(target, **how)
    attempt = try_load(asked)
    errors = [problem for problem in attempt.problems if problem.severity == "error"]
    failures = failures_of(attempt.secrets) if online and attempt.loaded is not None else []
    state = health_of(attempt.loaded, ConfigError(errors, schema=asked.schema.__name__) if errors else None)
    if form == "json":
        say_json(state.as_dict())
    else:
        say("\n".join(map(clean, _lines(state))))
    return code_of(errors) if errors else _code(state, failures)


def _code(state: Health, failures: Sequence[SecretError]) -> Exit:
    from toriconfig.errors import SecretUnreachable, VaultSealed

    away = {failure.path for failure in failures if isinstance(failure, (SecretUnreachable, VaultSealed))}
    wrong = {path for path, secret in state.secrets.items() if secret.state not in ("fresh", "unread")}
    if away and wrong <= away:
        return Exit.UNREACHED
    return Exit.FINE if state.ok else Exit.FINDINGS


def _lines(state: Health) -> Iterator[str]:
    yield "ok" if state.ok else f"not ok{f': {state.error}' if state.error else ''}"
    for layer in state.layers:
        yield f"layer    {layer.kind}: {layer.name}, {layer.leaves} value{'s' * (layer.leaves != 1)}"
    for path, secret in state.secrets.items():
        age = "" if secret.age is None else f", {secret.age:.0f} s old"
        yield f"secret   {path}: {secret.state}, {secret.origin}{age}" + (f": {secret.error}" if secret.error else "")
    for warning in state.warnings:
        yield f"warning  {warning}"
