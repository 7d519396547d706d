"""The options of `toriconfig rotate`: valid combinations, the options in the record, and the output of `-o json`."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from support.rotate_command import rotate, rotate_json
from support.rotating import Account, killed_after
from toriconfig.cli._exit import Exit
from toriconfig.rotation import Rotation, RotationRefused, kinds
from toriconfig.rotation._outcome import spoken
from toriconfig.testing import Canary, VaultServer

ACTS = ("--dry-run", "--status", "--resume", "--rollback")


@pytest.fixture(autouse=True)
def _stored(vault: VaultServer) -> None:
    vault.put("secret/opted", {"token": "old"})


@pytest.mark.parametrize("acts", [*combinations(ACTS, 2), ACTS], ids=" ".join)
def test_the_four_acts_are_alternatives(vault: VaultServer, acts: tuple[str, ...]) -> None:
    for arguments in (acts, acts[::-1], (*acts, "--due")):
        code, out, err = rotate(vault.environ, "secret/opted#token", *arguments)
        assert (Exit.USAGE, "") == (code, out)
        assert " and ".join(act for act in ACTS if act in acts) + " exclude each other: use one of them" in err
    assert {"token": "old"} == vault.get("secret/opted")


REFUSED = [
    (["secret/opted#token", "--conninfo", "host=x"], "--conninfo is an option of kind database-user, not of generated"),
    (
        ["secret/opted#token", "--admin", "secret/a"],
        "--admin is an option of kind database-user or mysql or redis, not of generated",
    ),
    (["secret/opted#token", "--single"], "--single is an option of kind database-user or mysql, not of generated"),
    (
        ["secret/opted#token", "--force"],
        "--force is an option of kind database-user or mysql or redis, not of generated",
    ),
    (["secret/opted#token", "--algorithm", "ed25519"], "--algorithm is an option of kind key-pair, not of generated"),
    (
        ["secret/opted", "--kind", "key-pair", "--length", "64"],
        "--length is an option of kind generated or command, not of key-pair",
    ),
    (
        ["secret/opted", "--length", "64"],
        "--length is an option of kind generated or command, not of the recorded kind",
    ),
    (
        ["secret/opted#token", "--stdin", "--length", "64"],
        "--length is an option of kind generated or command, not of given",
    ),
    (["secret/opted#token", "--kind", "generated", "--stdin"], "--stdin is an option of kind given, not of generated"),
    (
        ["transit/keys/x", "--alphabet", "abc"],
        "--alphabet is an option of kind generated or command, not of transit-key",
    ),
    (["transit/keys/x", "--grace", "5"], "--grace: Vault keeps no former value for kind transit-key"),
    (["secret/opted#token", "--due", "--max-age", "0", "--single"], "--single is an option of kind database-user"),
    (
        ["secret/opted#token", "--resume", "--length", "64"],
        "--length describes a new value, and --resume creates none",
    ),
    (["secret/opted#token", "--rollback", "--stdin"], "--stdin describes a new value, and --rollback creates none"),
    (["secret/opted#token", "--status", "--force"], "--force applies to a rotation, not to --status"),
    (["secret/opted#token", "--to", "2"], "--to is the version that --rollback restores at one REF"),
    (["secret/opted#token", "--due", "--rollback", "--to", "2"], "--to is the version that --rollback restores"),
    (["secret/opted#token", "--max-age", "90d"], "--max-age applies only with --due"),
    (["secret/opted#token", "--workers", "2"], "--workers applies only with --due"),
    (["secret/opted#token", "--abandoned-after", "2h"], "--abandoned-after applies only with --due"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_an_option_that_would_be_ignored_is_refused(vault: VaultServer, arguments: list[str], message: str) -> None:
    code, out, err = rotate(vault.environ, *arguments, given="x" if "--stdin" in arguments else None)
    assert (Exit.USAGE, "") == (code, out)
    assert message in err
    assert {"token": "old"} == vault.get("secret/opted")


def test_an_option_may_apply_to_some_of_several_references(vault: VaultServer) -> None:
    vault.put("secret/pair", {"private_key": "old", "public_key": "old"})
    Rotation("secret/pair", kinds.KeyPair(), environ=vault.environ).run()
    code, out, err = rotate(vault.environ, "secret/opted#token", "secret/pair", "--length", "64")
    assert (0, 2) == (code, out.count("rotated ")), err
    assert 64 == len(vault.get("secret/opted")["token"])


class TestTheRecordKnows:
    @pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
    @pytest.mark.parametrize("act", ["--resume", "--rollback"])
    def test_a_database_user_is_resumed_and_rolled_back_from_its_record(
        self, account: Account, single: bool, act: str
    ) -> None:
        assert killed_after(4, lambda: account.rotation(single=single))
        assert 1 == rotate(account.vault.environ, account.path, "--status")[0]
        code, _, err = rotate(account.vault.environ, account.path, act)
        assert 0 == code, err
        assert account.logs_in()
        assert (act == "--resume") == (account.stored() != (account.name, account.first))

    def test_a_closed_rotation_is_rolled_back_from_its_record(self, account: Account) -> None:
        account.rotation(single=True).run()
        assert 0 == rotate(account.vault.environ, account.path, "--rollback")[0]
        assert (account.name, account.first) == account.stored()
        assert account.logs_in()

    def test_a_database_user_is_rotated_again_from_its_record(self, account: Account) -> None:
        account.rotation().run()
        code, items = rotate_json(account.vault.environ, account.path, "--dry-run", "--force")
        assert (0, "database-user") == (code, items[0]["kind"])
        assert 0 == rotate(account.vault.environ, account.path, "--force", "--kind", "database-user")[0]
        assert account.name == account.stored()[0]
        assert account.logs_in()

    def test_the_command_line_takes_precedence(self, account: Account) -> None:
        account.rotation().run()
        moved = "host=127.0.0.1 port=1 dbname=x"
        code, _, err = rotate(
            account.vault.environ, account.path, "--force", "--conninfo", moved, "--admin", "secret/admin"
        )
        assert (3, True) == (code, "PostgreSQL at 127.0.0.1:1 does not answer" in err)
        code, _, err = rotate(account.vault.environ, account.path, "--force", "--admin", "secret/nobody")
        assert (1, True) == (code, "secret/nobody" in err)

    def test_the_record_holds_no_credential(self, account: Account) -> None:
        account.rotation().run()
        setup = account.vault.get(f"{account.path}.rotation")["setup"]
        assert {"conninfo": account.conninfo, "admin": "secret/admin", "single": False} == setup

    def test_another_kind_than_declared_is_refused(self, account: Account) -> None:
        assert killed_after(4, account.rotation)
        code, _, err = rotate(account.vault.environ, account.path, "--resume", "--kind", "key-pair")
        assert (1, True) == (code, "is of kind database-user, not key-pair" in err)
        account.rotation().rollback()

    @pytest.mark.parametrize("changes", [{"kind": "of tomorrow"}, {"setup": {"conninfo": 5}}, {"setup": {}}])
    def test_an_incomplete_record_requires_the_missing_option(
        self, account: Account, changes: dict[str, object]
    ) -> None:
        account.rotation().run()
        record = account.vault.get(f"{account.path}.rotation")
        name = f"{account.path}.rotation".removeprefix("secret/")
        newest = account.vault.client.secrets.kv.v2.read_secret_metadata(name)["data"]["current_version"]
        account.vault.put(f"{account.path}.rotation", {**record, **changes}, cas=newest)
        with pytest.raises(RotationRefused):
            Rotation(account.path, environ=account.vault.environ).rollback()
        code, out, err = rotate(account.vault.environ, account.path, "--rollback")
        assert (Exit.USAGE, "") == (code, out)
        assert "--conninfo" in err or "not a kind of this package" in err

    def test_a_custom_kind_is_resumed_by_its_program(self, vault: VaultServer) -> None:
        class Mine(kinds.Generated):
            name = "mine"

        vault.put("secret/mine", {"token": "old"})
        Rotation("secret/mine#token", Mine(), environ=vault.environ).run()
        with pytest.raises(RotationRefused, match="mine is not a kind of this package"):
            Rotation("secret/mine#token", environ=vault.environ).rollback()
        assert "rotated" == Rotation("secret/mine#token", Mine(), environ=vault.environ).rollback().result


class TestJson:
    def test_json_reports_each_action(self, vault: VaultServer) -> None:
        vault.put("secret/json", {"token": "one"})
        reference = "secret/json#token"
        told = {
            act: rotate_json(vault.environ, reference, *([f"--{act}"] if act != "rotate" else []))
            for act in ("status", "dry-run", "rotate", "resume", "rollback")
        }
        assert [0] * 5 == [code for code, _ in told.values()]
        items = {act: found[0] for act, (_, found) in told.items()}
        assert {"never", "would", "rotated", "nothing"} == {item["result"] for item in items.values()}
        assert all(reference == item["reference"] for item in items.values())
        assert ["status", "dry-run", "rotate", "resume", "rollback"] == [item["act"] for item in items.values()]
        assert (1, 2) == (items["rotate"]["former"], items["rotate"]["version"])
        assert (1, 3) == (items["rollback"]["restored"], items["rollback"]["version"])
        assert any("version 2 of secret/json" in action for action in items["dry-run"]["actions"])

    def test_json_reports_failures_beside_successes(self, vault: VaultServer) -> None:
        code, items = rotate_json(vault.environ, "secret/nothing#token", "secret/opted#token", "--verify", "true")
        assert (1, ["failed", "rotated"]) == (code, [item["result"] for item in items])
        assert "VaultNotFound" == items[0]["error"]["type"]
        code, items = rotate_json(vault.environ, "secret/opted#token", "--verify", "false")
        assert (1, "failed", True, "verify") == (
            code,
            items[0]["result"],
            items[0]["error"]["undone"],
            items[0]["error"]["step"],
        )

    def test_json_reports_due_secrets(self, vault: VaultServer) -> None:
        vault.put("secret/aged", {"token": "old"})
        references = ["secret/opted#token", "secret/aged#token", "secret/nothing#token"]
        code, items = rotate_json(vault.environ, *references, "--due", "--max-age", "0")
        found = {item["reference"]: item for item in items}
        assert 1 == code
        assert ["rotated", "rotated", "failed"] == [found[one]["result"] for one in references]
        assert found[references[1]]["age"] < 3600
        assert "VaultNotFound" == found[references[2]]["error"]["type"]

    def test_json_shows_no_secret(self, vault: VaultServer) -> None:
        canary = Canary()
        vault.put("secret/opted", {"token": canary.secret})
        for arguments in (["--status"], ["--dry-run"], [], ["--rollback"], ["--status"], ["--due", "--max-age", "0"]):
            canary.absent_from(*rotate(vault.environ, "secret/opted#token", *arguments, "-o", "json")[1:])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 hours"),
        (60, "0.02 hours"),
        (3600, "1.0 hours"),
        (7200, "2.0 hours"),
        (86_399, "24.0 hours"),
        (86_400, "1.0 days"),
        (90 * 86_400, "90.0 days"),
    ],
)
def test_ages_below_a_day_are_reported_in_hours(seconds: float, text: str) -> None:
    assert text == spoken(seconds)


def test_due_with_status_lists_all_that_the_settings_declare(vault: VaultServer, tmp_path: Path) -> None:
    (tmp_path / "listed.py").write_text(
        "from typing import Annotated\nfrom pydantic import BaseModel\nfrom toriconfig import Ref, Secret\n"
        "class App(BaseModel):\n"
        "    dated: Annotated[Secret[str], Ref('secret/opted#token', max_age=3600)]\n"
        "    undated: Annotated[Secret[str], Ref('secret/undated#token')]\n"
        "    leased: Annotated[Secret[str], Ref('database/creds/app#username')]\n"
    )
    vault.put("secret/undated", {"token": "old"})
    code, items = rotate_json(vault.environ, "--due", "--status", "--settings", "listed:App", cwd=tmp_path)
    assert (0, {"secret/opted#token", "secret/undated#token"}) == (code, {item["reference"] for item in items})


def test_the_help_names_each_kind_that_has_an_option() -> None:
    shown = " ".join(rotate({}, "--help")[1].split())
    assert "--admin REF database-user, mysql, redis: reference to credentials" in shown
    chosen = " ".join(rotate({}, "--kind", "redis", "--help")[1].split())
    assert (
        "--url TEXT redis: server without credentials, 'redis://cache:6379'; default: from the record. mysql:" in chosen
    )
