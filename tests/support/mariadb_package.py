"""Debian's package of MariaDB, unpacked without root: `python tests/support/mariadb_package.py`.

Nothing is installed: the package stands in the cache of the user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("mariadb-server-core", "libaio1", "libaio1t64", "liburing2")
"""The server, and the libraries that a bare Debian lacks: each release has one of the two names of libaio."""
MISSING = "there is no MariaDB: `./tests/run databases` unpacks Debian's package, or install mariadb-server-core"


class Installed(NamedTuple):
    """Paths of a server: its program, its folder of SQL and messages, and its libraries."""

    program: Path
    share: Path
    libraries: str


def cache() -> Path:
    """The folder into which the package is unpacked."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "toriconfig-tests" / "mariadb"


def installed() -> Installed | None:
    """The server of the machine, else that of the cache, else None."""
    found = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/libexec")
    if found and Path("/usr/share/mysql").is_dir():
        return Installed(Path(found), Path("/usr/share/mysql"), "")
    root = cache()
    if not (root / "usr/sbin/mariadbd").exists():
        return None
    libraries = os.pathsep.join(str(one) for one in root.glob("usr/lib/*-linux-gnu*"))
    return Installed(root / "usr/sbin/mariadbd", root / "usr/share/mysql", libraries)


def fetch() -> None:
    """Unpack Debian's package into the cache, unless there is a server.

    Raises:
        SystemExit: the package is not available; the text states the reason.
    """
    if installed() is not None:
        return
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{MISSING} ({tool} is missing)")
    parts, making = cache().with_name("packages"), cache().with_name("unpacking")
    for folder in (parts, making):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    own = ["-oAPT::Sandbox::User=root", f"-oDir::State={parts / 'state'}", f"-oDir::Cache={parts / 'cache'}"]
    (parts / "state/lists/partial").mkdir(parents=True)
    (parts / "cache/archives/partial").mkdir(parents=True)
    # Lists of its own need no root, and are never out of date.
    subprocess.run(["apt-get", "-qq", *own, "update"], check=True)
    known = [name for name in PACKAGES if _is_known(name, own)]
    if PACKAGES[0] not in known:
        raise SystemExit(f"{MISSING} (apt-get finds no {PACKAGES[0]})")
    subprocess.run(["apt-get", "-qq", *own, "download", *known], cwd=parts, check=True)
    for package in sorted(parts.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, making], check=True)
    shutil.rmtree(cache(), ignore_errors=True)
    making.rename(cache())
    shutil.rmtree(parts)


def _is_known(name: str, own: list[str]) -> bool:
    shown = subprocess.run(["apt-cache", *own, "policy", name], capture_output=True, text=True, check=True).stdout
    return "Candidate: " in shown and "Candidate: (none)" not in shown


if __name__ == "__main__":
    fetch()
    print(installed(), file=sys.stderr)
