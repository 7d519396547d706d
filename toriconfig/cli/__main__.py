"""Entry point of `python -m toriconfig.cli`."""

from __future__ import annotations

from toriconfig.cli import main

main()
