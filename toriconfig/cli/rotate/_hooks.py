"""Delivery of rotation events to the hooks that are given with `--hook` and `--webhook`."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING, Any

import click

from toriconfig.cli._read import LARGEST_VALUE, file_text
from toriconfig.cli._say import note
from toriconfig.cli.rotate import _report

if TYPE_CHECKING:
    from toriconfig.rotation import Rotation
    from toriconfig.vault import Vault

_SUCCEEDED = frozenset({"rotated", "resumed", "undone"})
_FAILED = frozenset({"failed", "refused"})
_REFERENCE = "vault:"


class Hooks:
    """The hooks of one command: programs and URLs that receive the events of rotations.

    Without hooks, nothing is sent.

    Args:
        act: the action of the command.
        options: the options of the command line.

    Raises:
        click.UsageError: an option is invalid, or the action sends no events.
        SecretError: the key of the signature cannot be read.
    """

    def __init__(self, act: str, options: dict[str, Any]) -> None:
        self._deliveries: Any = None
        _check(act, options)
        commands, urls = options["hook"], options["webhook"]
        if not commands and not urls:
            return
        from toriconfig.rotation._hooks import CommandHook, Deliveries, Webhook
        from toriconfig.rotation._verifier import split_command

        hooks: list[Any] = []
        with _naming("--hook"):
            hooks += [CommandHook(split_command(one)) for one in commands]
        if urls:
            with _naming("--webhook-key"):
                key = _key(options["webhook_key"], options["vault"])
            with _naming("--webhook"):
                hooks += [Webhook(one, key) for one in urls]
        self._deliveries = Deliveries(hooks, options["hook_timeout"])

    def send(self, item: _report.Item, rotation: Rotation | None, *, interrupted: bool = False) -> None:
        """Send the event of one result, if the result is a success, a failure or an unfinished rotation.

        Args:
            item: the result, as in the JSON document.
            rotation: the rotation; None: it could not be created.
            interrupted: True: the rotation was interrupted.
        """
        if self._deliveries is None:
            return
        left = _left(item, rotation) if interrupted or item["result"] == "failed" else None
        if left is not None:
            event = "half-way"
        elif item["result"] in _FAILED or interrupted:
            event = "failed"
        elif item["result"] in _SUCCEEDED:
            event = "succeeded"
        else:
            return
        number = uuid.uuid4().hex
        data = {
            "format_version": "1.0",
            "event": event,
            "event_id": number,
            "at": int(time.time()),
            "who": "" if rotation is None else rotation.who,
            "half_way": left,
            **item,
        }
        self._deliveries.send(number, data)

    def close(self) -> None:
        """Wait until each delivery has ended or reached its time limit, and print the warnings."""
        if self._deliveries is not None:
            for warning in self._deliveries.close():
                note(f"WARNING: {warning}")


def _check(act: str, options: dict[str, Any]) -> None:
    """Raise a `click.UsageError` if the options of hooks do not fit together, or do not apply to the action."""
    commands, urls, key = options["hook"], options["webhook"], options["webhook_key"]
    if key and not urls:
        raise click.UsageError("--webhook-key is the key of a --webhook: name its URL")
    if (commands or urls) and act in ("status", "dry_run"):
        flag = "--hook" if commands else "--webhook"
        raise click.UsageError(f"{flag} applies to a rotation, not to --{act.replace('_', '-')}")
    if urls and not key:
        raise click.UsageError("--webhook needs --webhook-key: the file or `vault:PATH#KEY` that holds the key")
    if isnan(options["hook_timeout"]):
        raise click.UsageError("--hook-timeout must be a number of seconds")


@contextmanager
def _naming(flag: str) -> Iterator[None]:
    """Raise each ValueError of the block as a `click.UsageError` that names the option."""
    try:
        yield
    except ValueError as error:
        raise click.UsageError(f"{flag}: {error}") from None


def _left(item: _report.Item, rotation: Rotation | None) -> dict[str, Any] | None:
    """Return data about an unfinished rotation; None if no unfinished rotation is known."""
    from toriconfig.errors import SecretError

    error = item.get("error") or {}
    # No further request if the rotation was undone, or Vault was not reached.
    if rotation is None or error.get("undone") or error.get("type") in ("VaultUnreachable", "VaultSealed"):
        return None
    try:
        left = rotation.half_way()
    except SecretError:
        return None
    if left is None:
        return None
    return {"reference": left.reference, "kind": left.kind, "step": left.step, "who": left.who}


def _key(where: str, vault: Vault | None) -> str:
    from toriconfig.pipeline._redact import register

    if where.startswith(_REFERENCE):
        text = _referenced(where, vault)
    else:  # not named in messages: it may be the key, given by mistake
        text = file_text(where, LARGEST_VALUE, "the file of --webhook-key").strip()
    if text:
        register(text)
    return text


def _referenced(where: str, vault: Vault | None) -> str:
    from toriconfig._core.markers import Ref
    from toriconfig._vault import connect
    from toriconfig.rotation import Work
    from toriconfig.vault import Vault

    ref = Ref(where.removeprefix(_REFERENCE))
    session = connect(vault or Vault(), os.environ)
    if ref.key is None or session is None:
        raise ValueError("the key of a webhook is read from `vault:PATH#KEY`, with VAULT_ADDR set")
    found = Work(session, ref, 30.0).read(str(ref)).get(ref.key)
    if not isinstance(found, str):
        raise ValueError(f"the key of a webhook is not text at {ref}")
    return found
