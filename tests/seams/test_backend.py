"""A custom secrets backend, `${memory:path#key}`: its references, refused input, and the output of tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

import toriconfig
from support.memory_backend import App, Credentials, Memory, app
from toriconfig import ConfigError, Ref, Secret, Settings, SettingsConfigDict, check, explain, load
from toriconfig.errors import SecretError
from toriconfig.testing import Canary

# References


def test_a_reference_in_yaml_reads_one_key(memory: Memory, canary: Canary, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\n")
    assert canary.secret == load(App, config_name="app", config_dir=tmp_path, backends=[memory]).token.get()


def test_a_field_names_its_own_place_with_ref(memory: Memory, canary: Canary) -> None:
    class Defaulted(BaseModel):
        model_config = SettingsConfigDict(backends=[memory])
        base: Secret[str] = Secret("x")
        token: Annotated[Secret[str], Ref("db#password", scheme="memory")]

    assert canary.secret == load(Defaulted).token.get()


def test_a_text_is_composed_of_several_keys_that_are_fetched_once(memory: Memory) -> None:
    memory.values["db"] = {"user": "u", "password": "p@ss"}
    url = "postgresql://${memory:db#user}:${memory:db#password|url}@h"
    assert "postgresql://u:p%40ss@h" == app(memory, url=url).url.get()  # type: ignore[union-attr]
    assert memory.fetches == ["db"]


def test_a_whole_path_fills_a_model(memory: Memory, canary: Canary) -> None:
    both = app(memory, both="${memory:db}").both
    assert both is not None
    assert both.get() == Credentials(user="u", password=canary.secret)


def test_a_path_without_keys_is_the_value_itself(memory: Memory, canary: Canary) -> None:
    assert canary.secret == app(memory, token="${memory:whole}").token.get()


def test_quotes_protect_the_end_characters_of_a_reference(memory: Memory) -> None:
    memory.values["a b"] = {"k}|": "odd"}
    assert app(memory, token='${memory:"a b"#"k}|"}').token.get() == "odd"


def test_a_lower_layer_counts_where_the_backend_does_not_hold_it(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("token: from-the-file\n")
    options: Any = {"config_name": "app", "config_dir": tmp_path, "backends": [memory]}
    assert load(App, overrides={"token": "${memory:absent#k}"}, **options).token.get() == "from-the-file"


def test_the_environment_ranks_below_a_backend_and_code_above(memory: Memory, canary: Canary, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\n")
    options: Any = {"config_name": "app", "config_dir": tmp_path, "backends": [memory], "env_prefix": "APP_"}
    assert canary.secret == load(App, environ={"APP_TOKEN": "env"}, **options).token.get()
    assert load(App, overrides={"token": "code"}, **options).token.get() == "code"


def test_the_json_schema_names_the_place_of_a_field() -> None:
    class Defaulted(BaseModel):
        token: Annotated[Secret[str], Ref("db#password", scheme="memory")]

    assert toriconfig.json_schema(Defaulted)["properties"]["token"]["x-toriconfig-ref"] == "memory:db#password"


def test_a_settings_class_of_pydantic_settings_takes_backends(memory: Memory, canary: Canary, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\n")

    class Own(Settings):
        model_config = SettingsConfigDict(config_name="app", config_dir=tmp_path, backends=[memory])
        token: Secret[str]

    assert canary.secret == Own().token.get()  # type: ignore[call-arg]


# What is refused


def problems_of(text: str, memory: Memory, tmp_path: Path) -> list[toriconfig.Problem]:
    (tmp_path / "app.yaml").write_text(text)
    options: Any = {"config_name": "app", "config_dir": tmp_path, "backends": [memory]}
    whole, alone = check(App, **options), check(App, tmp_path / "app.yaml", backends=[memory])
    assert [problem for problem in alone if problem.severity == "error"] == [
        problem for problem in whole if problem.severity == "error"
    ]
    return whole


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("${memory:/db#k}", "a path does not begin with `/`"),
        ("${memory:db#}", "the key after `#` is missing"),
        ("${memory:#k}", "the path is missing"),
    ],
)
def test_a_malformed_reference_is_an_error_with_file_line_and_remedy(
    reference: str, why: str, memory: Memory, tmp_path: Path
) -> None:
    (found,) = problems_of(f"# first line\ntoken: {reference}\n", memory, tmp_path)
    assert (found.code, found.severity, found.origin and found.origin.line) == ("TC306", "error", 2)
    assert f"{tmp_path / 'app.yaml'}:2:8" in str(found)
    assert why in str(found)
    assert found.help == "correct the path"
    assert found.expected == "`${memory:path#key}`"


def test_a_check_that_raises_is_an_error_of_the_reference(memory: Memory, tmp_path: Path) -> None:
    def check_path(path: str) -> None:
        raise RuntimeError(path)

    memory.check = check_path  # type: ignore[method-assign]
    (found,) = problems_of("token: ${memory:db#password}\n", memory, tmp_path)
    assert found.message == "not a reference to memory: the `check` of its backend raised RuntimeError"


def test_a_secret_file_that_holds_the_reference_is_an_error(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("${memory:db#password}")
    with pytest.raises(ConfigError, match="TC307"):
        load(App, secrets_dir=tmp_path, backends=[memory])
    with pytest.raises(SecretError, match="reference"):
        app(memory, token=f"${{file:{tmp_path / 'token'}}}").token.get()


def test_an_unknown_scheme_suggests_the_backend(memory: Memory, tmp_path: Path) -> None:
    (found,) = problems_of("token: ${memry:db#password}\n", memory, tmp_path)
    assert (found.code, found.help) == ("TC301", "did you mean `${memory:...}`?")
    assert "${memory:path#key}" in found.expected


def test_without_the_backend_its_scheme_is_unknown(memory: Memory) -> None:
    app(memory)
    with pytest.raises(ConfigError, match="unknown kind of reference"):
        load(App, overrides={"token": "${memory:db#password}"})


def test_a_plain_field_refuses_the_reference(memory: Memory) -> None:
    class Plain(BaseModel):
        name: str

    with pytest.raises(ConfigError, match="declare `name` as `Secret"):
        load(Plain, overrides={"name": "${memory:db#password}"}, backends=[memory])


def test_a_variable_is_no_place_for_the_reference(memory: Memory) -> None:
    with pytest.raises(ConfigError, match="looks like a reference"):
        load(App, environ={"APP_TOKEN": "${memory:db#password}"}, env_prefix="APP_", backends=[memory])


def test_a_field_that_names_an_unknown_backend_is_an_error() -> None:
    class Elsewhere(BaseModel):
        token: Annotated[Secret[str], Ref("db#password", scheme="elsewhere")]

    with pytest.raises(ConfigError, match="no backend has that scheme"):
        load(Elsewhere)


@pytest.mark.parametrize("scheme", ["vault", "env", "file", "", "Upper", "a b", None])
def test_an_invalid_scheme_is_refused(scheme: Any, memory: Memory) -> None:
    kind = type("Odd", (Memory,), {"scheme": scheme})
    with pytest.raises(TypeError, match="scheme"):
        load(App, backends=[kind({})])


@pytest.mark.parametrize("backends", [["memory"], "memory", [Memory]])
def test_an_object_that_is_not_a_backend_is_refused(backends: Any) -> None:
    with pytest.raises(TypeError, match="option `backends` is a list of Backend objects"):
        load(App, backends=backends)


def test_two_backends_of_one_scheme_are_refused(memory: Memory) -> None:
    with pytest.raises(TypeError, match="two backends"):
        load(App, backends=[memory, Memory({})])


# Looking at it


def test_explain_masks_the_value_and_names_the_place(memory: Memory, canary: Canary) -> None:
    settings = app(memory)
    before = str(explain(settings, "token"))
    settings.token.get()
    after = explain(settings, "token")
    assert "memory:   db#password" in before
    assert "not read yet" in before
    assert str(after.origin) == "memory:db#password v1"
    assert (after.reference, after.version, after.state) == ("memory:db#password", 1, "fresh")
    canary.absent_from(before, str(after), repr(settings), settings.model_dump_json())


def test_check_reports_unchecked_secrets_offline_and_their_errors_online(memory: Memory, tmp_path: Path) -> None:
    options: Any = {"overrides": {"token": "${memory:absent#k}"}, "backends": [memory]}
    (offline,) = check(App, **options)
    assert (offline.severity, memory.fetches) == ("info", [])
    assert "not checked, since it comes from memory" in offline.message
    (online,) = check(App, online=True, **options)
    assert (online.code, online.severity) == ("TC407", "error")
    assert "memory does not hold absent" in online.message
    assert online.help == "store it there, or correct the reference"


CLI = """
from pydantic import BaseModel
from toriconfig import Secret, SettingsConfigDict
from toriconfig.backends import Backend, Fetched

