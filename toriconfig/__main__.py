"""The command line as `python -m toriconfig`, for when the script `toriconfig` is not on the PATH."""

from toriconfig.cli import main

main()
