"""A secret in every place of a possible mistake: no format shows it through frames or sources."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem, Related
from toriconfig._masking.frames import Masked
from toriconfig._masking.sensitive import Sensitive
from toriconfig.cli.formats import FORMATS, Look, writer
from toriconfig.errors import ConfigError
from toriconfig.sources import Source
from toriconfig.sources.dotenv import DotEnv
from toriconfig.sources.environ import Environ
from toriconfig.sources.mapping import MappingSource
from toriconfig.sources.secrets_dir import SecretsDir
from toriconfig.testing import Canary

FILES = {
    "a wrong type": "database:\n  password: {0}\n  host: x\n",
    "a duplicate key": "database:\n  password: {0}\n  password: {0}\n",
    "a syntax error beside it": "database: [\n  password: {0}\n  {0}\n",
    "an unclosed quote": 'password: "{0}\nhost: {0}\n',
    "a missing colon": "password {0}\n",
    "a typo of its key": "databse_ulr: {0}\npasswrod: {0}\n",
    "an unknown sibling": "{{password: {0}, unknwon: x}}\n",
    "a block scalar": "private_key: |\n  {0}\n  {0}\nhost: x\n",
    "a folded scalar": "secret: >\n  {0}\n  {0}\nhost: x\n",
    "a flow mapping": "db: {{user: x, password: {0},\n  token: {0}}}\n",
    "a list": "tokens:\n- {0}\n- {0}\n",
    "a login in a URL": "url: postgresql://u:{0}@db/x\n",
    "a parameter of a URL": "url: https://h/?api_key={0}&b=1\n",
    "a comment": "password: x # {0}\n# old token {0}\n",
    "an anchor": "x: &a {0}\npassword: *a\n",
    "a secret of the schema alone": "vendor:\n  code: {0}\n",
}  # fmt: skip
SECRET_KEYS = ("password", "database_url", "code")


def everywhere(text: str) -> list[Problem]:
    """Problems that point at every line, whole and in its middle, with every other line beside it."""
    lines = text.splitlines()
    masked = Masked(lines, Sensitive(SECRET_KEYS))
    places = [Origin("files", "tori.yaml", line, column) for line in range(1, len(lines) + 1) for column in (1, 5, 12)]
    excerpts = tuple(masked.excerpt(place) for place in places[::3])
    related = tuple(Related(place, "here") for place in places[::3])
    return [
        Problem("TC101", "a.b", place, message="m", label="l", help="h", excerpts=excerpts, related=related)
        for place in places
    ]


def told(problems: list[Problem]) -> list[str]:
    texts = []
    for name in FORMATS:
        for look in (Look(), Look(color=True, width=40)):
            out = io.StringIO()
            writer(name)(problems, out, look)
            texts.append(out.getvalue())
    return texts


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_no_format_shows_a_secret_of_a_file(text: str) -> None:
    canary = Canary()
    problems = everywhere(text.format(canary.secret))
    canary.absent_from(*told(problems), ConfigError(problems, schema="S"))


def test_no_format_shows_a_secret_that_a_source_could_not_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = Canary()
    secret = canary.secret
    (tmp_path / ".env").write_text(
        f"T_A={secret}\nT_A={secret}\nt_A='{secret}'\nT_B \"{secret}\nT_C=\"{secret}\n{secret}\n"
    )
    (tmp_path / "outside").write_text(secret)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a").write_text(secret)
    (tmp_path / "secrets" / "A").write_bytes(secret.encode() + b"\xff")
    (tmp_path / "secrets" / "b").symlink_to("../outside")
    sources: list[Source] = [
        DotEnv(tmp_path / ".env", "T_"),
        SecretsDir(tmp_path / "secrets"),
        Environ({"T_A": secret, "t_a": secret, "T_B": secret + "\udcff"}, "T_"),
        MappingSource({"a": secret, "a.b": secret, "b": {"c": secret, None: secret}, "b.c": secret}),
    ]
    problems = [problem for source in sources for problem in source.load().problems]
    assert {problem.code for problem in problems} >= {"TC001", "TC002", "TC102", "TC105", "TC305", "TC502"}
    captured = capsys.readouterr()
    canary.absent_from(*told(problems), ConfigError(problems), captured.out, captured.err, *caplog.records)
    # The parser of python-dotenv must not have logged anything either.
    assert caplog.records == []