class Memory(Backend):
    scheme = "memory"
    def fetch(self, path, timeout):
        return Fetched({{"db": {{"password": "{secret}"}}}}[path])

class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", backends=[Memory()])
    token: Secret[str]
    url: Secret[str]
"""


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("show",), 'token: "${memory:db#password}"'),
        (("show", "--origins"), 'token: "${memory:db#password}"  # memory:db#password'),
        (("check",), "come from memory"),
        (("check", "--online"), ""),
        (("check", "app.yaml"), ""),
        (("explain", "token"), "memory:   db#password"),
        (("explain", "token", "--online"), "fresh"),
        (("health", "--online"), "fresh"),
        (("policy",), "reads nothing from Vault"),
        (("doctor",), "no setting needs it"),
        (("schema", "-O", "-"), "token"),
    ],
)
def test_the_command_line_supports_the_backend_and_prints_no_secret(
    command: tuple[str, ...], shown: str, canary: Canary, tmp_path: Path
) -> None:
    from support.command import in_a_process

    (tmp_path / "my_app.py").write_text(CLI.format(secret=canary.secret))
    text = "token: ${memory:db#password}\nurl: 'http://u:${memory:db#password|url}@h'\n"
    (tmp_path / "app.yaml").write_text(text)
    done = in_a_process(*command, "--settings", "my_app:App", cwd=tmp_path)
    assert shown in done.out + done.err
    assert done.code == 0, done
    canary.absent_from(done.out, done.err)


def test_show_reads_back_as_the_same_settings(canary: Canary, tmp_path: Path) -> None:
    from support.command import in_a_process

    (tmp_path / "my_app.py").write_text(CLI.format(secret=canary.secret))
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\nurl: '${memory:db#password|url}'\n")
    first = in_a_process("show", "--settings", "my_app:App", cwd=tmp_path)
    (tmp_path / "app.yaml").write_text(first.out)
    assert in_a_process("show", "--settings", "my_app:App", cwd=tmp_path).out == first.out


def test_a_line_with_an_error_shows_the_reference(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\ntoken: ${memory:db#user}\n")
    with pytest.raises(ConfigError, match="(?s)duplicate.*memory:db#password"):
        load(App, config_name="app", config_dir=tmp_path, backends=[memory])


def test_a_backend_without_policies_has_none_to_print(canary: Canary, tmp_path: Path) -> None:
    from support.command import in_a_process

    (tmp_path / "my_app.py").write_text(CLI.format(secret=canary.secret))
    (tmp_path / "app.yaml").write_text("token: ${memory:db#password}\nurl: x\n")
    done = in_a_process("policy", "--backend", "memory", "--settings", "my_app:App", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "memory has no policy that could be printed\n")
