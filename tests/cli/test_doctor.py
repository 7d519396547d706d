"""`toriconfig doctor` against a real OpenBao: each possible obstacle is named, with its remedy."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from support.command import Result, Toriconfig
from toriconfig.testing import VaultServer, vault_server

APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    one: Annotated[Secret[str], Ref("secret/doctor/one#key")]
    two: Annotated[Secret[str], Ref("secret/doctor/two#key")]
    three: Annotated[Secret[str], Ref("secret/doctor/three#key")]
"""
READ = {f"secret/data/doctor/{name}": ["read"] for name in ("one", "two", "three")}


@pytest.fixture(name="vault")
def _vault(shared_vault_server: VaultServer, tmp_path: Path) -> VaultServer:
    (tmp_path / "app.py").write_text(APP)
    for name in ("one", "two", "three"):
        shared_vault_server.put(f"secret/doctor/{name}", {"key": f"s3cr3t-{name}"})
    shared_vault_server.policy("doctor", READ)
    return shared_vault_server


def mount(server: VaultServer, engine: str, path: str) -> None:
    if f"{path}/" not in server.client.sys.list_mounted_secrets_engines()["data"]:
        server.client.sys.enable_secrets_engine(engine, path=path)


def examined(toriconfig: Toriconfig, server: VaultServer, token: str, *arguments: str, **environ: str) -> Result:
    given = {"VAULT_ADDR": server.address, "VAULT_TOKEN": token, **environ}
    return toriconfig("doctor", "--settings", "app:App", *arguments, **given)


def lines(result: Result, mark: str) -> list[str]:
    return [line.removeprefix(mark).strip() for line in result.out.splitlines() if line.startswith(mark)]


def test_doctor_succeeds_with_the_right_token(vault: VaultServer, toriconfig: Toriconfig) -> None:
    result = examined(toriconfig, vault, vault.new_token("doctor"))
    assert result.code == 0
    assert lines(result, "ok") == [
        f"address: {vault.address} answers",
        "clock: agrees with Vault's",
        "token: ends in 60 minutes, renewable; policies: default, doctor",
        "secret/doctor/one#key: can be read",
        "secret/doctor/two#key: can be read",
        "secret/doctor/three#key: can be read",
    ]
    assert "s3cr3t" not in result.out + result.err
    assert result.err == ""


def test_a_token_that_has_ended_is_distinguished_from_a_policy_that_is_missing(
    vault: VaultServer, toriconfig: Toriconfig
) -> None:
    token = vault.new_token("doctor", ttl="1s", explicit_max_ttl="1s")
    end = time.monotonic() + 20
    while "not accept" not in (result := examined(toriconfig, vault, token)).out and time.monotonic() < end:
        time.sleep(0.2)
    assert result.code == 1
    assert lines(result, "error") == ["token: Vault does not accept it"]
    assert "log in again, and set VAULT_TOKEN" in result.out


def test_a_policy_that_is_missing_on_one_of_three_paths_is_a_403_on_that_path_only(
    vault: VaultServer, toriconfig: Toriconfig
) -> None:
    vault.policy("two-of-three", {path: can for path, can in READ.items() if "two" not in path})
    result = examined(toriconfig, vault, vault.new_token("two-of-three"))
    assert result.code == 1
    assert lines(result, "error") == ["secret/doctor/two#key: 403: no policy of the token allows it"]
    assert 'the policy needs: path "secret/data/doctor/two" { capabilities = ["read"] }' in result.out
    assert len([line for line in lines(result, "ok") if "can be read" in line]) == 2


def test_if_the_engine_is_unknown_a_policy_is_named_for_each_possible_one(
    vault: VaultServer, toriconfig: Toriconfig
) -> None:
    vault.policy("elsewhere", {"cubbyhole/x": ["read"]})
    rule = 'path "secret/data/doctor/one" { capabilities = ["read"] }'
    unsure = "; if the engine is not KV v2, for `secret/doctor/one` itself"
    assert f"{rule}{unsure}\n" in examined(toriconfig, vault, vault.new_token("elsewhere")).out
    vault.policy("beside", {"secret/data/doctor/two": ["read"]})
    assert f"{rule}\n" in examined(toriconfig, vault, vault.new_token("beside")).out


