"""The tables of SECURITY.md, row by row: what each input may read, contact, run and be, tried out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.aws_powers import aws_home, aws_says, aws_variable
from support.powers import (
    NAMED,
    RUNNING,
    App,
    At,
    Attempt,
    command_runs,
    connects,
    here,
    named_file,
    pyproject_sets,
    reads,
    runs,
    vault_says,
)
from toriconfig._core import regular_file, suggest
from toriconfig._core.problem import MOST_SHOWN
from toriconfig._load import attempt, file_reference, flat_names, interpolate
from toriconfig._masking import reach
from toriconfig._secrets import file as followed
from toriconfig._vault.auth import login
from toriconfig._vault.http import metadata, tls, transport
from toriconfig.cli import _read
from toriconfig.sources import dotenv, secrets_dir
from toriconfig.sources.read_file import Limits

PAGE = (Path(__file__).parents[1] / ".github" / "SECURITY.md").read_text(encoding="utf-8")


def table(head: str) -> dict[str, dict[str, str]]:
    """The table of the page whose first line begins so: row to column to cell."""
    lines = PAGE[PAGE.index(head) :].split("\n\n", 1)[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[2:]}


LOGIN_FILES = [
    connects(ca_cert="/x.pem"),
    connects(auth__method="jwt", auth__jwt_file="/x"),
    connects(auth__method="approle", auth__role_id="r", auth__secret_id_file="/x"),
    connects(auth__method="token", auth__file="/x"),
]
CONTACTS = [
    connects(address="https://elsewhere:8200"),
    connects(proxy="http://elsewhere:3128"),
    connects(tls_server_name="elsewhere"),
    connects(verify="false"),
    connects(auth__method="agent", auth__address="http://elsewhere:8100"),
    connects(auth__method="agent", auth__socket="/elsewhere"),
]
IDENTITIES = [
    connects(auth__method="kubernetes", auth__role="other"),
    connects(auth__method="token", auth__token="other"),
    connects(auth__method="userpass", auth__username="u", auth__password="other"),
    connects(auth__method="kubernetes", auth__role="r", auth__mount="other"),
    connects(namespace="other"),
]
CODE = [runs(text) for text in ("$(touch ran)", "`touch ran`", "{{ touch }}", "__import__('os').mkdir('ran')")]
VALUES = {"read a file": LOGIN_FILES, "contact a host": CONTACTS, "run code": CODE, "choose identity": IDENTITIES}

ATTEMPTS: Mapping[str, Mapping[str, list[Attempt]]] = {
    "code": VALUES,
    "environment": VALUES
    | {
        "contact a host": [*CONTACTS, aws_variable("AWS_ENDPOINT_URL", "elsewhere")],
        "run code": [*CODE, aws_variable("AWS_CONFIG_FILE", "config")],
    },
    "secrets folder": VALUES,
    "YAML and JSON": VALUES
    | {
        "read a file": [
            *LOGIN_FILES,
            reads("${file:beside}", "key"),
            reads("${file:beside}", "text"),
            reads("${file:/proc/self/environ}", "key"),
        ]
    },
    ".env": VALUES
    | {
        "read a file": [*LOGIN_FILES, named_file("key"), named_file("text")],
        "run code": [*CODE, aws_variable("AWS_CONFIG_FILE", "config")],
    },
    "own source": VALUES
    | {"read a file": [*LOGIN_FILES, reads("${file:beside}", "key"), reads("${file:/proc/self/environ}", "key")]},
    "pyproject.toml": {
        "read a file": [pyproject_sets('config_files = ["beside.yaml"]'), pyproject_sets('config_name = "beside"')],
        "contact a host": [pyproject_sets('vault = {address = "http://elsewhere:8200"}')],
        "run code": [
            command_runs("show", **{"pyproject.toml": NAMED, "conf": f"{RUNNING}class Mine: ..."}),
            command_runs("show", **{"pyproject.toml": f'{NAMED}plugins = ["other"]', "other": RUNNING}),
        ],
        "choose identity": [pyproject_sets('vault = {auth = {method = "token", token = "other"}}')],
    },
    "working directory": {
        "read a file": [here("app.yaml", "text: other", App), here("app.yaml", "text: other")],
        "contact a host": [here(".env", "T_VAULT__ADDRESS=http://x:1"), here("vault.hcl", 'address = "http://x:1"')],
        "run code": [
            command_runs("show", "--settings", "conf:Mine", conf=RUNNING),
            command_runs("show", "--settings", "conf:Mine", shutil=RUNNING),
            command_runs("show", "--settings", "conf:Mine", brotli=RUNNING, zstandard=RUNNING, colorama=RUNNING),
            aws_home(),
        ],
        "choose identity": [here(".env", "T_VAULT__AUTH__TOKEN=x"), here(".vault-token", "x"), here(".netrc", "x")],
    },
    "Vault": {
        "read a file": [vault_says("${file:./beside}"), vault_says("${env:NAMED_IN_VAULT}")],
        "contact a host": [vault_says("x", location="http://elsewhere:8200/v1/secret/data/app")],
        "run code": [vault_says("$(touch ran)"), vault_says("!!python/object/apply:os.mkdir [ran]")],
        "choose identity": [vault_says("${vault:secret/named_in_vault#k}")],
    },
    "AWS Secrets Manager": {
        "read a file": [aws_says("${file:./beside}"), aws_says("${env:NAMED_IN_AWS}")],
        "contact a host": [aws_says("x", Location="elsewhere")],
        "run code": [aws_says("$(touch ran)"), aws_says("!!python/object/apply:os.mkdir [ran]")],
        "choose identity": [aws_says("${aws:named_in_aws}")],
    },
}
POWERS = table("| input | read a file |")
CELLS = [(channel, power) for channel, row in POWERS.items() for power in row]


def verdict(plain: list[bool], permitted: list[bool]) -> str:
    """Word of the page for a power: from the success without and with the permission of code."""
    if all(plain):
        return "yes"
    if any(plain):
        return "limited"
    return "permission" if all(permitted) else "no"


@pytest.mark.parametrize(("channel", "power"), CELLS)
def test_an_input_has_the_documented_powers(
    channel: str, power: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[list[bool]] = []
    for permitted in (False, True):
        outcomes.append([])
        for number, one in enumerate(ATTEMPTS[channel][power]):
            folder = tmp_path / f"{permitted}{number}"
            folder.mkdir()
            monkeypatch.chdir(folder)
            outcomes[-1].append(one(At(channel, permitted, monkeypatch)))
    cell = POWERS[channel][power]
    assert verdict(*outcomes) == cell.partition(":")[0].strip(), (cell, outcomes)


def test_every_input_that_the_page_trusts_or_not_has_its_row_of_powers() -> None:
    named = {name.partition(":")[0].partition(" (")[0] for name in table("| input | trusted as |")}
    assert named == set(POWERS) == set(ATTEMPTS)


LIMITS = {
    "settings file (YAML, JSON)": f"{Limits().max_bytes >> 20} MiB",
    "lines of a settings file (YAML, JSON)": f"{Limits().max_lines:,}",
    "depth of a settings file": f"{Limits().max_depth}",
    "values in a settings file, aliases expanded": f"{Limits().max_nodes:,}",
    "documents in a settings file": f"{Limits().max_documents:,}",
    "`.env` file": f"{dotenv.MAX_BYTES >> 20} MiB, {dotenv.MAX_LINES:,} lines",
    "parts of the name of a variable": f"{flat_names.MOST_PARTS:,}",
    "file in a secrets folder": f"{secrets_dir.MAX_BYTES >> 20} MiB",
    "`${file:…}`": f"{min(followed.MAX_BYTES, file_reference.MAX_BYTES) >> 20} MiB",
    "file of a login": f"{login.LARGEST >> 20} MiB",
    "text that variables in a `.env` file expand to": f"{dotenv.LARGEST_EXPANDED >> 20} MiB",
    "text that references expand to": f"{interpolate.LARGEST >> 20} MiB",
    "answer of Vault": f"{transport.LARGEST >> 20} MiB",
    "answer of a metadata service": f"{metadata.LARGEST >> 20} MiB",
    "one read of a secret, login and retries included": "5 s, at most 300 s",
    "`shutdown()`": "2 s",
    "file of certificates or a key": f"{tls.LARGEST >> 20} MiB",
    "standard input of `check`": f"{_read.LARGEST_INPUT >> 20} MiB",
    "value on standard input": f"{_read.LARGEST_VALUE >> 20} MiB",
    "pyproject.toml": f"{_read.LARGEST_PROJECT >> 20} MiB",
    "reading one file": f"{regular_file.PATIENCE:g} s",
    "findings that are shown, the rest counted (`--max-findings`)": f"{MOST_SHOWN:,}",
    "warnings that one load logs, the rest counted": f"{attempt._MOST_WARNED}",
    "pairs of names compared for suggestions, in one load": f"{suggest.MOST_COMPARED:,}",
    "text of a file followed for masking, all below it masked": f"{reach._MOST_READ:,} characters",
    "brackets inside each other followed for masking, all below them masked": f"{reach._DEEPEST:,}",
}


def test_the_limits_of_the_page_are_those_of_the_program() -> None:
    said = {name.strip("`"): row["limit"] for name, row in table("| what | limit |").items()}
    assert said == {name.strip("`"): limit for name, limit in LIMITS.items()}


def test_the_readme_leads_to_the_page() -> None:
    assert "(.github/SECURITY.md)" in (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
