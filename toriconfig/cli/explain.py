"""`toriconfig explain KEY`: the layer that sets a key, and the layers that it overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._exit import Exit, code_of
from toriconfig.cli._options import (
    env_file_option,
    load_options,
    output_options,
    recipe,
    settings_option,
    write_problems,
)
from toriconfig.cli._say import note, say, say_json

if TYPE_CHECKING:
    from toriconfig._inspect.explain import Explanation
    from toriconfig._load.snapshot import Loaded


@click.command()
@click.argument("key")
@settings_option
@load_options
@env_file_option
@click.option("--online", is_flag=True, help="Fetch a secret first, to show its version and age.")
@output_options
def explain(key: str, target: str | None, online: bool, form: str, color: str, **how: Any) -> int:
    """Show the origin of KEY, and the overridden values.

    `>` marks the value in effect, and the overridden values follow below it. Secrets are masked. Without `--online`
    no request is sent. In this case, if a secret has a reference to a configured backend, `>` marks the reference,
    because the value of the backend overrides the values of lower layers. `--output-format json` writes the values and
    their origins as JSON.
    """
    from toriconfig._load.attempt import try_load

    asked = recipe(target, **how)
    attempt = try_load(asked if online else asked.unasked())
    if attempt.loaded is None:
        write_problems(attempt.problems, form, color, asked.schema.__name__, asked.most)
        return code_of(attempt.problems)
    found = _explanation(attempt.loaded, key)
    code = Exit.FINE
    if online and found.secret:
        code = _fetch(attempt.loaded, key)
        found = _explanation(attempt.loaded, key)
    if form == "json":
        say_json(_document(found))
    else:
        say(str(found))
    return code


def _explanation(loaded: Loaded, key: str) -> Explanation:
    from toriconfig._core.printable import clean
    from toriconfig._inspect.explain import explain_in

    try:
        return explain_in(loaded, key)
    except (KeyError, ValueError) as error:
        raise click.UsageError(clean(str(error.args[0]))) from None


def _fetch(loaded: Loaded, key: str) -> Exit:
    """Read the secret at `key`, and write the reason for a failure to standard error.

    Return FINE for success, UNREACHED for an unreachable backend or a sealed Vault, and FINDINGS for other failures.
    """
    from toriconfig._load.lookup import value_at
    from toriconfig.errors import SecretError, SecretUnreachable, VaultSealed

    try:
        value_at(loaded, key).get()
    except SecretError as error:
        note(str(error))
        return Exit.UNREACHED if isinstance(error, (SecretUnreachable, VaultSealed)) else Exit.FINDINGS
    return Exit.FINE


def _document(found: Explanation) -> dict[str, Any]:
    from dataclasses import asdict

    data = asdict(found)
    origins = [found.origin, *(loser.origin for loser in found.losers)]
    values = [found.value, *(loser.value for loser in found.losers)]
    candidates = [
        {"origin": str(origin), "layer": origin.layer, "value": value, "wins": at == 0}
        for at, (origin, value) in enumerate(zip(origins, values, strict=True))
    ]
    told = {name: data[name] for name in ("path", "value", "description", "secret")}
    held = ("reference", "version", "age", "expires_at", "state")
    secret = {name: data[name] for name in held} if found.secret else {}
    return {"format_version": "1.0", **told, "candidates": candidates, **secret}
