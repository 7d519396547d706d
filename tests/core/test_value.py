"""Values: for their users they are frozen dataclasses."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from toriconfig._core.value import Value


class Place(Value):
    file: str
    line: int = 1


class Bounded(Value):
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("size is 0 or more")


def test_fields_are_given_by_position_or_name_and_the_rest_has_defaults() -> None:
    place = Place("a.yaml")
    assert ("a.yaml", 1) == (place.file, place.line)
    assert Place("a.yaml", 2) == Place(line=2, file="a.yaml")
    assert "Place(file='a.yaml', line=1)" == repr(place)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Place, "needs `file`"),
        (lambda: Place("a", 1, 2), "each once"),  # type: ignore[call-arg]
        (lambda: Place("a", file="b"), "each once"),  # type: ignore[misc]
        (lambda: Place("a", row=2), "each once"),  # type: ignore[call-arg]
    ],
)
def test_a_call_that_a_dataclass_would_refuse_is_refused(make: Callable[[], Place], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        make()


def test_values_are_equal_if_class_and_fields_are_equal() -> None:
    assert Place("a") == Place("a")
    assert hash(Place("a")) == hash(Place("a"))
    assert Place("a") != Place("b")
    assert Place("a") != ("a", 1)
    assert Bounded(1) != Place("a")


def test_no_value_can_be_changed() -> None:
    place = Place("a")
    with pytest.raises(AttributeError, match="cannot be changed"):
        place.line = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot be changed"):
        del place.line
    assert 1 == place.line


def test_a_copy_and_a_pickle_are_equal() -> None:
    place = Place("a", 3)
    assert place == copy.deepcopy(place)
    assert place == pickle.loads(pickle.dumps(place))
    assert Place("a", 4) == place.replaced(line=4)


def test_values_that_the_class_refuses_are_refused_in_a_replacement_too() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Bounded(1).replaced(size=-1)
