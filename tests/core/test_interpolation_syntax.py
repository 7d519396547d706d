"""References: the syntax of `${...}` in a string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toriconfig._core.interpolation_syntax import Malformed, Reference, parse


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("plain", ["plain"]),
        ("${env:A}", [Reference("env", "A")]),
        ("${env:A:-x y}", [Reference("env", "A", "x y")]),
        ("${env:A:-}", [Reference("env", "A", "")]),
        ("${env:A:?set A, please}", [Reference("env", "A", None, "set A, please")]),
        ("${env:A:-b:?c}", [Reference("env", "A", "b:?c")]),
        ("${vault:secret/tori#api_key}", [Reference("vault", "secret/tori#api_key")]),
        ("${vault:secret/tori?version=3#k}", [Reference("vault", "secret/tori?version=3#k")]),
        ("${vault:database/creds/ingest}", [Reference("vault", "database/creds/ingest")]),
        ("${other.key}", [Reference("key", "other.key")]),
        ('${weights."a.b"}', [Reference("key", 'weights."a.b"')]),
        ("${servers[0].host}", [Reference("key", "servers[0].host")]),
        ("${profile}", [Reference("profile", "profile")]),
        ("${ profile }", [Reference("profile", "profile")]),
        ("${file:/run/x y}", [Reference("file", "/run/x y")]),
        ("a${env:A}b${env:B}", ["a", Reference("env", "A"), "b", Reference("env", "B")]),
        ("$${env:A}", ["${env:A}"]),
        ("a$${b}${env:A}", ["a${b}", Reference("env", "A")]),
        ("$5 and $ and {x}", ["$5 and $ and {x}"]),
        ("${env:A}}", [Reference("env", "A"), "}"]),
    ],
)
def test_each_form_is_read(text: str, parts: list[object]) -> None:
    assert parts == parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("${env:A", "TC306"),
        ("x ${", "TC306"),
        ("${}", "TC306"),
        ("${env:}", "TC306"),
        ("${env:1A}", "TC306"),
        ("${env:A B}", "TC306"),
        ("${env: A}", "TC306"),
        ("${env:ÄÖ}", "TC306"),
        ("${a..b}", "TC306"),
        ("${a.}", "TC306"),
        ("${file:}", "TC306"),
        ("${file:a\0b}", "TC306"),
        ("${env:A:-${env:B}}", "TC306"),
        ("${consul:x}", "TC301"),
        ("${VAULT:x#y}", "TC301"),
        ("${vault:}", "TC404"),
        ("${vault:/secret#k}", "TC404"),
        ("${vault:secret/../sys/health#k}", "TC404"),
        ("${vault:secret/x#}", "TC404"),
        ("${vault:secret/x?version=0#k}", "TC404"),
        ("${vault:secret/x?lease=1#k}", "TC404"),
        ("${vault:secret/a b#k}", "TC404"),
        ("${vault:secret/%2e%2e/x#k}", "TC404"),
    ],
)
def test_a_malformed_reference_is_reported_with_its_code(text: str, code: str) -> None:
    found = parse(text)
    assert isinstance(found, Malformed)
    assert code == found.code
    assert found.expected
    assert found.help


def test_a_near_miss_of_a_kind_is_named() -> None:
    found = parse("${valt:secret/x#k}")
    assert isinstance(found, Malformed)
    assert "did you mean `${vault:...}`?" == found.help


_URL = ("url",)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("${vault:secret/db#k|url}", [Reference("vault", "secret/db#k", forms=_URL)]),
        ("${vault:secret/db#k | url }", [Reference("vault", "secret/db#k", forms=_URL)]),
        ('${vault:secret/"a|b"#"c|d"|url}', [Reference("vault", 'secret/"a|b"#"c|d"', forms=_URL)]),
        ("${env:A:-b|c}", [Reference("env", "A", "b|c")]),
        ("${env:A:-b|c|url}", [Reference("env", "A", "b|c", forms=_URL)]),
        ("${env:A:?set|it|url}", [Reference("env", "A", None, "set|it", forms=_URL)]),
        ("${env:A:-b|url|c}", [Reference("env", "A", "b|url|c")]),
        ("${profile|url}", [Reference("profile", "profile", forms=_URL)]),
    ],
)
def test_one_form_is_allowed_before_the_brace(text: str, parts: list[object]) -> None:
    assert parts == parse(text)


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("${vault:secret/db#k|url|url}", "`|url` is given twice", "write `|url` once"),
        ("${vault:secret/db#k | url | url }", "`|url` is given twice", "write `|url` once"),
        ("${env:A|url|url}", "`|url` is given twice", "write `|url` once"),
        ("${env:A:-b|url|url}", "`|url` is given twice", "write `|url` once"),
        ("${file:/x|url|url|url}", "`|url` is given twice", "write `|url` once"),
        ("${a.b|url|url}", "`|url` is given twice", "write `|url` once"),
        ("${vault:secret/db#k|URL}", "unknown form after `|`", "did you mean `|url`?"),
        ("${vault:secret/db#k|Url|url}", "unknown form after `|`", "did you mean `|url`?"),
        ("${env:A:-b|URL}", "unknown form after `|`", "did you mean `|url`?"),
        ("${vault:secret/db#k|ulr}", "unknown form after `|`", "did you mean `|url`?"),
        ("${env:A|url:-b}", "unknown form after `|`", "`|url` belongs after the default"),
        ("${vault:secret/db#k|}", "unknown form after `|`", "put it in quotes"),
        ("${vault:secret/db#k||url}", "unknown form after `|`", "put it in quotes"),
        ("${vault:secret/db#k|url|}", "unknown form after `|`", "put it in quotes"),
        ("${vault:secret/db#k|base64}", "unknown form after `|`", "put it in quotes"),
        ("${vault:secret/db#k|base64|url}", "unknown form after `|`", "put it in quotes"),
        ("${vault:secret/a|b#k|url}", "unknown form after `|`", "put it in quotes"),
    ],
)
def test_another_form_or_the_same_twice_is_an_error(text: str, message: str, help: str) -> None:
    found = parse(text)
    assert isinstance(found, Malformed)
    assert ("TC306", message) == (found.code, found.message)
    assert help in found.help


@given(st.text(alphabet='${}:-?#abvault env.[]"\\ \0é\n', max_size=40))
def test_any_text_is_read_or_reported_and_never_raises(text: str) -> None:
    found = parse(text)
    assert isinstance(found, (list, Malformed))


@given(st.text(max_size=30).filter(lambda text: "${" not in text))
def test_text_without_a_reference_stays_as_it_is(text: str) -> None:
    assert [text] * bool(text) == parse(text)


@given(st.text(alphabet="ab{}: $", max_size=20).filter(lambda text: not text.endswith("$")))
def test_an_escaped_opening_is_literal_before_any_text(text: str) -> None:
    if "${" not in text:
        assert ["${" + text] == parse("$${" + text)