def test_a_token_that_may_not_look_itself_up_is_still_used(vault: VaultServer, toriconfig: Toriconfig) -> None:
    vault.policy("one-alone", {"secret/data/doctor/one": ["read"]})
    result = examined(toriconfig, vault, vault.new_token("one-alone", no_default_policy=True))
    assert result.code == 1
    assert lines(result, "warning") == [
        "token: it is accepted, but no policy allows it to look itself up, so its expiry is unknown"
    ]
    assert "secret/doctor/one#key: can be read" in lines(result, "ok")
    assert lines(result, "error") == [
        "secret/doctor/two#key: 403: no policy of the token allows it",
        "secret/doctor/three#key: 403: no policy of the token allows it",
    ]


@pytest.mark.parametrize(
    ("declared", "said", "remedy"),
    [
        ("secret/doctor/absent#key", "404: Vault holds nothing at secret/doctor/absent", "look at the spelling"),
        ("secret/doctor/thre#key", "404: Vault holds nothing", "did you mean `secret/doctor/three`?"),
        ("secret/dcotor/one#key", "404: Vault holds nothing", "look at the spelling"),
        ("secret/doctor/one#kye", "has no key `kye`", "did you mean `secret/doctor/one#key`?"),
        ("secret/doctor/one#zzz", "has no key `zzz`", "store the key `zzz` there"),
        ("nomount/x#key", "404: ", "look at the "),
    ],
)
def test_a_missing_path_is_a_404_with_a_suggestion(
    declared: str, said: str, remedy: str, vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(APP.replace("secret/doctor/one#key", declared))
    result = examined(toriconfig, vault, vault.token)
    assert result.code == 1
    (error,) = lines(result, "error")
    assert error.startswith(declared)
    assert said in error
    assert remedy in result.out


def test_a_deleted_version_has_the_remedy_to_write_it_again_and_no_suggestion(
    vault: VaultServer, toriconfig: Toriconfig
) -> None:
    vault.client.secrets.kv.v2.delete_latest_version_of_secret("doctor/one", mount_point="secret")
    result = examined(toriconfig, vault, vault.token)
    assert "was deleted\n          write a new version, or undelete it" in result.out


def test_a_sealed_vault_is_unreached_and_reported_as_sealed(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(APP)
    with vault_server() as server:
        server.seal()
        result = examined(toriconfig, server, server.token)
    assert result.code == 3
    assert lines(result, "unreached") == [f"seal: Vault at {server.address} is sealed"]
    assert "operator unseal" in result.out


def test_a_vault_that_is_down_is_unreached(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(APP)
    result = toriconfig("doctor", "--settings", "app:App", VAULT_ADDR="http://127.0.0.1:1", VAULT_TOKEN="x")
    assert result.code == 3
    (line,) = lines(result, "unreached")
    assert line.startswith("address: ")
    assert "is http://127.0.0.1:1 right (VAULT_ADDR), and is Vault running there?" in result.out


def test_doctor_succeeds_in_a_namespace_and_names_a_missing_one(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    inside = {"headers": {"X-Vault-Namespace": "doctor"}}
    vault.client.sys.create_namespace("doctor")
    vault.client.adapter.post("/v1/sys/mounts/kv", json={"type": "kv", "options": {"version": "1"}}, **inside)
    vault.client.adapter.post("/v1/kv/one", json={"key": "s3cr3t"}, **inside)
    (tmp_path / "app.py").write_text(re.sub(r"secret/doctor/\w+", "kv/one", APP))
    result = examined(toriconfig, vault, vault.token, VAULT_NAMESPACE="doctor")
    assert (0, []) == (result.code, lines(result, "error"))
    assert "kv/one#key: can be read" in lines(result, "ok")
    unknown = examined(toriconfig, vault, vault.token, VAULT_NAMESPACE="nosuch")
    assert 1 == unknown.code
    assert ["login: Vault does not know the namespace nosuch, or it is sealed"] == lines(unknown, "error")


def test_each_address_is_reported_even_if_another_one_answers(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    dead = "http://127.0.0.1:1"
    with vault_server() as other:
        other.seal()
        result = examined(
            toriconfig, vault, vault.new_token("doctor"), VAULT_ADDR=f"{vault.address},{dead},{other.address}"
        )
    assert 0 == result.code
    assert [f"address: {vault.address} answers", f"address: {other.address} answers"] == lines(result, "ok")[:2]
    refused, sealed = lines(result, "warning")
    assert refused.startswith(f"address: Vault at {dead} ")
    assert f"seal: Vault at {other.address} is sealed" == sealed
    assert "secret/doctor/one#key: can be read" in lines(result, "ok")


def test_other_errors_precede_an_unreachable_vault(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text("nonsense: 1\n")
    result = toriconfig("doctor", "--settings", "app:App", VAULT_ADDR="http://127.0.0.1:1", VAULT_TOKEN="x")
    assert result.code == 1
    assert len(lines(result, "unreached")) == 1


@pytest.mark.parametrize("variable", ["VAULT_CACERT", "VAULT_CLIENT_CERT"])
def test_an_unusable_tls_file_is_not_reported_as_a_vault_that_is_down(
    variable: str, tmp_path: Path, toriconfig: Toriconfig
) -> None:
    (tmp_path / "app.py").write_text(APP)
    environ = {"VAULT_ADDR": "https://127.0.0.1:1", "VAULT_TOKEN": "x", variable: "absent.pem"}
    result = toriconfig("doctor", "--settings", "app:App", **environ)
    assert result.code == 1
    (line,) = lines(result, "error")
    assert line.startswith("TLS: ")
    assert "absent.pem: No such file or directory" in line
    assert variable in result.out


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_wrong_authority_is_distinguished_from_a_vault_that_is_down(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(APP)
    with vault_server(tls=True) as server:
        wrong = examined(toriconfig, server, server.token)
        right = examined(toriconfig, server, server.token, VAULT_CACERT=server.environ["VAULT_CACERT"])
        careless = examined(toriconfig, server, server.token, VAULT_SKIP_VERIFY="true")
    assert wrong.code == 3
    (line,) = lines(wrong, "unreached")
    assert line.startswith("TLS: ")
    assert "VAULT_CACERT" in wrong.out
    assert f"address: {server.address} answers" in lines(right, "ok")
    assert any("is not verified" in line for line in lines(careless, "warning"))
    assert f"address: {server.address} answers" in lines(careless, "ok")


def test_something_that_is_not_vault_is_reported(tmp_path: Path, toriconfig: Toriconfig) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"hello": "world"}')

        def log_message(self, *_: object) -> None:
            return

    (tmp_path / "app.py").write_text(APP)
    with HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{other.server_port}"
        result = toriconfig("doctor", "--settings", "app:App", VAULT_ADDR=address, VAULT_TOKEN="x")
        other.shutdown()
    assert result.code == 3
    assert "is not Vault" in result.out


def test_a_missing_vault_is_an_error_only_if_settings_need_it(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "plain.py").write_text("from pydantic import BaseModel\nclass Plain(BaseModel):\n    size: int = 1\n")
    needed = toriconfig("doctor", "--settings", "app:App")
    assert needed.code == 1
    assert "set VAULT_ADDR" in needed.out
    assert toriconfig("doctor", "--settings", "plain:Plain").code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("VAULT_TOKN", "did you mean `VAULT_TOKEN`?"),
        ("BAO_ADRESS", "did you mean `BAO_ADDR`?"),
        ("APP_OEN", "did you mean `APP_ONE`?"),
        ("VAULT_SOMETHING_ELSE", "unset it"),
    ],
)
def test_an_unread_variable_is_a_warning(name: str, said: str, vault: VaultServer, toriconfig: Toriconfig) -> None:
    result = examined(toriconfig, vault, vault.new_token("doctor"), **{name: "s3cr3t"})
    assert result.code == 0
    assert name in result.out
    assert said in result.out
    assert "s3cr3t" not in result.out + result.err


def test_variables_of_the_tools_and_of_kubernetes_are_ignored(vault: VaultServer, toriconfig: Toriconfig) -> None:
    result = examined(
        toriconfig,
        vault,
        vault.new_token("doctor"),
        VAULT_FORMAT="json",
        VAULT_PORT="tcp://10.0.0.1:8200",
        VAULT_SERVICE_HOST="10.0.0.1",
        VAULT_PORT_8200_TCP="tcp://10.0.0.1:8200",
    )
    assert "warning" not in result.out


def test_an_invalid_address_is_named(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(APP)
    result = toriconfig("doctor", "--settings", "app:App", VAULT_ADDR="not an address")
    assert result.code == 1
    assert "VAULT_ADDR" in result.out
    assert "not configured" not in result.out


def test_doctor_reads_secrets_despite_errors_in_the_settings(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "app.yaml").write_text("nonsense: 1\n")
    result = examined(toriconfig, vault, vault.new_token("doctor"))
    assert result.code == 1
    assert lines(result, "error") == ["settings: 1 error, so references to Vault may be missing here"]
    assert "secret/doctor/one#key: can be read" in lines(result, "ok")


def test_other_formats_report_failures_as_problems(vault: VaultServer, toriconfig: Toriconfig) -> None:
    token = vault.new_token()
    found = json.loads(examined(toriconfig, vault, token, "-o", "json").out)
    assert [one["code"] for one in found["diagnostics"]] == ["TC406"] * 3
    assert found["diagnostics"][0]["origin"]["text"].startswith("vault secret/doctor/")
    assert examined(toriconfig, vault, token, "-o", "sarif").out.count('"ruleId": "TC406"') == 3
    assert examined(toriconfig, vault, token, "-o", "github").out.count("::error ") == 3


def test_doctor_creates_no_account(vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path) -> None:
    mount(vault, "database", "accounts")  # `database/` is connected to PostgreSQL by other tests
    (tmp_path / "app.py").write_text(APP.replace("secret/doctor/one#key", "accounts/creds/app"))
    vault.policy("creds", {**READ, "accounts/creds/app": ["read"]})
    vault.forget_requests()
    result = examined(toriconfig, vault, vault.new_token("creds"))
    assert "accounts/creds/app: may be read (nothing was issued)" in result.out
    assert vault.requests("accounts/creds/app") == 0
    denied = examined(toriconfig, vault, vault.new_token("doctor"))
    assert "accounts/creds/app: 403" in denied.out


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("secret/creds/app#key", "can be read"),
        ("secret/creds/app?version=1#key", "can be read"),
        ("secret/creds/app#other", "404: the path is there, but has no key `other`"),
        (
            "secret/issue/app?common_name=a.internal",
            "secret/issue/app is in no engine that issues anything to parameters",
        ),
    ],
)
def test_kv_secrets_are_read_at_any_path(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path, reference: str, says: str
) -> None:
    vault.put("secret/creds/app", {"key": "s3cr3t-one"})
    (tmp_path / "app.py").write_text(APP.replace("secret/doctor/one#key", reference))
    token = vault.new_token(vault.policy("kept", {**READ, "secret/data/creds/app": ["read"]}))
    assert f"{reference}: {says}" in examined(toriconfig, vault, token).out


def test_doctor_issues_no_certificate_and_requires_the_update_capability(
    vault: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    reference = "pki/issue/app?common_name=a.internal"
    mount(vault, "pki", "pki")
    (tmp_path / "app.py").write_text(APP.replace("secret/doctor/one#key", reference))
    vault.policy("issuing", {**READ, "pki/issue/app": ["update"]})
    vault.policy("reading", {**READ, "pki/issue/app": ["read"]})
    vault.forget_requests()
    assert f"{reference}: may be issued (nothing was)" in examined(toriconfig, vault, vault.new_token("issuing")).out
    denied = examined(toriconfig, vault, vault.new_token("reading"))
    assert f"{reference}: 403" in denied.out
    assert 'path "pki/issue/app" { capabilities = ["update"] }' in denied.out
    assert 0 == vault.requests("pki/issue/app")
