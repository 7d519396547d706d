"""Masked lines of excerpts. HUNTER stands for a secret: it must be masked, and other text should be shown."""

from __future__ import annotations

import pytest

from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._masking.frames import Masked, excerpt, mask_line
from toriconfig._masking.sensitive import Sensitive


def shown(text: str, sensitive: Sensitive | None = None) -> str:
    lines = text.splitlines()
    masked = Masked(lines, sensitive)
    return "\n".join(masked.line(number) for number in range(1, len(lines) + 1))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("password: HUNTER", f"password: {MASK}"),
        ('  "password": "HUNTER"', f'  "password": {MASK}'),
        ("password: HUNTER  # was HUNTER", f"password: {MASK}"),
        ("- token: HUNTER", f"- token: {MASK}"),
        ("{user: x, password: HUNTER, host: y}", f"{{user: x, password: {MASK}"),
        ("{'api_key':'HUNTER'}", f"{{'api_key':{MASK}"),
        ("&a secret: &b !!str HUNTER", f"&a secret: {MASK}"),
        ("url: postgresql://u:HUNTER@db/x  # HUNTER", f"url: postgresql://{MASK}"),
        ("url: redis://:HUN/TER@db", f"url: redis://{MASK}"),
        ("url: https://h/x?token=HUNTER&y=1", f"url: https://h/x?token={MASK}"),
        ("dsn_line: host=x password=HUNTER", f"dsn_line: {MASK}"),
        ("proxy: u:HUNTER@proxy:3128", f"proxy: {MASK}"),
        ("header: Bearer HUNTER", f"header: {MASK}"),
        ("x: ghp_HUNTER", f"x: {MASK}"),
        ("host: db  # the password is HUNTER", f"host: db  # {MASK}"),
        ("# password: HUNTER", f"# {MASK}"),
        ("passwrod: HUNTER", f"passwrod: {MASK}"),
        ("password HUNTER", f"password {MASK}"),
        ("password\uff1a HUNTER", f"password\uff1a {MASK}"),
        ("TORI_API_KEY=HUNTER", f"TORI_API_KEY={MASK}"),
    ],
)
def test_a_secret_in_a_line_is_masked_to_the_end_of_the_line(line: str, expected: str) -> None:
    assert mask_line(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "host: db.example.org  # the main one",
        "url: https://example.org/a?b=c",
        "api_key: ${vault:secret/tori#api_key}",
        'password: "${env:DB_PASSWORD}"',
        "password:",
        "author: somebody",
        "when: 12:30:00",
    ],
)
def test_a_line_without_a_secret_is_shown_as_it_is(line: str) -> None:
    assert mask_line(line) == line


@pytest.mark.parametrize("line", ["password: ${env:X:-HUNTER}", "password: ${vault:x#y} HUNTER", "password: ${HUNTER"])
def test_a_reference_is_shown_only_if_it_is_the_whole_text(line: str) -> None:
    assert "HUNTER" not in mask_line(line)


@pytest.mark.parametrize("length", [1, 4, 40])
def test_the_mask_has_a_constant_length(length: int) -> None:
    assert mask_line(f"password: {'x' * length}") == f"password: {MASK}"


SPREAD = {
    "a literal block": "private_key: |\n  HUNTER\n  a: HUNTER\n\n  HUNTER\nhost: shown",
    "a folded block": "x:\n  secret: >-\n    HUNTER\n    HUNTER\n  host: shown",
    "a block that lost its indentation": "private_key: |\nHUNTER\nHUNTER HUNTER\nhost: shown",
    "a plain text over lines": "password: HUNTER\n  HUNTER\nhost: shown",
    "a double-quoted text over lines": 'password: "HUNTER\nHUNTER \\" HUNTER\nHUNTER"\nhost: shown',
    "a single-quoted text over lines": "password: 'HUNTER\nit''s HUNTER\nHUNTER'\nhost: shown",
    "a flow mapping over lines": 'db: {password: HUNTER\nHUNTER, user: x,\n y: "z"}\nhost: shown',
    "a flow list over lines": "tokens: [HUNTER,\nHUNTER,\n HUNTER]\nhost: shown",
    "list items below the key": "tokens:\n  - HUNTER\n  - HUNTER\nhost: shown",
    "list items level with the key": "tokens:\n- HUNTER\n- HUNTER\nhost: shown",
    "a mapping below the key": "credentials:\n  user: HUNTER\n  more:\n    - HUNTER\nhost: shown",
    "a value on the next line": "password:\n  HUNTER\nhost: shown",
    "a colon on the next line": "host: shown\n  password\n: HUNTER",
    "a colon on the next line, after an empty one": "password\n\n   : HUNTER\nhost: shown",
    "a value on the next line of JSON": '{\n  "password":\n  "HUNTER",\n  "host": "shown"\n}',
    "an explicit key": "? password\n: HUNTER\nhost: shown",
    "an anchor far away": "x: &a HUNTER\nhost: shown\npassword: *a",
    "an anchored mapping far away": "x: &a\n  y: HUNTER\n  z: HUNTER\nhost: shown\ncredentials: *a",
    "a PEM block without a telling key": "x: |\n  -----BEGIN KEY-----\n  HUNTER\n  a: HUNTER\n  -----END KEY-----\nhost: shown",
    "comments below a secret": "password: HUNTER\n# HUNTER\nhost: shown",
    "a commented-out block": "# private_key: |\n#   HUNTER\nhost: shown",
    "tabs for indentation": "secret:\n\ta: HUNTER\n\tHUNTER\nhost: shown",
    "CRLF line ends": "password: |\r\n  HUNTER\r\nhost: shown\r\n",
    "an escaped key": '"p\\u0061ssword": "HUNTER"\nhost: shown',
    "an unclosed quote, to the end of its document": 'password: "HUNTER\nHUNTER\n---\nhost: shown',
    "a doubled quote before a bracket": "db: {password: {\n    a: 'x''}',\n    b: HUNTER}}\nhost: shown",
    "a tab below a deep key": "x:\n    secret:\n\tb: HUNTER\nhost: shown",
}


