# flat_before.py
import os


def chunking() -> tuple[int, int]:
    return int(os.environ.get("TORI_CHUNK_SIZE", "800")), int(os.environ.get("TORI_CHUNK_OVERLAP", "80"))
