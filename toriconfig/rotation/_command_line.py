"""Command lines of `toriconfig rotate`, for the remedies in messages."""

from __future__ import annotations

import shlex

from toriconfig.rotation._record import Record


def command(path: str, record: Record | None, act: str = "") -> str:
    """Return a command line that rotates a secret, such as `toriconfig rotate secret/app#key --resume`.

    If the recorded kind is not installed, the user must complete the placeholder `--kind MODULE:CLASS`.

    Args:
        path: path of the secret.
        record: the last record, or None. If the record has one key, the command rotates that key.
        act: an option such as `--resume`; "": a new rotation.
    """
    from toriconfig.rotation.kinds import names

    key = f"#{record.keys[0]}" if record is not None and len(record.keys) == 1 else ""
    again = given_again(record.kind) if record is not None else []
    kind = ["--kind", record.kind] if record is not None and again and not act else []
    if record is not None and record.kind not in names():
        kind = ["--kind MODULE:CLASS"]
    return " ".join(["toriconfig rotate", shlex.quote(path + key), *([act] if act else []), *kind, *again])


def given_again(name: str) -> list[str]:
    """Return the options of the kind `name` that the user must type again, such as `--apply COMMAND`.

    These are the required options that the record does not keep. For a kind of another package, return [].
    """
    from toriconfig.rotation.kinds import KINDS

    options = getattr(KINDS.get(name), "options", ())
    again = [one for one in options if one.required and one.lasting and not one.recorded]
    return [f"{one.flag} {one.metavar}" for one in again]
