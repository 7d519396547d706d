# with_sqlalchemy.py
import time

from app import settings
from sqlalchemy import URL, create_engine, text

from toriconfig.integrations.sqlalchemy import follow

database = settings.database
engine = create_engine(URL.create("postgresql+psycopg", host=database.host, port=database.port, database=database.name))
follow(engine, database.account)

accounts = set[str]()
end = time.monotonic() + 5
while time.monotonic() < end:
    with engine.begin() as connection:
        accounts.add(connection.scalar(text("INSERT INTO orders DEFAULT VALUES RETURNING by")) or "")
    time.sleep(0.05)
engine.dispose()
print("accounts:", "one" if len(accounts) == 1 else "several")