def assert_only_the_secret_is_masked(text: str) -> None:
    result = shown(text)
    assert "HUNTER" not in result
    assert "host" in result
    assert "shown" in result


@pytest.mark.parametrize("text", SPREAD.values(), ids=SPREAD.keys())
def test_a_secret_of_several_lines_is_masked_on_each_and_later_lines_are_shown(text: str) -> None:
    assert_only_the_secret_is_masked(text)


MISSING = {
    "a colon before items": 'x:\n  "password"\n  - HUNTER\n  - "HUNTER"\nhost: shown',
    "a colon before deeper lines": "credentials\n  user: HUNTER\n  more: HUNTER\nhost: shown",
    "a colon before lines below an item": "- password\n    HUNTER: HUNTER\n- host: shown",
    "a colon at the end of a name": 'x:\n  "password\n  ": HUNTER\nhost: shown',
    "a brace": "{x: {password:\n    a: HUNTER,\n    b: HUNTER}}\n---\nhost: shown",
    "a brace within": "{x: {credentials: {a:\n  b: HUNTER},\n  c: {\n  d: HUNTER}}}\n---\nhost: shown",
    "a quote before a brace": "{x: {password: {a: b}',\n  c: HUNTER}}\n---\nhost: shown",
    "a quote of a key": "{x: {credentials: {'a: {\n  'b': HUNTER},\n  c: {\n  d: HUNTER}}}\n---\nhost: shown",
    "a bracket of the other kind": "{x: {password: [a},\n  c: HUNTER]}\n---\nhost: shown",
    "a quote before a brace that ends the line": "{x: {password: a}\n\n  HUNTER'}}\n---\nhost: shown",
    "a space after a dash": 'secret:\n-"a":\n    HUNTER: HUNTER\nhost: shown',
    "nothing, as a tag precedes the quote": '{password: !!str "a,\n  b: HUNTER", c: d}\n---\nhost: shown',
}


@pytest.mark.parametrize("text", MISSING.values(), ids=MISSING.keys())
def test_a_secret_is_masked_to_its_end_where_a_character_is_missing(text: str) -> None:
    assert_only_the_secret_is_masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "required:\n  - password\n  - host\n  - port",
        'fields: ["password"]\nhost: shown',
        '{"greeting": "{token}",\n  "host": "shown"}',
        '{"user": "{{ password }}"}\n---\nhost: shown',
        "password:\n\nhost: shown",
    ],
)
def test_text_beside_the_name_of_a_secret_is_shown(text: str) -> None:
    assert shown(text).splitlines()[-1] == text.splitlines()[-1]


def test_a_value_that_the_schema_declares_secret_is_masked_by_its_place() -> None:
    text = "vendor:\n  code: HUNTER  # HUNTER\n  many: >\n    HUNTER\n    HUNTER\n  host: shown"
    sensitive = Sensitive(spans=[(2, 9, 2, 15), (3, 9, 6, 1)])
    assert shown(text, sensitive) == (f"vendor:\n  code: {MASK}\n  many: {MASK}\n    {MASK}\n    {MASK}\n  host: shown")


def test_a_secret_below_a_syntax_error_is_still_masked() -> None:
    assert "HUNTER" not in shown("hosts: [a, b\npassword: HUNTER\n 'x\ntoken: HUNTER")


def test_a_huge_line_is_cut_under_the_mask() -> None:
    assert len(mask_line("x: " + "y" * 100_000)) < 11_000


def test_every_value_of_an_env_file_is_masked_and_no_name() -> None:
    text = "A=HUNTER\nexport B = 'HUNTER\nHUNTER=\nHUNTER' # HUNTER\n# C=HUNTER\nHUNTER\n\nD=-----BEGIN\nHUNTER=="
    assert shown(text, Sensitive(everything=True)) == (
        f"A={MASK}\nexport B = {MASK}\n{MASK}\n{MASK}\n# {MASK}\n{MASK}\n\nD={MASK}\n{MASK}"
    )


def test_an_excerpt_names_source_and_line_and_holds_the_masked_text() -> None:
    lines = ["db:", "  password: HUNTER"]
    assert excerpt(lines, Origin("files", "tori.yaml", 2, 13)) == ("tori.yaml", 2, f"  password: {MASK}")
    assert excerpt(["X=HUNTER"], Origin("dotenv", ".env", 1)) == (".env", 1, f"X={MASK}")
    assert excerpt(lines, Origin("files", "tori.yaml", 99)) == ("tori.yaml", 99, "")
