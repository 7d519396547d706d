"""Errors of a custom source: each is a problem that names the source, and shows no value."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from support.own_source import App, Store, refused
from toriconfig import ConfigError, Origin, Problem, SettingsConfigDict, Vault, check, lazy, load
from toriconfig._core.trust import TRUSTED_LAYERS
from toriconfig.sources import Tree, tree
from toriconfig.testing import Canary


def test_an_exception_of_a_source_is_a_problem_that_names_it_and_its_line(canary: Canary) -> None:
    store = Store({})
    store.wrong = ConnectionError(canary.secret)
    with pytest.raises(ConfigError) as caught:
        load(App, sources=[store])
    (found,) = caught.value.problems
    line = Store.load.__code__.co_firstlineno + 3
    assert ("TC505", f"the source Store raised ConnectionError at own_source.py:{line}") == (found.code, found.message)
    assert "Store" == str(found.origin)
    canary.absent_from(caught.value, pickle.dumps(caught.value))
    assert None is caught.value.__context__


def test_the_line_of_an_exception_raised_at_any_depth_is_one_of_the_source() -> None:
    class Reads:
        def load(self) -> Tree:
            return tree(json.loads("{"), "x")

    line = Reads.load.__code__.co_firstlineno + 1
    assert (
        f"the source Reads raised json.decoder.JSONDecodeError at test_source_refused.py:{line}"
        == refused(App, Reads()).message
    )


def test_the_other_problems_are_found_beside_a_source_that_fails_but_no_missing_key() -> None:
    class Needs(App):
        name: str

    store = Store({})
    store.wrong = OSError()
    with pytest.raises(ConfigError) as caught:
        load(Needs, sources=[store], overrides={"size": "x"})
    assert ["TC102", "TC505"] == sorted(one.code for one in caught.value.problems)


def test_two_sources_of_one_class_are_distinguished() -> None:
    good, bad = Store({}), Store({})
    bad.wrong = OSError()
    assert "the source Store (sources[1]) raised OSError" in refused(App, good, bad).message


class Returns:
    def __init__(self, make: Callable[[], Any]) -> None:
        self.load = make


async def _coroutine() -> Tree:
    return tree({}, "x")


@pytest.mark.parametrize(
    ("make", "what"), [(dict, "a dict"), (lambda: None, "a NoneType"), (_coroutine, "a coroutine"), (str, "a str")]
)
def test_a_result_that_is_not_a_tree_is_a_problem_with_its_remedy(make: Callable[[], Any], what: str) -> None:
    found = refused(App, Returns(make))
    assert ("TC505", f"the source Returns returned {what}") == (found.code, found.message)
    assert "`load` returns `toriconfig.sources.tree(values, name)`" == found.help


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ([{"size": 2}], "a dict"), ({}, "a dict"), ("consul", "a str"), ([Store], "the class Store"),
        ([Store({}), None], "a NoneType"), (Store, "the class Store"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ask", [load, lazy, check])
def test_an_object_that_is_not_a_source_is_refused_at_once(ask: Any, given: Any, what: str) -> None:
    with pytest.raises(TypeError) as caught:
        ask(App, sources=given)
    assert f"option `sources` is a list of objects with `load() -> Tree`, but contains {what}" == str(caught.value)


def test_one_source_equals_a_list_of_one_and_none_is_no_source() -> None:
    options: Any = {"sources": Store({"size": 2})}
    assert 2 == load(App, **options).size
    options["sources"] = None
    assert 1 == load(App, **options).size


def test_a_source_reports_problems_of_its_own() -> None:
    class Needs(App):
        name: str

    origin = Origin("source", "consul")
    store = Store({}, problems=[Problem("TC505", origin=origin, message="no answer", help="start it")])
    found = refused(Needs, store)
    assert ("no answer", "start it") == (found.message, found.help)


@pytest.mark.parametrize(
    "how",
    [
        {"places": {("size",): "3:1"}}, {"places": {("size",): (3,)}}, {"places": {("size",): (3, "1")}},
        {"problems": ["no answer"]},
    ],
)  # fmt: skip
def test_places_and_problems_of_another_type_are_refused_where_the_tree_is_built(how: Any) -> None:
    assert "raised TypeError at own_source.py" in refused(App, Store({}, **how)).message


def test_the_data_of_a_source_is_no_mapping() -> None:
    found = refused(App, Store(["size"]))
    assert ("TC007", "consul holds a list") == (found.code, found.message)


@pytest.mark.parametrize(
    ("key", "value"), [("address", "https://elsewhere:8200"), ("auth", {"method": "token", "token": "x"})]
)
def test_a_source_does_not_set_the_destination_of_credentials(key: str, value: Any) -> None:
    found = refused(App, Store({"vault": {key: value}}), vault=Vault())
    assert ("TC504", True) == (found.code, "may not come from a source" in found.message)
    load(App, sources=[Store({"vault": {key: value}})], vault=Vault(allow_file_address=True), offline=True)


@pytest.mark.parametrize("kind", sorted(TRUSTED_LAYERS))
def test_a_source_cannot_claim_a_more_trusted_layer(kind: str) -> None:
    found = refused(App, Store({"vault": {"address": "https://elsewhere:8200"}}, kind=kind), vault=Vault())
    assert ("TC505", f"the source Store returned a tree of the kind {kind}") == (found.code, found.message)
    assert "`load` returns `toriconfig.sources.tree(values, name)`" == found.help


def test_settings_that_were_given_a_source_are_not_pickled_and_those_of_a_class_are() -> None:
    with pytest.raises(TypeError, match="a source may hold credentials"):
        pickle.dumps(lazy(App, sources=[Store({})]))
    settings = pickle.loads(pickle.dumps(lazy(Declared)))
    assert 9 == settings.size


class Declared(App):
    model_config = SettingsConfigDict(sources=[Store({"size": 9})])
