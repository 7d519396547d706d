# pool.py
import os
from concurrent.futures import ProcessPoolExecutor

from app import App, settings


def work(given: App) -> tuple[int, int]:
    """A task gets the settings as an argument, and reads the secret for itself."""
    return os.getpid(), len(given.api_key.get())


if __name__ == "__main__":
    settings.api_key.get()  # the parent reads the secret, too
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(work, [settings] * 8))
    print("characters:", {length for _, length in results})
    print("own process:", os.getpid() not in {process for process, _ in results})
