# with_asyncio.py
import asyncio

from app import settings
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from toriconfig import aprefetch, arefresh
from toriconfig.integrations.sqlalchemy import follow


async def main() -> None:
    await aprefetch(settings)  # fetch the first account now, not at the first login
    database = settings.database
    url = URL.create("postgresql+asyncpg", host=database.host, port=database.port, database=database.name)
    engine = create_async_engine(url)
    follow(engine.sync_engine, database.account)
    accounts = set[str]()
    for _ in range(2):
        async with engine.begin() as connection:
            accounts.add(await connection.scalar(text("INSERT INTO orders DEFAULT VALUES RETURNING by")))
        await asyncio.sleep(1.1)
        await arefresh(settings, "database")  # replace the account now
    await engine.dispose()
    print("accounts:", "one" if len(accounts) == 1 else "several")


asyncio.run(main())
