"""`python -m toriconfig`: the command line, where the script is not on the path."""

from toriconfig.cli import main

main()
