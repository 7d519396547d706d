"""No line shows a secret under a sensitive key, in any document and any style."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
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
PLAIN_KEYS = ("host", "port", "name", "pool", "title", "a.b", "0", "features")
KNOWN = ("vendor_code",)
_NAME = re.compile(r"[\w-]{2}")

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


# No examples of Hypothesis: it draws constants from the modules that other tests have imported, so that a seed fixes
# nothing, and text that is broken in every possible way is more than rules can promise.
BROKEN: tuple[Any, ...] = (
    {"pool": {"password": f"it's {CANARY}", "host": "xyz"}},
    {"pool": {"access_token": [CANARY, f"#{CANARY}: x"], "credentials": {"port": CANARY, "a.b": f"{CANARY}!"}}},
    {"0": {"client_secret": {"title": {"name": f"{{{CANARY}"}, "host": [f"]{CANARY}", CANARY]}, "apiKey": CANARY}},
    {"name": {"vendor_code": {"pool": f"`|}}\n{CANARY}", "port": f"a,\n ]{CANARY}"}, "private-key": [[f"- {CANARY}"]]}},
)
STYLES: tuple[dict[str, Any], ...] = (
    *({"default_flow_style": False, "default_style": style, "width": 20} for style in (None, "'", '"', "|", ">")),
    *({"default_flow_style": True, "default_style": style, "width": 20} for style in (None, "'", '"')),
    {"default_flow_style": None, "width": 5, "indent": 4, "explicit_start": True},
    {"default_flow_style": True, "width": 1000},
)
TEXTS = [yaml.safe_dump(document, **style) for document in BROKEN for style in STYLES]
TEXTS += [json.dumps(document, indent=indent) for document in BROKEN for indent in (None, 2)]


@pytest.mark.parametrize("text", TEXTS)
def test_one_character_too_few_shows_no_secret(text: str) -> None:
    assert [] == [at for at in range(len(text)) if CANARY in shown(text[:at] + text[at + 1 :])]


@pytest.mark.parametrize("text", TEXTS[::3])
def test_one_character_too_many_shows_no_secret(text: str) -> None:
    """One within a name makes it another one; a bracket that closes, a `#` or a line break can make another valid text."""
    places = [at for at in range(len(text) + 1) if not _NAME.fullmatch(text[max(0, at - 1) : at + 1])]
    leaks = [(at, one) for at in places for one in "[{\"',:|-\t &*" if CANARY in shown(text[:at] + one + text[at:])]
    assert [] == leaks
