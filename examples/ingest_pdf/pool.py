"""Connections that always log in with the current account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg_pool import ConnectionPool

from toriconfig import Change, ToriSettings, on_change
from toriconfig.integrations.psycopg_pool import current, login


@contextmanager
def open_pool(settings: ToriSettings) -> Iterator[ConnectionPool]:
    """A pool for `settings.database`, closed at the end of the block.

    A new connection logs in with the account of that moment. When the account changes, idle connections of the old
    one are closed at once, busy ones when they come back; so what is to be done on a connection must fit into the
    time that the old account lives on.

    Args:
        settings: a lazy object, because the pool listens for changes.

    Raises:
        PoolTimeout: no connection within `database.pool.timeout`; the log says why.
    """
    database = settings.database
    limits = database.pool
    pool = ConnectionPool(
        kwargs=login(
            database.credentials,
            host=database.host,
            port=database.port,
            dbname=database.name,
            application_name="ingest_pdf",
        ),
        # One that was being made while the account changed comes in after the drain.
        check=current(database.credentials),
        min_size=limits.min_size,
        max_size=limits.max_size,
        timeout=limits.timeout,
        open=False,
    )

    def retire(_: Change) -> None:
        pool.drain()

    listening = on_change(settings, "database.credentials", retire)
    try:
        with pool:
            pool.wait(limits.timeout)
            yield pool
    finally:
        listening.cancel()
