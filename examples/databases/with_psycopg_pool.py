# with_psycopg_pool.py
import time

from app import settings
from psycopg_pool import ConnectionPool

from toriconfig import refresh
from toriconfig.integrations.psycopg_pool import current, login

database = settings.database
with ConnectionPool(
    f"host={database.host} port={database.port} dbname={database.name}",
    kwargs=login(database.account),
    check=current(database.account),
    min_size=2,
) as pool:
    accounts = set[str]()
    for _ in range(2):
        with pool.connection() as connection:
            row = connection.execute("INSERT INTO orders DEFAULT VALUES RETURNING by").fetchone()
            accounts.add(row[0] if row else "")
        time.sleep(1.1)
        refresh(settings, "database")  # replace the account now
    print("accounts:", "one" if len(accounts) == 1 else "several")
