"""`replace`, `snapshot`, `load`: their results are frozen, validated, and share no mutable object."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import threading
from itertools import count
from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, PrivateAttr, field_validator

from toriconfig import ConfigError, Secret, SettingsConfigDict, explain, health, lazy, load, override, replace, snapshot
from toriconfig._load.snapshot import snapshot_of


class Pool(BaseModel):
    size: int = Field(default=3, ge=1)
    hosts: list[str] = ["a", "b"]
    tags: dict[str, list[int]] = {"x": [1]}
    names: set[str] = {"n"}


class Schema(BaseModel):
    pool: Pool = Field(default_factory=Pool)
    name: str = "base"
    token: Secret[str] = Secret("t0ken")


def mutables(value: Any) -> set[int]:
    """Identities of everything in a model that could be changed."""
    if isinstance(value, BaseModel):
        return {id(value)}.union(*map(mutables, value.__dict__.values()))
    if isinstance(value, dict):
        return {id(value)}.union(*map(mutables, value.values()))
    if isinstance(value, (list, set)):
        return {id(value)}.union(*map(mutables, value))
    return set()


def test_updates_by_path_and_nested_are_merged() -> None:
    base = load(Schema, offline=True)
    changed = replace(base, {"pool.size": 9}, pool={"hosts": ["c"]}, name="new")
    assert (changed.pool.size, changed.pool.hosts, changed.name) == (9, ["c"], "new")
    assert (base.pool.size, base.pool.hosts, base.name) == (3, ["a", "b"], "base")


@pytest.mark.parametrize("make", [lambda: load(Schema, offline=True), Schema, lambda: lazy(Schema, offline=True)])
def test_without_updates_it_is_an_isolated_deep_copy(make: Any) -> None:
    base = make()
    copied = replace(base)
    assert copied == snapshot(base)
    assert mutables(copied).isdisjoint(mutables(snapshot(base)))


def test_updates_are_validated() -> None:
    with pytest.raises(ConfigError, match=r"pool\.size"):
        replace(load(Schema, offline=True), {"pool.size": 0})


def test_an_update_that_is_no_path_or_is_given_twice_is_refused() -> None:
    base = load(Schema, offline=True)
    for updates in ({"pool..size": 1}, {"pool.size": 1, "pool": {"size": 2}}, {"pool.hosts[0]": "x"}):
        with pytest.raises(ConfigError, match=r"overrides"):
            replace(base, updates)


def test_the_reference_of_an_optional_secret_that_is_none_survives_a_replacement() -> None:
    class Optional(BaseModel):
        token: Secret[str] | None = None
        name: str = "x"

    base = load(Optional, overrides={"token": "${vault:secret/a#k}"}, offline=True)
    assert base.token is None
    for one in (base, replace(base, name="y")):
        known = snapshot_of(one)
        assert known is not None
        assert {("token",): ("secret/a#k",)} == known.declared
        assert {("token",): "${vault:secret/a#k}"} == known.source_texts


class Renamed(BaseModel):
    model_config = SettingsConfigDict(renamed={"amount": "pool.size"})
    pool: Pool = Pool()
    host: str = Field("a", validation_alias=AliasChoices("host", "hostname"))


def test_an_update_may_use_an_alias_or_a_former_name() -> None:
    base = load(Renamed, overrides={"hostname": "b"}, offline=True)
    assert ("c", 9) == (replace(base, host="c").host, replace(base, amount=9).pool.size)
    assert "d" == replace(replace(base, host="c"), hostname="d").host


def test_replaced_settings_name_the_layers_that_were_read() -> None:
    base = load(Schema, overrides={"name": "given"}, offline=True)
    assert health(base).layers
    assert health(base).layers == health(replace(base, name="new")).layers


def test_a_null_that_the_field_does_not_accept_is_a_warning_also_over_a_default() -> None:
    changed = replace(load(Schema, offline=True), {"name": None, "pool.size": None})
    assert ("base", 3) == (changed.name, changed.pool.size)
    warnings = health(changed).warnings
    assert ["`name` is null" in one or "`pool.size` is null" in one for one in warnings] == [True, True]


def test_an_unknown_key_is_refused_with_the_near_miss() -> None:
    with pytest.raises(ConfigError, match="did you mean `size`"):
        replace(load(Schema, offline=True), {"pool.szie": 1})


def test_secrets_travel_as_handles_and_can_be_replaced() -> None:
    base = load(Schema, offline=True)
    assert replace(base, name="x").token is base.token
    assert replace(base, token="0ther").token.get() == "0ther"


def test_objects_given_as_updates_are_not_shared() -> None:
    mine = Pool(hosts=["mine"])
    changed = replace(load(Schema, offline=True), pool=mine)
    assert changed.pool.hosts == ["mine"]
    assert changed.pool is not mine
    mine.hosts.append("later")
    assert changed.pool.hosts == ["mine"]


def test_two_loads_share_no_mutable_object() -> None:
    overrides = {"pool": {"hosts": ["q"]}}
    one, two = load(Schema, overrides=overrides, offline=True), load(Schema, overrides=overrides, offline=True)
    assert one == two
    assert mutables(one).isdisjoint(mutables(two))


@pytest.mark.parametrize(
    "change",
    [
        lambda pool: pool.hosts.append("x"),
        lambda pool: pool.hosts.__setitem__(0, "x"),
        lambda pool: pool.tags.update(y=[2]),
        lambda pool: pool.tags["x"].append(2),
        lambda pool: pool.names.add("x"),
        lambda pool: pool.names.__ior__({"x"}),
    ],
)
def test_containers_of_a_snapshot_refuse_to_be_changed(change: Any) -> None:
    with pytest.raises(TypeError, match="replace"):
        change(load(Schema, offline=True).pool)


def test_frozen_containers_are_still_lists_dicts_and_sets() -> None:
    pool = load(Schema, offline=True).pool
    kept: tuple[object, ...] = (pool.hosts, pool.tags, pool.names)
    assert [isinstance(value, kind) for value, kind in zip(kept, (list, dict, set), strict=True)] == [True] * 3
    assert pool == Pool()
    assert pool.model_dump() == Pool().model_dump()
    assert pool.model_dump_json() == Pool().model_dump_json()
    assert pickle.loads(pickle.dumps(pool)) == Pool()


def test_a_deep_copy_is_independent() -> None:
    copied = copy.deepcopy(load(Schema, offline=True))
    copied.pool.hosts.append("c")
    copied.pool.tags["x"].append(2)
    assert copied.pool.hosts == ["a", "b", "c"]


def test_models_that_were_not_loaded_are_explained_and_have_health() -> None:
    model = Schema(name="given")
    assert str(explain(model, "name").origin).startswith("Schema")
    assert health(model).loaded


@pytest.mark.parametrize("function", [replace, lambda value: explain(value, "x"), health])
def test_an_object_that_is_not_settings_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="settings"):
        function(object())


_numbers = count()


class Numbered(BaseModel):
    number: int = Field(default_factory=_numbers.__next__)
    size: int = 0


class Run(BaseModel):
    number: int = Field(default_factory=_numbers.__next__)
    size: int = 0
    made: Numbered = Field(default_factory=Numbered)
    default: Numbered = Numbered(size=1)
    several: list[Numbered] = []
    by_name: dict[str, Numbered] = {}
    free: dict[str, int] = Field(default_factory=lambda: {"number": next(_numbers)})
    twice: int = Field(default_factory=lambda said: 2 * said["size"])


GIVEN = {"several": [{}], "by_name": {"one": {}}}
PARTS = {"made.size": 8, "default.size": 8, "by_name.one.size": 8, "free.more": 8}


def numbers(run: Run) -> list[int]:
    """The numbers that the factories returned."""
    numbered: tuple[Run | Numbered, ...] = (run, run.made, run.default, *run.several, *run.by_name.values())
    return [*(model.number for model in numbered), run.free["number"]]


@pytest.mark.parametrize("updates", [{}, {"size": 7}, PARTS])
def test_a_factory_result_is_kept(updates: dict[str, int]) -> None:
    settings = lazy(Run, overrides=GIVEN, environ={})
    before = numbers(settings)
    assert before == numbers(replace(settings, updates))
    assert before == numbers(replace(Run(**snapshot(settings).__dict__), updates))
    with override(settings, updates):
        assert before == numbers(settings)
        assert before == numbers(replace(settings, updates))


def test_a_factory_that_is_given_other_fields_follows_them() -> None:
    assert 14 == replace(load(Run), size=7).twice


def test_a_deterministic_factory_result_counts_as_not_set() -> None:
    assert {"name"} == replace(load(Schema, offline=True), name="x").model_fields_set - {"token"}


def test_values_that_cannot_be_copied_are_created_again() -> None:
    class Locked(BaseModel):
        size: int = 0
        lock: Any = Field(default_factory=threading.Lock)
        _own: Any = PrivateAttr(default_factory=threading.Lock)

    base = load(Locked)
    assert replace(base).lock is not base.lock
    assert 1 == replace(base, size=1).size


def test_without_updates_no_validator_runs_again() -> None:
    class Milliseconds(BaseModel):
        wait: int = 0

        @field_validator("wait")
        @classmethod
        def _from_seconds(cls, value: int) -> int:
            return value * 1000

    assert 2000 == replace(Milliseconds(wait=2)).wait
    assert 2000 == replace(load(Milliseconds, overrides={"wait": 2})).wait


def test_a_value_inside_another_value_is_kept() -> None:
    class Inside(BaseModel):
        size: int = 0
        first: int = Field(1, validation_alias=AliasPath("all", 0))
        last: int = Field(2, validation_alias=AliasPath("all", 1))
        deep: int = Field(3, validation_alias=AliasPath("tree", "a", 1))

    class Holder(BaseModel):
        inside: Inside = Inside.model_validate({"all": [7, 8], "tree": {"a": [0, 9]}})

    inside = Holder().inside
    assert (7, 8, 9) == (inside.first, inside.last, inside.deep)
    assert inside.model_copy(update={"size": 5}) == replace(inside, size=5)
    assert inside.model_copy(update={"size": 5}) == load(Holder, overrides={"inside": {"size": 5}}).inside


class Wide(Pool):
    width: int = 0


def test_an_object_of_a_subclass_stays_whole_until_a_part_of_it_is_set() -> None:
    wide = Wide(size=5, hosts=["w"], width=6)
    for base in (Schema(pool=wide), load(Schema, overrides={"pool": wide}, offline=True)):
        assert wide == replace(base, name="x").pool
        assert Pool(size=9, hosts=["w"]) == replace(base, {"pool.size": 9}).pool


@dataclasses.dataclass
class Record:
    size: int = 1
    hosts: list[str] = dataclasses.field(default_factory=list)


class Holder(BaseModel):
    number: int = 0
    anything: Any = None
    pools: list[Pool] = []
    by_name: dict[str, Pool] = {}
    record: Record = Record(hosts=["default"])


@pytest.mark.parametrize("thing", [Pool(size=5), [Pool(size=5)], {"a": Wide(width=6)}, Record(size=5)])
def test_objects_are_unchanged_at_any_position(thing: Any) -> None:
    given: dict[str, Any] = {"anything": thing, "pools": [Wide(width=1)], "by_name": {"a": Wide(width=2)}}
    for base in (Holder(**given), load(Holder, overrides=given)):
        assert base.model_copy(update={"number": 1}) == replace(base, number=1)


def test_part_of_a_dataclass_leaves_the_rest() -> None:
    assert Record(size=2, hosts=["default"]) == load(Holder, overrides={"record": {"size": 2}}).record
    given: dict[str, Any] = {"record": Record(hosts=["given"])}
    for base in (Holder(**given), load(Holder, overrides=given)):
        assert Record(size=2, hosts=["given"]) == replace(base, {"record.size": 2}).record


def test_a_part_of_an_object_that_code_passed_is_merged_into_it() -> None:
    changed = replace(load(Schema, overrides={"pool": Pool(size=5, hosts=["q"])}, offline=True), {"pool.size": 9})
    assert Pool(size=9, hosts=["q"]) == changed.pool
    assert 'overrides["pool"]' == str(explain(changed, "pool.hosts").origin)
