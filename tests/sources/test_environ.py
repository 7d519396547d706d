from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from toriconfig.sources import Source
from toriconfig.sources.environ import Environ
from toriconfig.testing import SourceContract


class TestEnviron(SourceContract):
    def good(self) -> Source:
        return Environ({"TORI_DATABASE__HOST": "db", "HOME": "/root"}, "TORI_")

    def broken(self) -> Source:
        return Environ({"TORI_X": "1", "tori_x": "2"}, "TORI_")


def values(environ: Mapping[str, str], prefix: str = "TORI_") -> dict[str, object]:
    tree = Environ(environ, prefix).load()
    assert tree.flat
    plain: dict[str, object] = tree.root.plain()
    return plain


def test_names_under_the_prefix_lose_it_and_are_upper_case() -> None:
    environ = {
        "TORI_A": "1",
        "tori_b__c": "2",
        "Tori_D": "",
        "TORI": "no",
        "TORI_": "no",
        "OTHER": "no",
        "XTORI_A": "no",
    }
    assert values(environ) == {"A": "1", "B__C": "2", "D": ""}


def test_every_variable_is_read_without_a_prefix() -> None:
    assert values({"Path": "p", "PORT": "tcp://10.0.0.1:80"}, "") == {"PATH": "p", "PORT": "tcp://10.0.0.1:80"}


def test_the_origin_is_the_variable_as_it_is_really_spelt() -> None:
    node = Environ({"tori_Db": "x"}, "TORI_").load().root.value["DB"]
    assert node.at == "tori_Db"
    assert str(node.origin) == "tori_Db"
    assert node.origin.layer == "env"


def test_two_spellings_are_a_problem_that_names_both_and_the_upper_case_one_is_taken() -> None:
    for environ in ({"TORI_X": "upper", "tori_x": "lower"}, {"tori_x": "lower", "TORI_X": "upper"}):
        tree = Environ(environ, "tori_").load()
        (problem,) = tree.problems
        assert problem.code == "TC502"
        assert "`TORI_X`" in problem.message
        assert "`tori_x`" in problem.message
        assert tree.root.plain() == {"X": "upper"}
        assert "lower" not in repr(tree.problems)


KUBERNETES = {
    "{0}_SERVICE_HOST": "10.0.0.1",
    "{0}_SERVICE_PORT": "8080",
    "{0}_SERVICE_PORT_HTTP": "8080",
    "{0}_PORT": "tcp://10.0.0.1:8080",
    "{0}_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    "{0}_PORT_8080_TCP_PROTO": "tcp",
    "{0}_PORT_8080_TCP_PORT": "8080",
    "{0}_PORT_8080_TCP_ADDR": "10.0.0.1",
}


@pytest.mark.parametrize("service", ["TORI", "TORI_API", "TORI_API_V2"])
def test_variables_of_kubernetes_for_a_service_are_ignored_by_settings(service: str) -> None:
    environ = {name.format(service): value for name, value in KUBERNETES.items()}
    assert values({**environ, "TORI_HOST": "mine", "TORI_API__PORT": "1"}) == {"HOST": "mine", "API__PORT": "1"}


def test_settings_named_like_a_service_are_kept() -> None:
    environ = {
        "TORI_SERVICE_HOST": "h",
        "TORI_SERVICE_PORT": "1",
        "TORI_PORT": "8080",
        "TORI_PORTS": "1",
        "TORI_PORT_X": "2",
    }
    assert len(values(environ)) == 5
    linked = {"TORI_PORT": "tcp://10.0.0.1:80", "TORI_PORT_X": "2", "TORI_PORTS": "3", "TORI_SERVICE_NAME": "4"}
    assert values(linked) == {"PORT_X": "2", "PORTS": "3", "SERVICE_NAME": "4"}


def test_a_value_that_is_not_utf8_is_a_problem_that_does_not_hold_it() -> None:
    tree = Environ({"TORI_X": "canary\udcff", "TORI_Y": "é漢"}, "TORI_").load()
    assert [problem.code for problem in tree.problems] == ["TC102"]
    assert "canary" not in repr(tree.problems)
    assert tree.root.plain() == {"Y": "é漢"}


def test_one_pass_reads_the_names_and_only_the_values_under_the_prefix() -> None:
    class Counting(dict[str, str]):
        passes = 0
        read: list[str] = []  # noqa: RUF012 - one instance

        def __iter__(self) -> Iterator[str]:
            self.passes += 1
            return super().__iter__()

        def __getitem__(self, name: str) -> str:
            self.read.append(name)
            return super().__getitem__(name)

    environ = Counting({f"OTHER_{number}": "x" for number in range(100)}, TORI_A="1")
    Environ(environ, "TORI_").load()
    assert environ.passes == 1
    assert environ.read == ["TORI_A"]
