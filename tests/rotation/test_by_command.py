"""Rotation by a command of the user's own, from the command line: applied, resumed, undone and rolled back."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from support.rotate_command import rotate, rotate_json
from toriconfig.rotation import Command, Rotation, RotationError, kinds
from toriconfig.rotation._verifier import split_command
from toriconfig.testing import Canary, VaultServer

SET = """#!/bin/sh
# The service accepts the value in `accepted`; what each call was given stands in `calls`.
cd "$(dirname "$0")"
value=$(cat)
echo "$TORICONFIG_ACT $TORICONFIG_REFERENCE $#" >> calls
tr '\\0' '\\n' < /proc/self/environ > environ
[ -e refuses ] && exit 5
[ -e hangs ] && exec sleep 60
printf %s "$value" > accepted
# Ends as the rotator is killed: at the end of a call, before anybody knows of it.
[ -e kills ] && rm kills && kill -9 $PPID
exit 0
"""
WORKS = """#!/bin/sh
cd "$(dirname "$0")"
[ "$(cat)" = "$(cat accepted)" ]
"""
RETIRE = """#!/bin/sh
cat > "$(dirname "$0")/retired"
"""


class Place:
    """A folder with the commands `set`, `works` and `retire`, and the secret that the service accepts."""

    def __init__(self, vault: VaultServer, folder: Path) -> None:
        self.vault, self.folder = vault, folder
        self.path = f"secret/{folder.name.replace('_', '-')}"
        self.reference = f"{self.path}#token"
        self.first = Canary()
        for name, text in (("set", SET), ("works", WORKS), ("retire", RETIRE)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        (folder / "accepted").write_text(self.first.secret)
        vault.put(self.path, {"token": self.first.secret, "other": "stays"})

    @property
    def stored(self) -> str:
        found: str = self.vault.get(self.path)["token"]
        return found

    @property
    def accepted(self) -> str:
        return (self.folder / "accepted").read_text()

    @property
    def acts(self) -> list[str]:
        return [line.split()[0] for line in (self.folder / "calls").read_text().splitlines()]

    def mark(self, name: str) -> Path:
        (self.folder / name).touch()
        return self.folder / name

    def rotate(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        """Rotate in a subprocess; no value is shown."""
        before = {self.stored, self.accepted}
        code, out, err = rotate({**self.vault.environ, **environ}, self.reference, *arguments, cwd=self.folder)
        for value in before | {self.stored, self.accepted}:
            assert value not in out + err
        return code, out, err


APPLY = ("--apply", "./set")
BY = ("--kind", "command", *APPLY)
VERIFY = ("--verify", "./works")


@pytest.fixture(name="place")
def _place(vault: VaultServer, tmp_path: Path) -> Place:
    return Place(vault, tmp_path)


def test_the_command_makes_the_new_value_valid_before_it_is_stored(place: Place) -> None:
    code, out, err = place.rotate(*BY, *VERIFY, "--length", "50")
    assert (0, True) == (code, "(command, version 1 to 2)" in out), err
    assert place.accepted == place.stored != place.first.secret
    assert (50, ["apply"]) == (len(place.stored), place.acts)
    assert "stays" == place.vault.get(place.path)["other"]
    assert f"apply {place.reference} 0\n" == (place.folder / "calls").read_text()


def test_the_command_gets_no_credential_of_vault(place: Place) -> None:
    assert 0 == place.rotate(*BY, MINE="kept", VAULT_ROLE="x", TORI_VAULT__AUTH__SECRET_ID="x")[0]
    environ = (place.folder / "environ").read_text()
    assert "MINE=kept\n" in environ
    assert not any(name in environ for name in ("VAULT_TOKEN", "VAULT_ROLE", "SECRET_ID"))
    assert place.stored not in environ


def test_a_value_at_the_descriptor_reaches_a_program_that_reads_a_file(place: Place) -> None:
    assert 0 == place.rotate("--kind", "command", "--apply", f"cp /dev/fd/{{fd}} {place.folder}/accepted")[0]
    assert place.stored == place.accepted


def test_a_dry_run_shows_the_plan_and_runs_nothing(place: Place) -> None:
    code, out, _ = place.rotate(*BY, "--dry-run")
    assert (0, True) == (code, "run ./set with the new value on its standard input" in out)
    assert not (place.folder / "calls").exists()


def test_a_program_that_is_missing_is_found_before_anything_changes(place: Place) -> None:
    code, _, err = place.rotate("--kind", "command", "--apply", "./sett")
    assert (1, True) == (code, "there is no program ./sett" in err)
    assert 1 == len(place.vault.client.secrets.kv.v2.read_secret_metadata(place.path[7:])["data"]["versions"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--kind", "command"), "command needs --apply"),
        (("--kind", "command", "--apply", "'./set"), "No closing quotation"),
        (("--kind", "command", "--apply", "sh set; echo done"), "no shell is started: write sh -c '…' to use `;`"),
        (("--kind", "command", "--apply", "sh set >> log"), "no shell is started: write sh -c '…' to use `>>`"),
        ((*BY, "--retire", "sh set || true"), "no shell is started: write sh -c '…' to use `||`"),
        (("--kind", "command", "--apply", ""), "a command needs a program"),
        (APPLY, "--apply is an option of kind command, not of generated"),
        (("--status", "--apply", "./set", "--length", "9"), "--length describes a new value"),
    ],
)
def test_options_that_are_no_command_are_refused(place: Place, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = place.rotate(*arguments)
    assert (2, "", True) == (code, out, message in " ".join(err.split())), err


@pytest.mark.parametrize("text", ["sh -c 'a; b > c'", r"find . -exec x {} \;", "find . -exec x {} ';'", 'a "b >" c|d'])
def test_an_operator_of_a_shell_in_quotes_is_an_argument(text: str) -> None:
    assert shlex.split(text) == split_command(text)


def test_an_exit_code_above_0_undoes_by_the_former_value(place: Place) -> None:
    refuses = place.mark("refuses")
    code, _, err = place.rotate(*BY)
    assert 1 == code
    assert "the command set ended with exit code 5" in err
    assert "readers are locked out NOW" in err
    assert ["apply", "undo"] == place.acts
    refuses.unlink()
    code, out, err = place.rotate("--rollback", *APPLY)
    assert (0, True) == (code, "undone, the former value is valid" in out), err
    assert place.first.secret == place.accepted == place.stored


def test_a_value_that_does_not_verify_is_replaced_by_the_former_one(place: Place) -> None:
    code, _, err = place.rotate(*BY, "--verify", "false")
    assert (1, True) == (code, "the verifier false ended with exit code 1; the former value" in err), err
    assert ["apply", "undo"] == place.acts
    assert place.first.secret == place.accepted == place.stored


def test_a_command_that_hangs_is_ended_at_the_deadline(place: Place) -> None:
    place.mark("hangs")
    code, _, err = place.rotate(*BY, "--timeout", "0.5")
    assert (1, True) == (code, "the command set did not end within 0.5 s" in err), err
    assert place.first.secret == place.stored


def test_an_unfinished_rotation_is_resumed(place: Place) -> None:
    place.mark("kills")
    assert -9 == place.rotate(*BY, *VERIFY)[0]
    assert place.accepted != place.stored
    code, out, err = place.rotate("--status")
    assert (1, True) == (code, "half-way, reserved" in out), err
    assert f"toriconfig rotate '{place.reference}' --resume --verify COMMAND --apply COMMAND" in out
    assert f"toriconfig rotate '{place.reference}' --rollback --apply COMMAND" in out
    code, _, err = place.rotate("--resume", *VERIFY)
    assert (2, True) == (code, "command needs --apply" in err), err
    code, out, err = place.rotate("--resume", *APPLY, *VERIFY)
    assert (0, True) == (code, "resumed and rotated" in out), err
    assert place.accepted == place.stored != place.first.secret


def test_an_unfinished_rotation_is_undone(place: Place) -> None:
    place.mark("kills")
    assert -9 == place.rotate(*BY)[0]
    code, out, err = place.rotate("--rollback", *APPLY)
    assert (0, True) == (code, "undone" in out), err
    assert place.first.secret == place.accepted == place.stored


def test_a_due_and_unfinished_rotation_is_resumed(place: Place) -> None:
    place.mark("kills")
    assert -9 == place.rotate(*BY)[0]
    code, items = rotate_json(place.vault.environ, place.reference, "--due", "--max-age", "90d", *BY, cwd=place.folder)
    assert (0, ["resumed"]) == (code, [item["result"] for item in items])
    assert place.accepted == place.stored != place.first.secret


def test_a_finished_rotation_is_rolled_back_by_the_former_value(place: Place) -> None:
    assert 0 == place.rotate(*BY)[0]
    code, out, err = place.rotate("--rollback", *APPLY)
    assert (0, True) == (code, "restored the value of version 1" in out), err
    assert place.first.secret == place.accepted == place.stored


def test_the_record_keeps_no_command(place: Place) -> None:
    assert 0 == place.rotate(*BY, "--retire", "./retire", "--keeps-former")[0]
    record = place.vault.get(f"{place.path}.rotation")
    assert ({}, False) == (record["setup"], record["exclusive"])
    assert "./set" not in json.dumps(record)
    assert "./retire" not in json.dumps(record)


def test_a_command_in_the_record_is_not_run(place: Place) -> None:
    place.mark("kills")
    assert -9 == place.rotate(*BY)[0]
    record = place.vault.get(f"{place.path}.rotation")
    mine = f"touch {place.folder}/stranger"
    forged = {**record, "setup": {"apply": mine, "retire": mine}}
    place.vault.put(f"{place.path}.rotation", forged, cas=1)
    assert 2 == place.rotate("--resume")[0]
    assert 0 == place.rotate("--resume", *APPLY, "--grace", "0")[0]
    assert not (place.folder / "stranger").exists()


def test_after_the_grace_a_command_retires_the_former_value(place: Place) -> None:
    assert 0 == place.rotate(*BY, "--retire", "./retire", "--grace", "0")[0]
    assert place.first.secret == (place.folder / "retired").read_text()


def test_a_secret_rotated_by_a_command_is_not_rotated_by_storing_alone(place: Place) -> None:
    assert 0 == place.rotate(*BY)[0]
    stored = place.stored
    for arguments in ((), ("--dry-run",), ("--length", "64")):
        code, _, err = place.rotate(*arguments)
        assert 1 == code
        assert "was last rotated by kind command" in err
    code, items = rotate_json(place.vault.environ, place.reference, "--due", "--max-age", "0s")
    assert (1, "RotationRefused") == (code, items[0]["error"]["type"])
    assert stored == place.stored
    assert 0 == place.rotate("--kind", "generated")[0]


def test_a_program_gives_the_command_as_a_list(place: Place) -> None:
    kind = kinds.ByCommand([str(place.folder / "set")], [str(place.folder / "retire")])
    verify = Command([str(place.folder / "works")])
    rotation = Rotation(place.reference, kind, environ=place.vault.environ, verify=verify)
    assert "rotated" == rotation.run().result
    assert place.accepted == place.stored
    assert "rotated" == rotation.rollback().result
    assert place.first.secret == place.accepted
    assert str(place.folder) in repr(kind)


def test_a_reference_without_a_key_is_refused(place: Place) -> None:
    kind = kinds.ByCommand([str(place.folder / "set")])
    with pytest.raises(RotationError, match="names no key"):
        Rotation(place.path, kind, environ=place.vault.environ).run()
    assert not os.path.exists(place.folder / "calls")
