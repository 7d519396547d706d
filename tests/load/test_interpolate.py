"""References: in plain fields they become values in one pass; in secret fields they are the place to read from."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, SecretStr

from support.loading import FakeVault, loaded, problems, told
from toriconfig import MissingCredentialError, Secret, SecretError, load, replace
from toriconfig._load.attempt import try_check_tree
from toriconfig.sources.yaml.documents import read_yaml


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Part(BaseModel):
    text: str = "inner default"
    size: int = 3


class Required(BaseModel):
    size: int


class Account(BaseModel):
    user: str
    password: str


class Schema(BaseModel):
    a: str = "default a"
    b: str = "default b"
    size: int = 7
    ratio: float = 0.5
    limit: int | None = None
    when: datetime.date | None = None
    part: Part = Part(text="outer default")
    weights: dict[str, float] = {"title": 2.0}
    items: list[str] = []
    key: Secret[str] | None = None
    url: Secret[str] | None = None
    account: Secret[Account] | None = None
    sealed: SecretStr = SecretStr("x")


def test_a_variable_its_default_and_its_hint() -> None:
    text = "a: ${env:A}\nb: ${env:B:-b and $$}"
    model = loaded(Schema, text, environ={"A": "from A"})
    assert ("from A", "b and $$") == (model.a, model.b)
    (only,) = problems(Schema, "a: ${env:A:?ask the platform team}")
    assert ("TC304", "1.yaml:1:4", "a", "ask the platform team") == (only.code, str(only.origin), only.path, only.help)
    assert "variable `A` is not set" == only.message


def test_an_empty_variable_counts_as_not_set_if_there_is_a_default_or_hint() -> None:
    model = loaded(Schema, "a: '${env:A}'\nb: ${env:A:-b}", environ={"A": ""})
    assert ("", "b") == (model.a, model.b)
    assert [("TC304", "1.yaml:1:4", "a")] == told(Schema, "a: ${env:A:?hint}", environ={"A": ""})


def test_a_lone_reference_keeps_the_type_and_pieces_become_text() -> None:
    model = loaded(
        Schema, "size: ${part.size}\npart: {size: 9}\na: size ${size}, ${ratio}, ${limit}", overrides={"limit": 1}
    )
    assert (9, "size 9, 0.5, 1") == (model.size, model.a)


def test_text_of_a_variable_is_converted_by_the_field() -> None:
    assert loaded(Schema, "size: ${env:N}", environ={"N": "12"}).size == 12


def test_another_key_is_looked_up_in_the_merged_whole() -> None:
    environ = {"T_PART__TEXT": "env"}
    model = loaded(
        Schema, "a: <${part.text}>\npart: {text: file}", environ=environ, env_prefix="T_", env_nested_delimiter="__"
    )
    assert model.a == "<env>"
    assert loaded(Schema, "a: ${b}\nb: low", "b: high").a == "high"


def test_another_key_may_be_a_default_at_any_depth() -> None:
    text = "a: ${part.text} ${part.size} ${weights.title}\nsize: ${limit}\n"
    assert loaded(Schema, "a: ${part.text} ${part.size} ${weights.title}").a == "outer default 3 2.0"
    assert [("TC102", "1.yaml:2:7", "size")] == told(Schema, text)  # None is the default


def test_references_lead_on_to_references() -> None:
    assert loaded(Schema, "a: ${b}\nb: ${part.text}!\npart: {text: '${env:X}'}", environ={"X": "end"}).a == "end!"


def test_a_list_item_and_a_quoted_key_can_be_named() -> None:
    text = 'a: ${items[1]}\nratio: ${weights."x.y"}\nitems: [one, two]\nweights: {x.y: 4}'
    model = loaded(Schema, text)
    assert ("two", 4.0) == (model.a, model.ratio)


def test_a_date_is_spelt_as_text() -> None:
    model = loaded(Schema, overrides={"when": datetime.date(2026, 1, 2), "a": "on ${when}"})
    assert model.a == "on 2026-01-02"


def test_the_value_of_a_reference_is_never_scanned_again() -> None:
    model = loaded(Schema, "a: ${env:A}\nb: ${a}\nitems: ['${env:A}']", environ={"A": "${env:B} $${x}"})
    assert ("${env:B} $${x}",) * 3 == (model.a, model.b, model.items[0])
    assert loaded(Schema, "a: '$${env:A}'\nb: ${a}", environ={"A": "no"}).b == "${env:A}"


def test_resolved_references_stay_resolved_in_a_replacement() -> None:
    base = loaded(Schema, "a: ${env:A}\nb: $${literal}", environ={"A": "${env:HOME}"})
    changed = replace(base, part={"text": "${a}"})
    assert ("${env:HOME}", "${literal}", "${env:HOME}") == (changed.a, changed.b, changed.part.text)


def test_values_of_the_environment_are_not_scanned_and_overrides_are() -> None:
    model = loaded(Schema, environ={"T_A": "${env:X}", "X": "x"}, env_prefix="T_", overrides={"b": "${env:X}"})
    assert ("${env:X}", "x") == (model.a, model.b)


def test_the_profile_can_be_named_and_must_be_set() -> None:
    assert loaded(Schema, "a: ${profile}/x", profile="prod").a == "prod/x"
    (only,) = problems(Schema, "a: ${profile}/x")
    assert ("TC304", "no profile is set", "1.yaml:1:4") == (only.code, only.message, str(only.origin))


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: ${nothing}", "TC304", "1.yaml:1:4"),
        ("a: ${part}\npart: {size: 1}", "TC304", "1.yaml:1:4"),
        ("a: ${part.nothing}", "TC304", "1.yaml:1:4"),
        ("a: ${items[5]}\nitems: [x]", "TC304", "1.yaml:1:4"),
        ("items: [x, '${nope:x}']", "TC301", "1.yaml:1:12"),
        ("a: ${vault:secret/x#k}", "TC302", "1.yaml:1:4"),
        ("a: x${vault:secret/x#k}y", "TC302", "1.yaml:1:4"),
        ("a: ${key}\nkey: x", "TC302", "1.yaml:1:4"),
        ("a: ${account.password}\naccount: {user: u, password: p}", "TC302", "1.yaml:1:4"),
        ("a: ${account.password}", "TC302", "1.yaml:1:4"),
        ("a: ${sealed}\nsealed: x", "TC302", "1.yaml:1:4"),
        ("a: ${file:x}", "TC305", "1.yaml:1:4"),
        ("a: ${env:A", "TC306", "1.yaml:1:4"),
        ("a: ${b[0]}\nb: text", "TC304", "1.yaml:1:4"),
        ("account: {user: a, password: '${account}'}", "TC303", "1.yaml:1:30"),
        ("account: {user: a, password: '${account.password}'}", "TC303", "1.yaml:1:30"),
    ],
)
def test_an_unresolvable_reference_is_reported_once_with_its_position(text: str, code: str, place: str) -> None:
    found = problems(Schema, text)
    assert [(code, place)] == [(one.code, str(one.origin)) for one in found]
    assert all(one.help and one.expected for one in found)


def test_a_near_miss_of_a_key_is_named() -> None:
    (only,) = problems(Schema, "a: ${sizee}")
    assert "did you mean `${size}`?" == only.help


def test_a_cycle_is_one_problem_that_shows_the_way() -> None:
    (only,) = problems(Schema, "a: ${b}\nb: x${part.text}\npart: {text: '${a}'}")
    assert ("TC303", "references form a cycle: a -> b -> part.text -> a") == (only.code, only.message)
    assert [("TC303", "1.yaml:1:4", "a")] == told(Schema, "a: ${a}")


def test_a_cycle_through_secrets_is_found_before_anything_is_fetched() -> None:
    (only,) = problems(Schema, "key: ${url}\nurl: x${key}")
    assert ("TC303", "references form a cycle: key -> url -> key") == (only.code, only.message)
    assert "TC303" in {
        code for code, _, _ in told(Schema, "key: ${account.password}\naccount: {user: u, password: '${key}'}")
    }


def test_a_long_chain_is_refused_and_not_followed_to_the_end_of_the_stack() -> None:
    class Chain(BaseModel):
        d: dict[str, str]

    text = "d:\n" + "".join(f"  k{n}: ${{d.k{n + 1}}}\n" for n in range(3000)) + "  k3000: end\n"
    assert {"TC303"} == {one.code for one in problems(Chain, text)}


def doubling(end: str) -> str:
    """Each of 40 keys repeats the next one twice; the last is `end`."""
    return "d:\n" + "".join(f"  k{n}: ${{d.k{n + 1}}}${{d.k{n + 1}}}\n" for n in range(40)) + f"  k40: {end}\n"


def test_references_that_double_each_other_are_refused_before_they_fill_the_memory() -> None:
    class Doubling(BaseModel):
        d: dict[str, str]

    (only,) = problems(Doubling, doubling("x"))
    assert ("TC004", "references expand to more than 16 MiB of text") == (only.code, only.message)


def test_a_secret_of_references_that_double_each_other_is_refused_when_it_is_read() -> None:
    class Doubling(BaseModel):
        d: dict[str, Secret[str]]

    secrets = loaded(Doubling, doubling("x")).d
    assert len(secrets["k30"].get()) == 1024
    with pytest.raises(SecretError, match="d.k0: it is more than 16 MiB of text"):
        secrets["k0"].get()


def test_a_broken_reference_of_an_overridden_value_is_ignored() -> None:
    assert loaded(Schema, "a: ${env:NONE:?set it}\nkey: ${env:NONE:?set it}", "a: x\nkey: y").a == "x"
    key = loaded(Schema, "key: ${env:NONE:?set it}", "key: y").key
    assert key is not None
    assert key.get() == "y"


def test_a_failed_reference_causes_no_other_problem_of_its_key() -> None:
    class Rules(BaseModel):
        a: str
        b: int

    assert ["TC304", "TC304"] == [code for code, _, _ in told(Rules, "a: ${env:A}\nb: ${env:B}")]


class Point(NamedTuple):
    x: int


class Lists(BaseModel):
    parts: list[Required] = []
    pair: tuple[int, int] = (1, 2)
    point: Point = Point(1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("parts: [{size: '${env:A}'}]", "1.yaml:1:16"),
        ("parts: ['${env:A}', {size: 3}]", "1.yaml:1:9"),
        ("pair: [1, '${env:A}']", "1.yaml:1:11"),
        ("point: ['${env:A}']", "1.yaml:1:9"),
    ],
)
def test_a_failed_reference_causes_no_other_problem_of_its_list(text: str, place: str) -> None:
    assert [("TC304", place)] == [one[:2] for one in told(Lists, text)]


def test_a_list_with_an_unresolved_reference_is_not_reported_as_too_short() -> None:
    (tree,) = read_yaml("parts: ['${env:A}', {size: '${env:A:-1}'}]\npair: [1, '${env:A:-1}']", "x")
    assert () == try_check_tree(Lists, tree)


def test_missing_keys_beside_a_failed_reference_are_still_reported() -> None:
    found = told(Lists, "parts: ['${env:A}', {}]\npair: [1]")
    assert [("TC304", "1.yaml:1:9"), ("TC103", "1.yaml:1:21"), ("TC104", "1.yaml:2:7")] == [one[:2] for one in found]


# Files.


def test_a_file_below_a_declared_root_is_read_into_a_plain_field() -> None:
    Path("texts").mkdir()
    Path("texts/a.txt").write_text("hello\n")
    assert loaded(Schema, "a: '<${file:a.txt}>'", file_roots=["texts"]).a == "<hello>"
    assert loaded(Schema, f"a: ${{file:{Path('texts/a.txt').absolute()}}}", file_roots=["texts"]).a == "hello"


def test_a_file_outside_the_roots_is_refused_also_by_dots_and_links() -> None:
    Path("texts").mkdir()
    Path("outside.txt").write_text("secret")
    Path("texts/link").symlink_to(Path("outside.txt").absolute())
    Path("texts-2").mkdir()
    Path("texts-2/a").write_text("neighbour")
    for name in ("../outside.txt", str(Path("outside.txt").absolute()), "link", "../texts-2/a", ".", "none.txt"):
        assert [("TC305", "1.yaml:1:4", "a")] == told(Schema, f"a: ${{file:{name}}}", file_roots=["texts"]), name


def test_a_file_that_is_no_text_or_no_file_is_reported() -> None:
    Path("texts/folder").mkdir(parents=True)
    Path("texts/binary").write_bytes(b"\xff\xfe\x00")
    for name in ("folder", "binary"):
        assert [("TC305", "1.yaml:1:4", "a")] == told(Schema, f"a: ${{file:{name}}}", file_roots=["texts"]), name


def test_a_secret_field_accepts_a_file_anywhere_and_reads_it_on_access() -> None:
    model = loaded(Schema, "key: ${file:later.txt}\nurl: 'x:${file:later.txt}'")
    assert model.key is not None
    assert model.url is not None
    Path("later.txt").write_text("s3cret\n")
    assert ("s3cret", "x:s3cret") == (model.key.get(), model.url.get())


# Secrets that refer to secrets.


def test_a_secret_may_refer_to_plain_keys_and_variables() -> None:
    url = loaded(Schema, "url: db://${a}:${env:P}@x\na: me", environ={"P": "pw"}).url
    assert url is not None
    assert url.get() == "db://me:pw@x"


@pytest.mark.parametrize("text", ["key: k3y\nurl: x${key}y", "url: x${key}y\nkey: k3y"])
def test_a_secret_may_refer_to_another_one_in_any_order_of_creation(text: str) -> None:
    class Order(BaseModel):
        url: Secret[str]
        key: Secret[str]

    class Reverse(BaseModel):
        key: Secret[str]
        url: Secret[str]

    assert loaded(Order, text).url.get() == "xk3yy" == loaded(Reverse, text).url.get()


def test_a_secret_may_take_a_key_of_a_whole_one_and_never_tears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = FakeVault().connect(monkeypatch)
    vault["db/creds"] = {"user": "u1", "password": "p1"}
    model = loaded(Schema, "account: ${vault:db/creds}\nurl: ${account.user}:${account.password}", offline=False)
    assert model.url is not None
    assert model.url.get() == "u1:p1"
    assert vault.paths["db/creds"].settled == 1
    vault.paths["db/creds"].put({"user": "u2", "password": "p2"})
    assert model.url.get() == "u2:p2"


def test_a_secret_that_refers_to_a_missing_one_names_it() -> None:
    url = loaded(Schema, "url: x${key}").url
    assert url is not None
    with pytest.raises(MissingCredentialError, match="`key`"):
        url.get()


def test_a_key_that_a_whole_secret_does_not_have_is_reported_at_load() -> None:
    assert [("TC304", "1.yaml:1:6", "url")] == told(Schema, "url: ${account.pasword}\naccount: {user: u, password: p}")


def test_a_default_of_a_secret_can_be_referred_to() -> None:
    class Defaults(BaseModel):
        url: Secret[str]
        key: Secret[str] = Secret("built in")

    assert load(Defaults, overrides={"url": "x ${key}"}, offline=True).url.get() == "x built in"


def test_several_references_to_one_path_come_from_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = FakeVault().connect(monkeypatch)
    vault["db/creds"] = {"username": "u1", "password": "p1"}
    url = loaded(Schema, "url: db://${vault:db/creds#username}:${vault:db/creds#password}@h", offline=False).url
    assert url is not None
    assert ("db://u1:p1@h", 1) == (url.get(), vault.paths["db/creds"].settled)


def test_a_pinned_version_is_another_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = FakeVault().connect(monkeypatch)
    vault["s/x"] = {"k": "new"}
    vault["s/x?version=1"] = {"k": "old"}
    model = loaded(Schema, "key: ${vault:s/x#k}\nurl: ${vault:s/x?version=1#k}", offline=False)
    assert model.key is not None
    assert model.url is not None
    assert ("new", "old") == (model.key.get(), model.url.get())


def test_a_secret_that_refers_to_itself_by_a_key_is_reported_even_with_a_place_in_vault() -> None:
    assert [("TC303", "1.yaml:1:10", "key.**********")] == [
        one for one in told(Schema, "key: {a: '${key}'}", vault_path="s/x") if one[0] != "TC101"
    ]
