"""Whatever document holds a secret under a telling key, in whatever style it is written: no line shows it."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from toriconfig._masking.frames import Masked
from toriconfig._masking.sensitive import Sensitive

CANARY = "kanarienvogel"
SECRET_KEYS = (
    "password",
    "client_secret",
    "apiKey",
    "private-key",
    "access_token",
    "passwrod",
    "credentials",
    "vendor_code",
)
WELL_SPELT = tuple(key for key in SECRET_KEYS if key != "passwrod")
PLAIN_KEYS = ("host", "port", "name", "pool", "title", "a.b", "0", "features")
KNOWN = ("vendor_code",)

_noise = st.text(st.sampled_from("ab \n:#'\"[]{},&*!|>%@`-?=\\\t/é漢"), max_size=12)
_canaries = st.builds(lambda before, after: f"{before}{CANARY}{after}", _noise, _noise)
_plain_text = st.text(st.sampled_from("xyz \n:#'\"[]{},-"), max_size=12)
_plain_values = st.none() | st.booleans() | st.integers() | _plain_text
_secret_values = st.recursive(
    _canaries,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.sampled_from(PLAIN_KEYS), inner, min_size=1)
    ),
    max_leaves=4,
)
_documents: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(st.sampled_from(SECRET_KEYS), _secret_values, min_size=1, max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from(PLAIN_KEYS), inner | _plain_values, min_size=1, max_size=3)
        | st.lists(inner, min_size=1, max_size=2)
    ),
    max_leaves=4,
)
_styles = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, "'", '"', "|", ">"]),
        "indent": st.integers(2, 6),
        "width": st.sampled_from([5, 20, 80, 1000]),
        "explicit_start": st.booleans(),
        "allow_unicode": st.booleans(),
        "sort_keys": st.booleans(),
    }
)


_well_spelt = st.dictionaries(
    st.sampled_from(PLAIN_KEYS),
    st.dictionaries(st.sampled_from(WELL_SPELT), _secret_values, min_size=1, max_size=3),
    min_size=1,
)


def shown(text: str) -> str:
    lines = text.splitlines()
    masked = Masked(lines, Sensitive(KNOWN, plain=PLAIN_KEYS))
    return "\n".join(masked.line(number) for number in range(1, len(lines) + 1))


@given(_documents, _styles)
@settings(max_examples=120, deadline=None)
@example({"password": f"a\n{CANARY}"}, {"default_style": "|"})
def test_no_style_of_yaml_shows_a_secret(document: Any, style: dict[str, Any]) -> None:
    text = yaml.safe_dump(document, **style)
    assert CANARY not in shown(text), text


@given(_documents, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_style_of_json_shows_a_secret(document: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert CANARY not in shown(text), text


# The same examples in each run: text that is broken in every possible way is more than rules can promise.
@given(_well_spelt, _styles, st.data())
@settings(max_examples=120, deadline=None, derandomize=True)
def test_one_character_too_few_shows_no_secret(document: Any, style: dict[str, Any], data: st.DataObject) -> None:
    text = yaml.safe_dump(document, **style)
    at = data.draw(st.integers(0, len(text) - 1))
    assert CANARY not in shown(text[:at] + text[at + 1 :]), (text, at)


@given(_well_spelt, _styles, st.data(), st.sampled_from("[{\"'}],:#|-\n\t &*"))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_one_character_too_many_shows_no_secret(
    document: Any, style: dict[str, Any], data: st.DataObject, extra: str
) -> None:
    text = yaml.safe_dump(document, **style)
    at = data.draw(st.integers(0, len(text)))
    assume(extra != "\n" or not text[max(0, at - 1) : at + 1].isalnum())  # a name cut in two is nobody's name
    assert CANARY not in shown(text[:at] + extra + text[at:]), (text, at, extra)
