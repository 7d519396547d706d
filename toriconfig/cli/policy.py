"""`toriconfig policy`: the minimal policy, of Vault or of another backend, for the declared secrets."""

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
from toriconfig.cli._say import note, say

if TYPE_CHECKING:
    from toriconfig._load.attempt import Attempt
    from toriconfig._vault.requester import Requester
    from toriconfig.backends import Backend
    from toriconfig.errors import SecretError


@click.command()
@settings_option
@load_options
@env_file_option
@click.option(
    "--online",
    is_flag=True,
    help="Ask Vault for the engine of each path; without it KV v2 is assumed. Ask AWS for ARNs and keys.",
)
@click.option(
    "--backend",
    metavar="SCHEME",
    help="The backend whose policy is printed, such as vault or aws; required if several have one.",
)
@output_options
def policy(target: str | None, online: bool, backend: str | None, form: str, color: str, **how: Any) -> int:
    """Print the minimal policy for the declared secrets.

    With the policy, a program can read every declared secret and nothing else.
    """
    from toriconfig._load.attempt import try_load

    asked = recipe(target, **how)
    attempt = try_load(asked if online else asked.unasked())
    errors = [problem for problem in attempt.problems if problem.severity == "error"]
    if errors:
        write_problems(errors, form, color, asked.schema.__name__, asked.most)
        return code_of(errors)
    others = _others(attempt)
    chosen = backend if backend is not None else _only(attempt, others)
    if chosen in others:
        return _of_backend(*others[chosen], online=online)
    if chosen == "vault" and attempt.references:
        return _of_vault(attempt, online=online)
    note(_nothing(asked.schema.__name__, chosen, attempt))
    return Exit.FINE


def _nothing(schema: str, scheme: str, attempt: Attempt) -> str:
    """Return the reason why no policy is printed.

    Raises:
        UsageError: no backend has this scheme.
    """
    from toriconfig._core.markers import known_schemes, scheme_of
    from toriconfig._core.suggest import near

    if scheme not in known_schemes():
        candidate = near(scheme, sorted(known_schemes()))
        hint = f": did you mean `{candidate}`?" if candidate else ""
        raise click.UsageError(f"no backend has the scheme {scheme!r}{hint}")
    if scheme in map(scheme_of, attempt.elsewhere):
        return f"{scheme} has no policy that could be printed"
    return f"{schema} reads nothing from {'Vault' if scheme == 'vault' else scheme}"


def _others(attempt: Attempt) -> dict[str, tuple[Backend, list[str]]]:
    """Return a dict from scheme to `(backend, paths)`, for each backend other than Vault that can return a policy."""
    from toriconfig._inspect.elsewhere import by_backend, paths_of
    from toriconfig.backends import Backend

    found = by_backend(attempt.elsewhere, attempt.backends)
    return {
        backend.scheme: (backend, paths_of(names))
        for backend, names in found.items()
        if type(backend).policy is not Backend.policy
    }


def _only(attempt: Attempt, others: dict[str, tuple[Backend, list[str]]]) -> str:
    """Return the scheme of the backend whose policy is printed; "vault" if no backend with policies is in use.

    Raises:
        UsageError: more than one backend with policies is in use, such as Vault and AWS.
    """
    schemes = [*(["vault"] if attempt.references else []), *others]
    if len(schemes) > 1:
        raise click.UsageError(f"the settings use {' and '.join(schemes)}: choose one with --backend")
    return schemes[0] if schemes else "vault"


def _of_backend(backend: Backend, paths: list[str], *, online: bool) -> int:
    from toriconfig.errors import SecretDenied, SecretError, SecretUnreachable

    try:
        text = backend.policy(paths, online=online)
    except SecretError as error:
        note(str(error))
        if isinstance(error, SecretDenied):
            note("use credentials that allow looking up the secrets, or omit --online")
        return Exit.UNREACHED if isinstance(error, SecretUnreachable) else Exit.FINDINGS
    say(text, end="")
    return Exit.FINE


def _of_vault(attempt: Attempt, *, online: bool) -> int:
    from toriconfig._inspect.policy import Locate, policy_of, versioned

    locate: Locate = versioned
    if online:
        if attempt.session is None:
            raise click.UsageError("Vault is not configured: set VAULT_ADDR, or omit --online")
        known = _located(attempt.session.client, attempt.references)
        if not isinstance(known, dict):
            return _untold(known)
        locate = known.__getitem__
    say(policy_of(attempt.references, locate), end="")
    return Exit.FINE


def _located(client: Requester, references: tuple[str, ...]) -> dict[str, str] | SecretError:
    from toriconfig._core.markers import split
    from toriconfig._vault.engines.mounts import policy_path
    from toriconfig.errors import SecretError

    try:
        return {path: policy_path(client, path) for path in {split(reference).path for reference in references}}
    except SecretError as error:
        return error.with_traceback(None)


def _untold(error: SecretError) -> Exit:
    from toriconfig.errors import VaultDenied, VaultSealed, VaultUnreachable

    note(str(error))
    if isinstance(error, VaultDenied):
        note("looking up the engines needs a token with access to the paths; or omit --online")
    return Exit.UNREACHED if isinstance(error, (VaultUnreachable, VaultSealed)) else Exit.FINDINGS
