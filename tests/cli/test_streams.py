"""Ends and output of commands: exit codes, the two streams, pipes, terminals, signals, and imported modules."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command import clean_environ, in_a_process
from toriconfig.testing import VaultServer

COMMAND = [sys.executable, "-m", "toriconfig.cli"]
BAD = "".join(f"unknown_{number}: 'é {number}'\n" for number in range(1000))


def test_findings_go_to_standard_output_and_the_rest_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("chunking: {size: 500}\n")
    (tmp_path / "bad.yaml").write_text("chunkin: 1\n")
    assert in_a_process("check", "good.yaml", cwd=tmp_path) == (0, "", "no problems in 1 file\n")
    bad = in_a_process("check", "bad.yaml", cwd=tmp_path)
    assert (1, "") == (bad.code, bad.err)
    usage = in_a_process("check", "--nonsense", cwd=tmp_path)
    assert (2, "") == (usage.code, usage.out)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_pipe_that_is_closed_early_is_no_error(form: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    command = " ".join([*COMMAND, "check", "bad.yaml", "-o", form])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1; exit ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        env=clean_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode in (0, 1), "1 when Python does not notice: what was found counts then"
    assert len(done.stdout.splitlines()) == 1


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "check", "bad.yaml"], cwd=tmp_path, env=clean_environ(), stdout=full, stderr=-1, check=False
        )
    assert done.returncode == 2
    assert done.stderr.decode() == "toriconfig: No space left on device\n"


@pytest.mark.parametrize("arguments", [["check", "-"], ["vault", "put", "secret/x#k", "--stdin"]])
def test_a_closed_standard_input_is_not_treated_as_empty(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", 'exec "$@" <&-', "bash", *COMMAND, *arguments],
        cwd=tmp_path,
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, "", "toriconfig: standard input is closed\n") == (done.returncode, done.stdout, done.stderr)


def test_a_closed_standard_output_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("x: 1\n")
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(COMMAND)} check bad.yaml >&-"],
        cwd=tmp_path,
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (1, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("form", ["text", "concise", "github", "json", "sarif"])
def test_a_terminal_that_supports_only_ascii_is_still_written_to(form: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("größe: 'é ü 😀'\nchunking: {size: [\n", encoding="utf-8")
    result = in_a_process("check", "bad.yaml", "-o", form, cwd=tmp_path, environ={"PYTHONIOENCODING": "ascii"})
    assert result.code == 1
    assert result.out.isascii()
    assert "TC001" in result.out
    assert result.err == ""


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_ascii_output_of_show_reads_back(form: str, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("database: {name: 'größe 😀'}\n", encoding="utf-8")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    first = in_a_process("show", "database.name", "-f", form, cwd=tmp_path, environ=ascii_only)
    assert first.out.isascii()
    (tmp_path / "tori.yaml").write_text(first.out)
    assert "größe 😀" in in_a_process("explain", "database.name", cwd=tmp_path).out


def on_a_terminal(*arguments: str, cwd: Path, columns: int = 80, **environ: str) -> str:
    """Return the output of a command on a real terminal."""
    main, other = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=clean_environ(TERM="xterm", **environ), stdout=other, stdin=other
    )
    os.close(other)
    written = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    child.wait(30)
    os.close(main)
    return written.decode()


def test_a_terminal_gets_colours_unless_disabled(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("chunkin: 1\n")
    assert "\x1b[1;31merror" in on_a_terminal("check", "bad.yaml", cwd=tmp_path)
    assert "\x1b[" not in on_a_terminal("check", "bad.yaml", cwd=tmp_path, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal("check", "bad.yaml", "--color", "never", cwd=tmp_path)
    assert "\x1b[" not in in_a_process("check", "bad.yaml", cwd=tmp_path).out
    assert "\x1b[" in in_a_process("check", "bad.yaml", cwd=tmp_path, environ={"FORCE_COLOR": "1"}).out


def test_lines_fit_a_narrow_terminal(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("chunking: {" + ", ".join(f"key_{n}: {n}" for n in range(40)) + "}\n")
    wide = on_a_terminal("check", "bad.yaml", cwd=tmp_path, columns=200, NO_COLOR="1")
    narrow = on_a_terminal("check", "bad.yaml", cwd=tmp_path, columns=50, NO_COLOR="1")
    assert max(map(len, wide.splitlines())) > 60
    assert max(map(len, narrow.splitlines())) <= 50


def test_an_interrupt_ends_a_command_with_130_and_no_traceback(
    shared_vault_server: VaultServer, tmp_path: Path
) -> None:
    from toriconfig.testing import vault_server

    with vault_server() as server:
        server.pause()
        child = subprocess.Popen(
            [*COMMAND, "doctor"],
            cwd=tmp_path,
            env=clean_environ(**server.environ, VAULT_CLIENT_TIMEOUT="60"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(2.5)  # until it waits for Vault
        child.send_signal(signal.SIGINT)
        begun = time.monotonic()
        out, err = child.communicate(timeout=30)
        server.resume()
    assert time.monotonic() - begun < 10
    assert (130, "interrupted") == (child.returncode, err.strip())
    assert "Traceback" not in out + err


def test_a_bug_is_shown_with_its_place_and_no_value(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel\nclass App(BaseModel):\n    size: int = 1\n"
        "    @property\n    def x(self): ...\n"
        "import toriconfig._inspect.effective\ndef broken(*_): raise RuntimeError('hunter2')\ntoriconfig._inspect.effective.leaves = broken\n"
    )
    result = in_a_process("show", "--settings", "app:App", cwd=tmp_path)
    assert result.code == 2
    assert "a bug of toriconfig or of the settings class: RuntimeError" in result.err
    assert "hunter2" not in result.err.replace("RuntimeError('hunter2')", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0\n", "ZeroDivisionError (at "),
        ("import no_such_module\n", "no_such_module"),
        ("def (:\n", "invalid syntax"),
        ("import sys; sys.exit(3)\n", "it exits with 3"),
        ("App = 3\n", "is not a settings class, but of type int"),
        (
            "from pydantic import BaseModel\nclass App(BaseModel):\n    model_config = {'layers': ('nope',)}\n",
            "unknown layer 'nope'",
        ),
    ],
)
def test_a_settings_class_that_cannot_be_used_is_wrong_usage(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(text)
    result = in_a_process("check", "--settings", "app:App", cwd=tmp_path)
    assert (2, "") == (result.code, result.out)
    assert said in result.err
    assert "Traceback" not in result.err


def seconds(*command: str, cwd: Path, times: int = 7) -> float:
    best = 1e9
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(command, cwd=cwd, env=clean_environ(), check=True, capture_output=True)
        best = min(best, time.perf_counter() - begun)
    return best


def test_the_version_costs_at_most_five_bare_starts_of_python(tmp_path: Path) -> None:
    start = "import sys; from toriconfig.cli import main; sys.argv = ['toriconfig', '--version']; main()"
    seconds(sys.executable, "-c", start, cwd=tmp_path, times=1)  # compiles
    ratios = []
    for _ in range(3):  # a busy machine may spoil one
        ratios.append(
            seconds(sys.executable, "-c", start, cwd=tmp_path) / seconds(sys.executable, "-c", "", cwd=tmp_path)
        )
    assert min(ratios) <= 5


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--version"], ["pydantic", "yaml", "hvac", "json", "asyncio"]),
        (["check", "a.yaml"], ["hvac", "urllib3", "requests", "asyncio", "pydantic_settings", "logging.handlers"]),
        (["check"], ["hvac", "urllib3", "requests", "asyncio", "pydantic_settings"]),
        (["show"], ["hvac", "urllib3", "requests", "asyncio", "pydantic_settings"]),
    ],
)
def test_unneeded_modules_are_not_imported(arguments: list[str], absent: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("chunking: {size: 500}\n")
    code = (
        "import sys\nfrom toriconfig.cli import cli\nfrom toriconfig.cli._exit import run\n"
        f"try:\n    run(cli, {arguments!r})\nexcept SystemExit as e:\n    assert e.code == 0, e.code\n"
        f"print([name for name in {absent!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean_environ(), capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
