"""No act of `rotate` shows a former or a new value of a secret, or a credential, whatever the kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.rotation import kinds
from toriconfig.testing import Canary, VaultServer

LOUD = "read -r value; echo $value; echo $value >&2; cat; test ! -e refuses\n"
OWN = "support.swept_kind:Swept"
BY_KIND: dict[str, list[tuple[str, ...]]] = {
    "generated": [("#token", "--length", "60"), ("#none",)],
    "given": [("#token", "--stdin"), ("#token",)],
    "command": [("#token", "--apply", "sh loud.sh"), ("#token", "--apply", "./none")],
    "key-pair": [("",)],
    "database-user": [
        ("", "--conninfo", "host=127.0.0.1 port=1 dbname=x", "--admin", "secret/swept-admin"),
        ("", "--conninfo", "host=127.0.0.1 port=1 password={c}", "--admin", "secret/swept-admin"),
        ("", "--conninfo", "postgresql://u:{c}@127.0.0.1:1/x", "--single"),
    ],
    "mysql": [
        ("", "--url", "mysql://127.0.0.1:1", "--admin", "secret/swept-admin"),
        ("", "--url", "mysql://u:{c}@127.0.0.1:1"),
    ],
    "redis": [
        ("", "--url", "redis://127.0.0.1:1", "--admin", "secret/swept-admin"),
        ("", "--url", "redis://u:{c}@127.0.0.1:1"),
    ],
    "static-role": [("database/static-creds/swept",)],
    "database-root": [("database/config/swept",)],
    "transit-key": [("transit/keys/swept",)],
    OWN: [("#token", "--fails-at", step) for step in ("", "plan", "generate", "apply", "verify", "undo")],
    "{c}:{c}": [("#token",)],
    "k{c}:{c}": [("#token",)],
}
SUCCEEDING = {"generated", "given", "command", "key-pair", OWN}
"""Kinds that need no other server, so that their rotation succeeds."""
ACTS: list[tuple[str, ...]] = [
    ("--dry-run",),
    ("--verbose",),
    ("--verify", "sh loud.sh"),
    ("--verify", "sh refused.sh"),
    ("--due", "--max-age", "0s"),
    ("--status",),
    ("--resume",),
    ("--rollback",),
    ("--due", "--status"),
]
NEW_VALUE = ("--length", "--fails-at", "--stdin")
"""Options that resume, rollback and status refuse."""


@pytest.mark.parametrize("kind", BY_KIND)
def test_no_action_of_a_kind_shows_a_secret(
    kind: str, toriconfig: Toriconfig, tmp_path: Path, shared_vault_server: VaultServer
) -> None:
    canary, given = Canary(), Canary()
    path = f"secret/swept-{list(BY_KIND).index(kind)}"
    values = {"token": canary.secret, "password": canary.secret, "private_key": canary.secret}
    shared_vault_server.put(path, {**values, "username": "swept", "public_key": "public"})
    shared_vault_server.put("secret/swept-admin", {"username": "admin", "password": canary.secret})
    (tmp_path / "loud.sh").write_text(LOUD)
    (tmp_path / "refused.sh").write_text(f"{LOUD}exit 1\n")
    environ = {**shared_vault_server.environ, "SWEPT_TOKEN": canary.secret}
    codes = []
    for target, *options in BY_KIND[kind]:
        reference = target if "/" in target else path + target
        arguments = [one.format(c=canary.secret) for one in options]
        for act in ACTS:
            kept = arguments
            if {"--status", "--resume", "--rollback"} & set(act):
                kept = [] if arguments[:1] and arguments[0] in NEW_VALUE else arguments
            for form in ("text", "json"):
                command = [reference, "--kind", kind.format(c=canary.secret), *kept, *act, "-o", form]
                result = toriconfig("rotate", *command, stdin=given.secret, **environ)
                assert "a bug of toriconfig" not in result.err, (command, result.err)
                stored = shared_vault_server.get(path)
                shown = result.out + result.err
                canary.absent_from(*result[1:])
                given.absent_from(*result[1:])
                assert [] == [key for key in values if stored[key] in shown], command
                codes.append((act, result.code))
    assert ((("--verbose",), 0) in codes) == (kind in SUCCEEDING), codes


def test_the_sweep_covers_every_kind() -> None:
    assert set(kinds.KINDS) <= set(BY_KIND)
