"""Print the milliseconds to a program's first setting and to its first secret, in a fresh process."""

import time

begun = time.perf_counter()
from toriconfig import settings  # noqa: E402 - its import is part of what is measured

chunk_size = settings.chunking.size
first_setting = time.perf_counter()
settings.api_key.get()
first_secret = time.perf_counter()
print(f"{(first_setting - begun) * 1000:.1f} {(first_secret - begun) * 1000:.1f}")
