# flat_after.py
from toriconfig import ToriSettings, lazy

settings = lazy(
    ToriSettings,
    renamed={"chunk_size": "chunking.size", "chunk_overlap": "chunking.overlap"},
)


def chunking() -> tuple[int, int]:
    return settings.chunking.size, settings.chunking.overlap
