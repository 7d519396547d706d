"""`./examples/demo [FOLDER]`, once its environment is there."""

from __future__ import annotations

import sys

from demonstration.arguments import parse
from demonstration.signals import Interrupted, Signals


def main() -> int:
    """Show it; returns 0 when all was well, 1 when something was not, 2 when a server did not come up."""
    arguments = parse(sys.argv[1:])
    signals = Signals()
    from demonstration.show import say, show  # a second's work, in which a signal may come already

    try:
        try:
            outcome = show(arguments.folder, arguments.seconds, signals)
        except RuntimeError:
            signals.check()  # a terminal's Ctrl-C reaches initdb too
            raise
    except Interrupted as interrupted:
        say(f"ended by {interrupted}; nothing is left running")
        return interrupted.status
    except RuntimeError as error:
        say(str(error))
        return 2
    print(outcome)
    faults = outcome.faults()
    for fault in faults:
        say(f"not well: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
