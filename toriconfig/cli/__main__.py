"""`python -m toriconfig.cli`, where the script is not on the path."""

from __future__ import annotations

from toriconfig.cli import main

main()
