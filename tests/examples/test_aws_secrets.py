"""The example with AWS Secrets Manager: it reads, follows a rotation, and prints no secret."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "aws_secrets.py"


def test_the_example_prints_the_output_in_its_first_lines() -> None:
    shown = (ast.get_docstring(ast.parse(EXAMPLE.read_text())) or "").split("\n\n")[1].split("\n", 1)[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ = {**clean, "PYTHONPATH": os.pathsep.join(sys.path), "AWS_CONFIG_FILE": os.devnull}
    command = [sys.executable, str(EXAMPLE)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, shown + "\n"), done.stderr
    assert "second-value" not in done.stdout + done.stderr
