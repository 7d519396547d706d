# mount.py
"""Write the volumes of a pod as the kubelet does: a new folder, and a link `..data` that is replaced at once."""

import sys
import time
from pathlib import Path
from typing import Any

import yaml


def mount(folder: Path, files: dict[str, str]) -> None:
    version = folder / f"..{time.time_ns()}"
    version.mkdir(parents=True)
    for name, text in files.items():
        (version / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data", name))
    (folder / "..new").symlink_to(version.name)
    (folder / "..new").rename(folder / "..data")


def manifest(file: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(Path(file).read_text())
    return found


def mount_all(log_level: str, smtp_password: str) -> None:
    config = {
        name: text.replace("level: info", f"level: {log_level}")
        for name, text in manifest("configmap.yaml")["data"].items()
    }
    mount(Path("config"), config)
    mount(Path("secrets"), {"smtp_password": smtp_password})


if __name__ == "__main__":
    mount_all(*sys.argv[1:])
