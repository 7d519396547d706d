"""The example that follows its files: it runs, adapts to a new file, keeps on through a wrong one, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "follow_files.py"


def test_the_example_adapts_to_each_valid_file_warns_of_a_wrong_one_and_ends_on_sigterm(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(EXAMPLE)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "2 workers\n" == process.stdout.readline()
        (tmp_path / "app.yaml").write_text("workers: 8")
        assert "workers: 2 -> 8\n" == process.stdout.readline()
        (tmp_path / "app.yaml").write_text("workers: 800")
        process.send_signal(signal.SIGHUP)
        assert "`workers`" in process.stderr.readline()
        (tmp_path / "app.yaml").write_text("workers: 4")
        assert "workers: 8 -> 4\n" == process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert "" == process.stdout.read()
    assert 0 == process.returncode
