"""Options of Vault: code above variables above files, and the options that a file may not set."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import problems, told
from toriconfig import Secret, SettingsConfigDict, Vault
from toriconfig._load.attempt import try_check_tree, try_load
from toriconfig._load.snapshot import Recipe
from toriconfig.sources.yaml.documents import read_yaml
from toriconfig.testing import reset_warnings
from toriconfig.vault import AppRole, Kubernetes, Token


class Schema(BaseModel):
    model_config = SettingsConfigDict(env_prefix="T_", env_nested_delimiter="__")
    a: int = 1
    key: Secret[str] | None = None


class Plain(BaseModel):
    a: int = 1


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[Vault]:
    """The connections that loads have requested."""
    asked: list[Vault] = []

    def connected(vault: Vault, environ: object) -> tuple[None, str]:
        asked.append(vault)
        return None, ""

    monkeypatch.setattr("toriconfig._load.connection.connected", connected)
    return asked


def connection(text: str, asked: list[Vault], **given: Any) -> Vault:
    with open("1.yaml", "w") as file:
        file.write(text)
    options = {"config_files": ["1.yaml"], **given.pop("options", {})}
    found = try_load(Recipe(Schema, options, None, given.pop("environ", {})))
    assert found.loaded is not None, found.problems
    return asked[-1]


def test_a_file_and_variables_describe_vault_and_variables_win(asked: list[Vault]) -> None:
    text = "vault:\n  timeout: 7\n  refresh_interval: 9\n  auth: {method: kubernetes, role: low}\n"
    environ = {"T_VAULT__TIMEOUT": "3", "T_VAULT__AUTH__ROLE": "high", "T_VAULT__AUTH__MOUNT": "k8s"}
    environ |= {"t_vault__ca_cert": "/ca.pem"}
    vault = connection(text, asked, environ=environ)
    assert (3.0, 9.0, "/ca.pem") == (vault.timeout, vault.refresh_interval, vault.ca_cert)
    assert Kubernetes(role="high", mount="k8s") == vault.auth


def test_code_wins_field_by_field(asked: list[Vault]) -> None:
    vault = connection("vault: {timeout: 7, overlap: 2}", asked, options={"vault": Vault(timeout=4.0)})
    assert (4.0, 2.0) == (vault.timeout, vault.overlap)


def test_code_that_sets_the_default_overrides_too(asked: list[Vault]) -> None:
    said = Vault(timeout=5.0, overlap=30.0)
    environ = {"T_VAULT__TIMEOUT": "7", "T_VAULT__VERIFY": "false"}
    vault = connection("vault: {overlap: 2, stale_for: 9}", asked, options={"vault": said}, environ=environ)
    assert (5.0, 30.0, 9.0, False) == (vault.timeout, vault.overlap, vault.stale_for, vault.verify)


def test_variables_may_give_address_and_credentials(asked: list[Vault]) -> None:
    environ = {
        "T_VAULT__ADDRESS": "https://v:8200", "T_VAULT__AUTH__METHOD": "approle", "T_VAULT__AUTH__ROLE_ID": "r",
        "T_VAULT__AUTH__SECRET_ID": "s",
    }  # fmt: skip
    vault = connection("{}", asked, environ=environ)
    assert ("https://v:8200", AppRole(role_id="r", secret_id="s")) == (vault.address, vault.auth)


@pytest.mark.parametrize(
    ("text", "place", "path"),
    [
        ("vault: {address: 'https://evil:8200'}", "1:9", "vault.address"),
        ("vault: {Address: 'https://evil:8200'}", "1:9", "vault.Address"),
        ("vault: {namespace: other}", "1:9", "vault.namespace"),
        ("vault: {verify: false}", "1:9", "vault.verify"),
        ("vault: {proxy: 'http://evil:1'}", "1:9", "vault.proxy"),
        ("vault: {allow_file_address: true}", "1:9", "vault.allow_file_address"),
        ("vault: {auth: {method: token, token: hvs.x}}", "1:31", "vault.auth.token"),
        ("vault: {auth: {method: approle, role_id: r, Secret_ID: x}}", "1:45", "vault.auth.Secret_ID"),
        ("vault: {auth: {method: agent, address: 'http://evil:1'}}", "1:31", "vault.auth.address"),
        ("vault: {auth: {method: agent, socket: /tmp/evil}}", "1:31", "vault.auth.socket"),
        ("vault: {ca_cert: evil.pem, timeout: 3}", "1:9", "vault.ca_cert"),
        ("vault: {timeout: 3, ca_path: evil}", "1:21", "vault.ca_path"),
        ("vault: {tls_server_name: evil.example}", "1:9", "vault.tls_server_name"),
        ("vault: {client_cert: evil.pem}", "1:9", "vault.client_cert"),
        ("vault: {client_key: evil.pem}", "1:9", "vault.client_key"),
        ("vault: {auth: {method: kubernetes, role: r, mount: evil}}", "1:45", "vault.auth.mount"),
        ("vault: {auth: {method: kubernetes, role: r, jwt_file: /etc/shadow}}", "1:45", "vault.auth.jwt_file"),
        ("vault: {auth: {method: jwt, jwt_file: /etc/shadow}}", "1:29", "vault.auth.jwt_file"),
        ("vault: {auth: {role_id: r, secret_id_file: /proc/self/environ}}", "1:28", "vault.auth.secret_id_file"),
        ("vault: {auth: {method: userpass, username: u, password_file: /etc/x}}", "1:47", "vault.auth.password_file"),
        ("vault: {auth: {method: token, file: /etc/x}}", "1:31", "vault.auth.file"),
        ("vault: {auth: {method: cert, cert: x.pem}}", "1:30", "vault.auth.cert"),
        ("vault: {auth: {method: approle, role_id: r, creation_path: x}}", "1:45", "vault.auth.creation_path"),
        ("vault: {AUTH: {METHOD: JWT, JWT_FILE: /etc/x}}", "1:29", "vault.auth.JWT_FILE"),
    ],
)
def test_a_file_may_not_set_the_address_of_vault_or_a_credential(text: str, place: str, path: str) -> None:
    found = [one for one in problems(Schema, text) if one.code == "TC504"]
    assert (f"1.yaml:{place}", path) in [(str(one.origin), one.path) for one in found]
    assert any("allow_file_address" in one.help for one in found)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("T_VAULT__ADDRESS=https://evil:8200", "vault.address"),
        ("T_VAULT__CA_CERT=evil.pem", "vault.ca_cert"),
        ("T_VAULT__VERIFY=false", "vault.verify"),
        ("t_vault__auth__token=hvs.x", "vault.auth.token"),
        ("T_VAULT__AUTH__JWT_FILE=/etc/shadow", "vault.auth.jwt_file"),
    ],
)
def test_an_env_file_may_not_set_the_address_of_vault_or_a_credential(line: str, path: str) -> None:
    with open(".env", "w") as file:
        file.write(f"# ours\n{line}\n")
    found = [one for one in problems(Schema, env_file=".env") if "may not come from a file" in str(one)]
    assert [(path, f".env:2 {line.partition('=')[0]}")] == [(one.path, str(one.origin)) for one in found]


def test_code_can_allow_an_env_file_to_set_address_and_credentials(asked: list[Vault]) -> None:
    with open(".env", "w") as file:
        file.write("T_VAULT__ADDRESS=https://v:8200\nT_VAULT__AUTH__TOKEN=t\n")
    options = {"vault": Vault(allow_file_address=True), "env_file": ".env"}
    vault = connection("{}", asked, options=options)
    assert ("https://v:8200", Token("t")) == (vault.address, vault.auth)


def test_an_env_file_may_set_the_other_options_of_vault(asked: list[Vault]) -> None:
    with open(".env", "w") as file:
        file.write("T_VAULT__TIMEOUT=3\nT_VAULT__AUTH__METHOD=kubernetes\nT_VAULT__AUTH__ROLE=app\n")
    vault = connection("{}", asked, options={"env_file": ".env"})
    assert (3.0, Kubernetes("app")) == (vault.timeout, vault.auth)


def test_overrides_are_code_and_may_set_everything(asked: list[Vault]) -> None:
    given = {"vault.address": "https://v:8200", "vault": {"ca_cert": "/ca.pem"}}
    found = try_load(Recipe(Schema, {}, given, {}))
    assert found.loaded is not None, found.problems
    assert ("https://v:8200", "/ca.pem") == (asked[-1].address, asked[-1].ca_cert)


def test_a_file_checked_alone_has_the_permission_that_its_class_gives() -> None:
    class Allowing(Schema):
        model_config = SettingsConfigDict(vault=Vault(allow_file_address=True))

    (tree,) = read_yaml("vault: {address: 'https://v:8200'}", "x.yaml")
    assert [] == list(try_check_tree(Allowing, tree))


def test_code_can_allow_a_file_to_set_the_address(asked: list[Vault]) -> None:
    vault = connection(
        "vault: {address: 'http://127.0.0.1:1'}", asked, options={"vault": Vault(allow_file_address=True)}
    )
    assert "http://127.0.0.1:1" == vault.address


def test_references_in_the_block_are_resolved(asked: list[Vault]) -> None:
    text = "a: 9\nvault: {timeout: '${a}', auth: {method: kubernetes, role: '${env:ROLE:-x}'}}"
    vault = connection(text, asked, environ={"ROLE": "app"})
    assert (9, Kubernetes(role="app")) == (vault.timeout, vault.auth)
    assert [("TC304", "1.yaml:1:18", "vault.ca_cert")] == told(Schema, "vault: {ca_cert: '${env:NONE}'}")


@pytest.mark.parametrize(
    ("environ", "text", "place"),
    [
        ({"T_VAULT__TIMEOUT": "soon"}, "vault: {overlap: 1}", "T_VAULT__TIMEOUT"),
        ({"T_VAULT__OVERLAP": "1", "T_VAULT__TIMEOT": "1"}, "", "T_VAULT__TIMEOT"),
        ({"T_VAULT__AUTH__METHOD": "magic"}, "vault: {overlap: 1}", "T_VAULT__AUTH__METHOD"),
        ({"T_VAULT__AUTH__ROLE_ID": "r"}, "vault: {overlap: 1}", "T_VAULT__AUTH__ROLE_ID"),
        ({}, "vault: {overlap: 1, timeout: -5}", "1.yaml:1:30"),
        ({}, "vault: {auth: {method: kubernetes, role: a, rol: b}}", "1.yaml:1:50"),
        ({}, "vault: 5", "1.yaml:1:8"),
    ],
)
def test_an_invalid_field_is_reported_with_its_position(environ: dict[str, str], text: str, place: str) -> None:
    (only,) = problems(Schema, text, environ=environ)
    assert ("TC504", place) == (only.code, str(only.origin))


def test_a_wrong_credential_is_not_repeated() -> None:
    found = problems(
        Schema, "{}", environ={"T_VAULT__ADDRESS": "https://me:hunter2@host", "T_VAULT__AUTH__TOKEN": "hunter2 \n"}
    )
    assert found
    assert "hunter2" not in repr(found)


def test_a_file_checked_alone_has_no_error_for_its_references() -> None:
    (tree,) = read_yaml("a: 5\nvault: {timeout: '${a}', refresh_interval: '${env:SECONDS}', overlap: x}", "x.yaml")
    assert [("TC504", "x.yaml:2:71")] == [(one.code, str(one.origin)) for one in try_check_tree(Schema, tree)]


@pytest.mark.parametrize(("schema", "offline", "sessions"), [(Schema, False, 1), (Schema, True, 0), (Plain, False, 0)])
def test_a_described_connection_is_made_only_for_secrets_and_not_offline(
    schema: type[BaseModel], offline: bool, sessions: int, asked: list[Vault]
) -> None:
    assert [] == problems(schema, "vault: {timeout: 2}", offline=offline)
    assert sessions == len(asked)


def test_offline_a_wrong_description_is_still_reported() -> None:
    assert ["TC504"] == [code for code, _, _ in told(Schema, "vault: {timeout: x}", offline=True)]


@pytest.mark.parametrize(
    "environ",
    [{"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_CLIENT_TIMEOUT": "10 minutes"}, {"T_VAULT__ADDRESS": "nonsense"}],
)
def test_an_invalid_connection_is_not_reported_as_missing(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    class Asking(BaseModel):
        model_config = SettingsConfigDict(env_prefix="T_", env_nested_delimiter="__", vault_path="secret/x")
        key: Secret[str]

    reset_warnings()
    (only,) = problems(Asking, environ=environ, offline=False)
    assert ("TC504", []) == (only.code, caplog.messages)
    problems(Asking, environ={}, offline=False)
    assert 1 == len(caplog.messages)
