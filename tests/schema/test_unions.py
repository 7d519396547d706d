"""Unions of models: the choice of the model, and the part of lower layers and defaults in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from support.loading import attempt, loaded, problems, refused
from toriconfig import Secret, explain, replace
from toriconfig._core.tree import Tree
from toriconfig._load.attempt import try_check_tree
from toriconfig.sources.mapping import MappingSource


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Local(BaseModel):
    path: str = "/data"
    mode: int = 0


class Bucket(BaseModel):
    bucket: str
    region: str = "eu"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    bark: str = "woof"


class Schema(BaseModel):
    store: Local | Bucket = Local(path="/srv")
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat(lives=7)
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    either: Cat | Dog | None = Cat(lives=7)


class Tagged(Schema):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()
    either: Cat | Dog | None = Cat()


def test_a_default_of_one_model_does_not_keep_another_from_being_chosen() -> None:
    assert Bucket(bucket="invoices") == loaded(Schema, "store: {bucket: invoices}").store


def test_a_default_stays_below_values_set_for_its_own_model() -> None:
    assert Local(path="/srv", mode=7) == loaded(Schema, "store: {mode: 7}").store


def test_a_higher_mapping_of_another_model_replaces_the_lower_one() -> None:
    model = loaded(Schema, "store: {path: /a}", "store: {bucket: invoices}", "store: {region: us}")
    assert Bucket(bucket="invoices", region="us") == model.store
    assert ["1.yaml:1:8"] == [
        str(loser.origin)
        for loser in explain(loaded(Schema, "store: {path: /a}", "store: {bucket: b}"), "store").losers
        if loser.origin.layer == "files"
    ]


def test_a_tag_that_changes_replaces_and_one_that_stays_merges() -> None:
    assert Dog(bark="loud") == loaded(Schema, "pet: {kind: dog, bark: loud}").pet
    assert Dog(bark="loud") == loaded(Schema, "pet: {kind: cat, lives: 1}", "pet: {kind: dog, bark: loud}").pet
    assert Cat(lives=2) == loaded(Schema, "pet: {kind: cat, lives: 1}", "pet: {lives: 2}").pet


def test_a_lower_tag_counts_until_a_higher_layer_sets_another() -> None:
    found = problems(Schema, "pet: {kind: cat, lives: 1}", "pet: {bark: loud}")
    assert [("TC101", "pet.bark", "2.yaml:1:7")] == [(one.code, one.path, str(one.origin)) for one in found]


def test_a_misspelt_key_is_reported_and_replaces_nothing() -> None:
    (only,) = refused(Schema, "store: {path: /a}", "store: {mdoe: 3}").problems
    assert ("TC101", "store.mdoe", "did you mean `mode`?") == (only.code, only.path, only.help)


def test_keys_that_the_chosen_model_does_not_have_are_unknown() -> None:
    (only,) = problems(Schema, "store: {path: /a, bucket: b, region: us}")
    assert ("TC101", "store.path") == (only.code, only.path)
    (only,) = problems(Schema, "store: {path: /a, bucket: b}")
    assert ("TC101", "store.bucket") == (only.code, only.path)


def test_a_key_whose_model_lacks_another_key_is_reported() -> None:
    (only,) = problems(Schema, "store: {region: us}")
    assert ("TC101", "store.region", "1.yaml:1:9") == (only.code, only.path, str(only.origin))
    assert ("`region` goes with `bucket`, which no layer sets", "set `bucket` too, or remove it") == (
        only.message,
        only.help,
    )
    assert Bucket(bucket="b", region="us") == loaded(Schema, "store: {region: us}", "store: {bucket: b}").store


def test_an_input_that_cannot_be_read_may_set_the_other_key() -> None:
    assert ["TC001"] == [one.code for one in problems(Schema, "store: {region: us}", "store: [")]


def test_another_layer_may_set_the_other_key_of_a_file_checked_alone() -> None:
    root = MappingSource({"store": {"region": "us"}}).load().root
    assert () == try_check_tree(Schema, Tree(root))


def test_a_secret_of_a_model_may_come_from_vault() -> None:
    class Login(BaseModel):
        user: str
        token: Secret[str]

    class Holder(BaseModel):
        login: Local | Login | None = None

    found = attempt(Holder, "login: {user: u}")
    assert [] == [one for one in found.problems if one.severity == "error"]
    assert [("login", "token")] == [*found.secrets]


class Plain(BaseModel):
    kind: Literal["plain"]
    value: str = "x"


class Sealed(BaseModel):
    kind: Literal["sealed"]
    value: Secret[str]


class Shared(BaseModel):
    either: Plain | Sealed


def test_a_secret_is_masked_although_a_model_before_its_own_has_a_plain_value_by_that_key() -> None:
    error = refused(Shared, "either: {kind: sealed, value: hunter2hunter2, more: 3}")
    assert "hunter2" not in str(error)
    model = loaded(Shared, "either: {kind: sealed, value: hunter1hunter1}", "either: {value: hunter2hunter2}")
    assert "hunter" not in str(explain(model, "either.value"))


def test_a_key_of_two_models_accepts_references_if_the_chosen_one_does() -> None:
    environ = {"TOKEN": "hunter2hunter2"}
    chosen = loaded(Shared, "either: {kind: sealed, value: '${env:TOKEN}'}", environ=environ).either
    assert isinstance(chosen, Sealed)
    assert "hunter2hunter2" == chosen.value.get()
    found = attempt(Shared, "either: {kind: sealed, value: '${vault:secret/app#token}'}")
    assert ("secret/app#token",) == tuple(found.references)
    (only,) = problems(Shared, "either: {kind: plain, value: '${vault:secret/app#token}'}")
    assert ("TC302", "either.value") == (only.code, only.path)


@pytest.mark.parametrize("schema", [Schema, Tagged])
def test_a_tag_of_a_default_selects_its_model_until_a_layer_sets_another(schema: Any) -> None:
    assert Cat(lives=7) == loaded(schema, "pet: {lives: 7}").pet
    assert Dog() == loaded(schema, "pet: {kind: dog}").pet
    assert Dog(bark="loud") == loaded(schema, "either: {bark: loud}").either


def test_objects_keep_their_tags_when_a_part_of_the_settings_is_replaced() -> None:
    given = Schema(pet=Cat(lives=3), pets=[Dog(bark="loud")])
    assert given.model_copy(update={"either": Dog()}) == replace(given, either={"kind": "dog"})
    assert Cat(lives=4) == replace(given, {"pet.lives": 4}).pet


def test_the_model_that_lacks_nothing_is_the_chosen_one() -> None:
    class Keyed(BaseModel):
        key: str
        user: str

    class Holder(BaseModel):
        login: Keyed | Local | None = None

    (only,) = problems(Holder, "login: {key: k, path: /a}")
    assert "login.key" == only.path


def test_a_default_of_a_subclass_leaves_the_keys_that_the_declared_class_has() -> None:
    class Base(BaseModel):
        a: int = 1
        c: int = 0

    class Derived(Base):
        b: int = 2

    class Holder(BaseModel):
        base: Base = Derived(a=5, b=6)

    assert Derived(a=5, b=6) == loaded(Holder, "{}").base
    assert Base(a=5, c=9) == loaded(Holder, "base: {c: 9}").base


def test_each_model_of_a_union_has_its_own_defaults() -> None:
    class Slow(BaseModel):
        speed: Literal["slow"]
        wait: dict[str, int] = {"slow": 1}

    class Quick(BaseModel):
        speed: Literal["quick"]
        wait: dict[str, int] = {"quick": 1}

    class Holder(BaseModel):
        pace: Slow | Quick | None = None

    assert Quick(speed="quick", wait={"quick": 1, "x": 2}) == loaded(Holder, "pace: {speed: quick, wait: {x: 2}}").pace
