"""`toriconfig show --html`: one page without external resources and without secrets, tried in a real browser."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.testing import Canary, VaultServer

CLASS = """
from pydantic import BaseModel, Field
from toriconfig import Secret, SettingsConfigDict

class Pool(BaseModel):
    max_size: int = Field(default=5, description="Most <connections> at one time.")

class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_nested_delimiter="__")
    pool: Pool = Pool()
    title: str = "</td><script>alert(1)</script>"
    words: list[str] = ["\u05d0\u202e"]
    key: Secret[str] = Secret("default")
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "page_app.py").write_text(CLASS)
    (tmp_path / "app.yaml").write_text("pool: {max_size: 20}\nkey: ${vault:secret/page#key}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(toriconfig: Toriconfig, *arguments: str, **environ: str) -> str:
    done = toriconfig("show", "--settings", "page_app:App", "--html", "page.html", *arguments, **environ)
    assert (0, "", "wrote page.html\n") == done
    return Path("page.html").read_text(encoding="utf-8")


def test_each_key_has_a_row_with_the_effective_value_and_every_overridden_one(
    folder: Path, toriconfig: Toriconfig
) -> None:
    page = write(toriconfig, APP_POOL__MAX_SIZE="50")
    (row,) = re.findall(r"<tr><th scope=row>pool\.max_size.*?</tr>", page)
    assert ["50"] == re.findall(r"<b>(.*?)</b>", row)
    assert ["20", "5"] == re.findall(r"<s>(.*?)</s>", row)
    assert "APP_POOL__MAX_SIZE" in row
    assert "app.yaml:1:18" in row


def test_text_of_settings_is_escaped(folder: Path, toriconfig: Toriconfig) -> None:
    page = write(toriconfig)
    assert "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Most &lt;connections&gt;" in page
    assert 1 == page.count("<script>")


def test_the_policy_allows_only_the_two_inline_parts(folder: Path, toriconfig: Toriconfig) -> None:
    page = write(toriconfig)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', page)
    (style,), (script,) = (re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL) for tag in ("style", "script"))
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    assert f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'" == policy
    assert [] == re.findall(r"""(?:src|href)=|https?://|url\(""", page)


def test_a_secret_is_a_mask_with_its_version_and_age(
    folder: Path, toriconfig: Toriconfig, shared_vault_server: VaultServer
) -> None:
    canary = Canary()
    shared_vault_server.put("secret/page", {"key": canary.secret})
    page = write(toriconfig, "--online", **shared_vault_server.environ)
    canary.absent_from(page)
    assert "secret/page#key: fresh, version 1" in page
    assert re.search(r"age \d+ s <progress", page)


@pytest.mark.parametrize(
    ("environ", "code", "said"),
    [
        ({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x"}, 3, "127.0.0.1:1"),
        ({}, 1, "Vault is not configured"),
    ],
)
def test_an_unavailable_secret_still_has_a_row(
    folder: Path, toriconfig: Toriconfig, environ: dict[str, str], code: int, said: str
) -> None:
    done = toriconfig("show", "--settings", "page_app:App", "--html", "page.html", "--online", **environ)
    assert (code, True) == (done.code, said in done.err), done.err
    assert "secret/page#key: missing" in (folder / "page.html").read_text()


def test_a_secret_is_fetched_only_online(
    folder: Path, toriconfig: Toriconfig, shared_vault_server: VaultServer
) -> None:
    assert "secret/page#key: unread" in write(toriconfig, **shared_vault_server.environ)


def test_one_section_is_shown_alone(folder: Path, toriconfig: Toriconfig) -> None:
    page = write(toriconfig, "pool")
    assert ["pool.max_size"] == re.findall(r"<tr><th scope=row>([\w.]+)", page)


def test_an_item_of_a_list_that_is_shown_as_a_whole_is_refused(folder: Path, toriconfig: Toriconfig) -> None:
    done = toriconfig("show", "words[0]", "--settings", "page_app:App", "--html", "page.html")
    assert (2, False) == (done.code, (folder / "page.html").exists())
    assert "`words[0]` is a part of `words`" in done.err


def test_a_page_on_standard_output_is_ascii(folder: Path, toriconfig: Toriconfig) -> None:
    done = toriconfig("show", "words", "--settings", "page_app:App", "--html", "-")
    assert (0, "", True) == (done.code, done.err, done.out.isascii())
    assert "[&quot;&#1488;\\u202e&quot;]" in done.out
    assert not (folder / "-").exists()


def test_a_page_is_replaced_and_any_other_file_is_kept(folder: Path, toriconfig: Toriconfig) -> None:
    write(toriconfig)
    write(toriconfig)
    (folder / "notes.html").write_text("mine")
    done = toriconfig("show", "--settings", "page_app:App", "--html", "notes.html")
    assert (2, "mine") == (done.code, (folder / "notes.html").read_text())
    assert "--force" in done.err


def test_an_option_of_pages_without_a_page_is_refused(folder: Path, toriconfig: Toriconfig) -> None:
    assert 2 == toriconfig("show", "--settings", "page_app:App", "--online").code


@pytest.mark.browser
@pytest.mark.parametrize(("search", "count"), [("", "4 of 4 keys"), ("#pool%20app.yaml", "1 of 4 keys")])
def test_the_search_runs_in_a_browser(folder: Path, toriconfig: Toriconfig, search: str, count: str) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert browser, "install Chromium: `apt-get install chromium`"
    write(toriconfig)
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    address = f"{(folder / 'page.html').as_uri()}{search}"
    command = [browser, "--headless", *quiet, f"--user-data-dir={folder / 'profile'}", "--dump-dom", address]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f">{count}</output>" in shown
