# sync.py
import asyncio

from toriconfig.pipeline import run_sync


async def answer(seconds: float) -> int:
    await asyncio.sleep(seconds)
    return 42


print(run_sync(answer(0), timeout=30.0))
try:
    run_sync(answer(60), timeout=0.1)
except TimeoutError as error:
    print("TimeoutError:", error)
