"""The docstrings of public names: every parameter is described, and every described parameter exists."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from reference.names import ROOMS, names_of
from toriconfig._core.value import Value
from toriconfig.rotation import Kind
from toriconfig.vault import LoginMethod

PROTOCOLS = (Kind, LoginMethod)  # they describe the parameters of their methods for every class that implements them
SECTION = re.compile(r"^(\w+):\n((?:(?: .*)?\n)*)", re.MULTILINE)
ENTRY = re.compile(r"^ {4}([a-z_][\w, ]*): ", re.MULTILINE)


def public(module: str) -> Iterator[tuple[str, Any]]:
    """The functions and classes of this package that a module offers."""
    for name, value in names_of(module):
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("toriconfig"):
            yield f"{module}.{name}", value


def entries(owner: Any, *sections: str) -> set[str]:
    """The names that the sections of a docstring describe."""
    text = inspect.cleandoc(owner.__doc__ or "") + "\n"
    found = [body for title, body in SECTION.findall(text) if title in sections]
    return {name.strip() for body in found for names in ENTRY.findall(body) for name in names.split(",")}


def parameters(function: Callable[..., Any]) -> set[str]:
    bound = {"self", "cls"} if "." in function.__qualname__ else set()
    return {name for name in inspect.signature(function).parameters if name not in bound}


def methods(owner: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in vars(owner).items():
        function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        if inspect.isfunction(function) and (not name.startswith("_") or name == "__call__"):
            yield name, function


def in_protocol(owner: type, name: str) -> bool:
    return any(name in vars(one) and owner is not one for one in PROTOCOLS)


def functions() -> dict[str, Callable[..., Any]]:
    """The public functions, and the methods of public classes."""
    found: dict[str, Callable[..., Any]] = {}
    for name, value in [pair for module in ROOMS for pair in public(module)]:
        if inspect.isfunction(value):
            found[name] = value
        else:
            found |= {f"{name}.{method}": one for method, one in methods(value) if not in_protocol(value, method)}
    return found


def classes() -> dict[str, type]:
    return {name: value for module in ROOMS for name, value in public(module) if inspect.isclass(value)}


def made_by(owner: type) -> set[str]:
    """The parameters of the constructor, where the package defines it."""
    if issubclass(owner, Value):
        return set(owner.__annotations__)
    if issubclass(owner, BaseModel) or getattr(owner, "_is_protocol", False) or issubclass(owner, dict):
        return set()
    if owner.__init__ in (object.__init__, Exception.__init__, UserWarning.__init__):
        return set(getattr(owner, "_fields", ()))
    return parameters(owner.__init__)


FUNCTIONS, CLASSES = functions(), classes()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_args_of_a_public_function_are_its_parameters(name: str) -> None:
    function = FUNCTIONS[name]
    if function.__name__.startswith("test_"):  # the name of a test is its sentence
        return
    assert function.__doc__, f"{name} has no docstring"
    assert entries(function, "Args") == parameters(function)


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_describes_each_parameter_of_its_constructor(name: str) -> None:
    described = {entry for base in CLASSES[name].__mro__ for entry in entries(base, "Args", "Attributes")}
    assert CLASSES[name].__doc__, f"{name} has no docstring"
    assert made_by(CLASSES[name]) - described == set()


@pytest.mark.parametrize("name", CLASSES)
def test_the_args_of_a_public_class_are_parameters_of_its_constructor(name: str) -> None:
    assert entries(CLASSES[name], "Args") - made_by(CLASSES[name]) == set()


@pytest.mark.parametrize("name", CLASSES)
def test_the_attributes_that_a_public_class_describes_exist(name: str) -> None:
    owner = CLASSES[name]
    source = "".join(inspect.getsource(base) for base in owner.__mro__ if base.__module__.startswith("toriconfig"))
    described = entries(owner, "Attributes")
    missing = {one for one in described if not re.search(rf"\b(self\.{one}\b|{one}: |{one} = |def {one}\b)", source)}
    assert missing - set(getattr(owner, "__slots__", ())) == set()


def test_the_test_covers_every_public_name() -> None:
    assert {"toriconfig.load", "toriconfig.vault.LoginTools.read", "toriconfig.rotation.Rotation.run"} <= set(FUNCTIONS)
    assert {"toriconfig.Origin", "toriconfig.rotation.Rotation", "toriconfig.vault.Vault"} <= set(CLASSES)
