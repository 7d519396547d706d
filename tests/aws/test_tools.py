"""The command line on settings that read AWS Secrets Manager: check, doctor, explain, show, health, policy."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.aws import Moto
from support.command import Result, Toriconfig, in_this_process
from toriconfig._core import markers
from toriconfig._runtime import warn_once
from toriconfig.testing import Canary

APP = """
from pydantic import BaseModel
from toriconfig import Secret, SettingsConfigDict

class Account(BaseModel):
    user: str
    password: str

class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    token: Secret[str]
    url: Secret[str]
    before: Secret[str]
    whole: Secret[Account]
"""
YAML = """
token: ${aws:prod/db#password}
url: 'http://${aws:prod/db#user}:${aws:prod/db#password|url}@h'
before: ${aws:prod/db?stage=AWSPREVIOUS#password}
whole: ${aws:prod/db}
"""
FORMATS = ("text", "concise", "json", "github", "sarif")
COMMANDS = [
    *(("show", "-f", form, "--origins") for form in ("yaml", "json", "env")),
    *(("check", *online, "-o", form) for online in ((), ("--online",)) for form in FORMATS),
    *(("doctor", "-o", form) for form in FORMATS),
    *(("explain", key, *online) for key in ("token", "url", "before", "whole") for online in ((), ("--online",))),
    *(("health", *online, "-o", form) for online in ((), ("--online",)) for form in ("text", "json")),
    ("policy",),
    ("policy", "--online"),
    ("policy", "--backend", "aws"),
    *(("show", "--html", "-", *online) for online in ((), ("--online",))),
    ("schema", "-O", "-"),
]


class Folder:
    """A folder with a settings class and its file, in which commands are run."""

    def __init__(self, path: Path, toriconfig: Toriconfig) -> None:
        self.path = path
        self._toriconfig = toriconfig

    def run(self, *command: str, **environ: str) -> Result:
        """Run a command with a backend, and warnings, as in a process of its own."""
        markers._shipped.clear()
        warn_once.reset()
        return self._toriconfig(*command, "--settings", "my_app:App", **environ)


@pytest.fixture(name="folder")
def _folder(
    nothing: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Folder]:
    (tmp_path / "my_app.py").write_text(APP)
    (tmp_path / "app.yaml").write_text(YAML)
    with in_this_process(monkeypatch, tmp_path, capsys) as toriconfig:
        yield Folder(tmp_path, toriconfig)


def put_all(moto: Moto, canary: Canary) -> str:
    moto.put("prod/db", {"user": "u", "password": f"before{canary.secret}"})
    return moto.put("prod/db", {"user": "u", "password": canary.secret})


def test_no_command_prints_a_secret(moto: Moto, canary: Canary, folder: Folder) -> None:
    put_all(moto, canary)
    for command in COMMANDS:
        done = folder.run(*command)
        assert done.code == 0, (command, done)
        canary.absent_from(done.out, done.err)


@pytest.mark.parametrize("stored", ["{c}", "[{c}]", '{{"user": "u", "pasword": "{c}"}}', '{{"password": ["{c}"]}}'])
def test_no_command_prints_a_secret_of_an_unexpected_kind(
    stored: str, moto: Moto, canary: Canary, folder: Folder
) -> None:
    for _ in range(2):
        moto.put("prod/db", stored.format(c=canary.secret))
    for command in (("check", "--online"), ("doctor",), ("health", "--online"), ("explain", "token", "--online")):
        done = folder.run(*command)
        assert "a bug of toriconfig" not in done.err, done
        canary.absent_from(done.out, done.err)


def test_check_online_reads_every_secret(moto: Moto, canary: Canary, folder: Folder) -> None:
    put_all(moto, canary)
    assert folder.run("check", "--online").code == 0
    moto.client.delete_secret(SecretId="prod/db")
    done = folder.run("check", "--online", "-o", "concise")
    assert done.code == 1
    assert done.out.count("TC407") == 4, done.out
    assert "prod/db is marked for deletion" in done.out


def test_check_without_online_sends_no_request(folder: Folder) -> None:
    done = folder.run("check", AWS_REGION="eu-central-1", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.code, "run with --online to read them from aws" in done.out) == (0, True), done


def test_check_online_ends_with_3_when_aws_is_away(moto: Moto, folder: Folder) -> None:
    done = folder.run("check", "--online", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.code, "TC405" in done.out) == (3, True), done


def test_check_online_without_a_region_names_the_remedy_for_each_secret(folder: Folder) -> None:
    done = folder.run("check", "--online", "-o", "concise")
    assert done.code == 1
    assert done.out.count("TC401") == 4
    assert folder.run("check", "--online").out.count("help:     set AWS_REGION, or set APP_TOKEN\n") == 1


@pytest.mark.parametrize("text", ["${aws:a}", "${aws:a?stage=AWSPREVIOUS#b}", "http://u:${aws:a#b|url}@h"])
@pytest.mark.parametrize("remedy", ["set AWS_REGION", "pip install 'toriconfig[aws]'"])
def test_the_remedy_comes_first_if_aws_is_not_configured(
    text: str, remedy: str, monkeypatch: pytest.MonkeyPatch, folder: Folder
) -> None:
    (folder.path / "app.yaml").write_text(YAML.replace("${aws:prod/db#password}\n", f"{text}\n", 1))
    environ = {}
    if "pip" in remedy:
        monkeypatch.setitem(sys.modules, "boto3", None)
        environ = {"AWS_REGION": "eu-central-1"}
    assert f"token: {{}}: {remedy}; looked in: " in folder.run("explain", "token", "--online", **environ).err.replace(
        "boto3 is not installed" if environ else "AWS is not configured", "{}"
    )
    assert f"({remedy}, or set APP_TOKEN)\n" in folder.run("check", "--online", "-o", "concise", **environ).out
    doctor = folder.run("doctor", **environ).out.splitlines()
    assert remedy == doctor[doctor.index(next(one for one in doctor if " aws: " in one)) + 1].strip()


def test_check_online_without_credentials_reports_a_secret_without_a_value(moto: Moto, folder: Folder) -> None:
    done = folder.run("check", "--online", "-o", "concise", AWS_ACCESS_KEY_ID="")
    assert (done.code, done.out.count("TC401")) == (1, 4), done
    assert "no AWS credentials were found" in done.out


def test_explain_names_the_secret_and_its_version(moto: Moto, canary: Canary, folder: Folder) -> None:
    version = put_all(moto, canary)
    done = folder.run("explain", "token", "--online")
    assert "aws:      prod/db#password" in done.out
    assert f"version:  {version}" in done.out
    assert "state:    fresh" in done.out


def test_show_writes_each_reference_as_its_file_spells_it(folder: Folder) -> None:
    done = folder.run("show", AWS_REGION="eu-central-1")
    assert 'before: "${aws:prod/db?stage=AWSPREVIOUS#password}"' in done.out
    (folder.path / "app.yaml").write_text(done.out.replace("# url: **********", "url: x"))
    again = folder.run("show", AWS_REGION="eu-central-1").out
    assert [line for line in again.splitlines() if "url" not in line] == [
        line for line in done.out.splitlines() if "url" not in line
    ]


def test_show_writes_the_reference_of_a_field_as_a_file_would_spell_it(folder: Folder) -> None:
    text = "from typing import Annotated\nfrom toriconfig import Ref\n" + APP.replace(
        "    before: Secret[str]",
        "    before: Annotated[Secret[str], Ref('prod/db?stage=AWSPREVIOUS#a}b', scheme='aws')]",
    )
    (folder.path / "my_app.py").write_text(text)
    (folder.path / "app.yaml").write_text(YAML.replace("before", "#before"))
    done = folder.run("show", AWS_REGION="eu-central-1")
    assert 'before: "${aws:prod/db?stage=AWSPREVIOUS#\\"a}b\\"}"' in done.out, done.out


# doctor


def test_doctor_names_region_endpoint_credentials_and_every_secret(moto: Moto, canary: Canary, folder: Folder) -> None:
    put_all(moto, canary)
    done = folder.run("doctor")
    lines = [line.split(None, 1)[1] for line in done.out.splitlines() if line.startswith("ok ")]
    assert f"aws region: eu-central-1, {moto.address}" in lines
    assert "aws credentials: found by the method env" in lines
    assert "aws:prod/db#password: can be read" in lines
    assert "aws:prod/db?stage=AWSPREVIOUS#password: can be read" in lines


def test_doctor_suggests_the_key_that_was_probably_meant(moto: Moto, folder: Folder) -> None:
    for _ in range(2):
        moto.put("prod/db", {"user": "u", "pasword": "x"})
    done = folder.run("doctor")
    assert done.code == 1
    assert "aws:prod/db#password: the path is there, but has no key `password`" in done.out
    assert "did you mean `aws:prod/db#pasword`?" in done.out


@pytest.mark.parametrize(
    ("environ", "told", "code"),
    [
        ({}, "aws: AWS is not configured\n          set AWS_REGION", 1),
        ({"AWS_REGION": "eu-central-1"}, "aws credentials: no AWS credentials were found", 1),
        ({"AWS_REGION": "eu-central-1", "AWS_PROFILE": "x"}, "aws: the AWS profile does not exist", 1),
    ],
)
def test_doctor_reads_nothing_if_no_request_to_aws_is_possible(
    environ: dict[str, str], told: str, code: int, folder: Folder
) -> None:
    done = folder.run("doctor", **environ)
    assert told in done.out
    assert (done.code, "prod/db" in done.out) == (code, False)


def test_doctor_ends_with_3_when_aws_is_away(moto: Moto, folder: Folder) -> None:
    done = folder.run("doctor", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.code == 3
    assert "unreached aws:prod/db#password: aws cannot be reached for prod/db" in done.out


def test_doctor_warns_of_an_endpoint_without_encryption(folder: Folder) -> None:
    environ = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://u:pw@aws.invalid:1", "AWS_ACCESS_KEY_ID": "k"}
    done = folder.run("doctor", **environ, AWS_SECRET_ACCESS_KEY="s")
    assert "warning   aws TLS: http://aws.invalid:1 is not encrypted" in done.out
    assert "pw@" not in done.out + done.err


# policy


def statements(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found


def test_policy_names_each_secret_once_without_a_request(folder: Folder) -> None:
    done = folder.run("policy", AWS_REGION="cn-north-1", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert statements(done.out) == [
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": ["arn:aws-cn:secretsmanager:cn-north-1:*:secret:prod/db-??????"],
        }
    ]


def test_policy_online_has_the_arn_and_the_key_that_encrypts(moto: Moto, folder: Folder) -> None:
    moto.put("prod/db", "x", KmsKeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    read, decrypt = statements(folder.run("policy", "--online").out)
    assert read["Resource"] == [moto.client.describe_secret(SecretId="prod/db")["ARN"]]
    assert decrypt == {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}},
    }


def test_policy_online_bounds_a_key_that_is_named_by_an_alias(moto: Moto, folder: Folder) -> None:
    moto.put("prod/db", "x", KmsKeyId="alias/mine")
    _, decrypt = statements(folder.run("policy", "--online").out)
    assert decrypt["Resource"] == "arn:aws:kms:eu-central-1:123456789012:key/*"
    assert decrypt["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": "alias/mine"}


def test_a_user_with_the_printed_actions_reads_every_secret_and_may_do_no_more(
    moto: Moto, canary: Canary, folder: Folder
) -> None:
    put_all(moto, canary)
    policy = json.loads(folder.run("policy", "--online").out)
    policy["Statement"][0]["Resource"] = "*"  # moto distinguishes actions, but no resources
    iam = moto.of("iam")
    iam.create_user(UserName="app")
    key = iam.create_access_key(UserName="app")["AccessKey"]
    iam.put_user_policy(UserName="app", PolicyName="read", PolicyDocument=json.dumps(policy))
    environ = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    with moto.checked():
        assert folder.run("check", "--online", **environ).code == 0
        denied = folder.run("policy", "--online", **environ)
    assert denied.code == 1
    assert "or omit --online" in denied.err


def test_policy_online_ends_with_3_when_aws_is_away(moto: Moto, folder: Folder) -> None:
    done = folder.run("policy", "--online", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.code, done.out) == (3, ""), done


def test_policy_is_refused_if_two_backends_have_one_and_none_is_chosen(folder: Folder) -> None:
    (folder.path / "app.yaml").write_text(
        YAML.replace("before: ${aws:prod/db?stage=AWSPREVIOUS#", "before: ${vault:secret/x#")
    )
    environ = {"AWS_REGION": "eu-central-1"}
    done = folder.run("policy", **environ)
    assert (done.code, "the settings use vault and aws: choose one with --backend" in done.err) == (2, True)
    assert 'path "secret/data/x"' in folder.run("policy", "--backend", "vault", **environ).out
    assert statements(folder.run("policy", "--backend", "aws", **environ).out)


def test_policy_of_an_unused_backend_is_empty(folder: Folder) -> None:
    done = folder.run("policy", "--backend", "vault", AWS_REGION="eu-central-1")
    assert (done.code, done.out, done.err) == (0, "", "App reads nothing from Vault\n")


def test_policy_of_an_unknown_backend_is_wrong_usage(folder: Folder) -> None:
    done = folder.run("policy", "--backend", "asw", AWS_REGION="eu-central-1")
    assert (done.code, done.out) == (2, "")
    assert "no backend has the scheme 'asw': did you mean `aws`?" in done.err
