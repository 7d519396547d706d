"""The client of boto3, created at the first use in each process.

botocore logs bodies of answers at DEBUG. These records are dropped on a thread while the thread fetches a secret.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

ATTEMPTS = 2

_fetching = threading.local()


class _Silent(logging.Filter):
    """Log filter that drops records below INFO on a thread while the thread fetches a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO or not getattr(_fetching, "depth", 0)


_silent = _Silent()


@contextmanager
def silenced() -> Iterator[None]:
    """Suppress botocore's log records below INFO on this thread, inside the block."""
    _fetching.depth = getattr(_fetching, "depth", 0) + 1
    try:
        yield
    finally:
        _fetching.depth -= 1


def _silence() -> None:
    """Add the filter `_silent`, which drops debug records during a fetch, to all loggers of boto3, botocore, urllib3.

    Called again after each step that may create loggers, such as an import.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in ("boto3", "botocore", "urllib3"):
            logging.getLogger(name).addFilter(_silent)


def config_of(timeout: float, workers: int) -> Any:
    """Return the configuration of a client, with at most two attempts for each request.

    Args:
        timeout: seconds that a reader waits for one fetch; other code limits this wait. The limits for botocore are
            a quarter of `timeout` for a connection, and a half for each part of the answer.
        workers: number of concurrent requests.
    """
    from botocore.config import Config

    return Config(
        connect_timeout=timeout / 4,
        read_timeout=timeout / 2,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=workers,
    )


class Client:
    """Session and client of boto3, created at the first use in each process.

    Args:
        region: region; None: the region of the session or of AWS_REGION.
        profile: profile of ~/.aws/config; None: the profile of AWS_PROFILE.
        endpoint: address of Secrets Manager; None: the address of the region.
        session: session of boto3; None: a session is created.
        timeout: seconds of one fetch.
        workers: number of concurrent requests.
    """

    def __init__(
        self, region: str | None, profile: str | None, endpoint: str | None, session: Any, timeout: float, workers: int
    ) -> None:
        self._region = region
        self._profile = profile
        self._endpoint = endpoint
        self._session = session
        self._timeout = timeout
        self._workers = workers
        self._made: dict[int, tuple[object, Future[tuple[Any, Any]]]] = {}

    def get(self, timeout: float) -> tuple[Any, Any]:
        """Return `(session, client)` of this process. The first call creates both.

        Args:
            timeout: seconds for which this thread waits while another thread creates the client.

        Raises:
            TimeoutError: the client was not created in time; the next call tries again.
            Exception: botocore cannot create the client.
        """
        mine: tuple[object, Future[tuple[Any, Any]]] = (object(), Future())
        process = os.getpid()  # a child must not share the connections of its parent
        found = self._made.setdefault(process, mine)
        future = found[1]
        if found is mine:
            try:
                future.set_result(self._make())
            except BaseException as error:
                self._forget(process, mine)
                ended = error.with_traceback(None) if isinstance(error, Exception) else TimeoutError()
                future.set_exception(ended)
                raise
        try:
            return future.result(timeout)
        except TimeoutError:
            self._forget(process, found)
            raise

    def _forget(self, process: int, made: tuple[object, Future[tuple[Any, Any]]]) -> None:
        if self._made.get(process) is made:
            self._made.pop(process, None)

    def _make(self) -> tuple[Any, Any]:
        import boto3
        import botocore.session

        _silence()
        config = config_of(self._timeout, self._workers)
        session = self._session
        if session is None:
            core = botocore.session.Session(profile=self._profile)
            core.set_default_client_config(config)  # for clients that fetch credentials, as of STS
            session = boto3.Session(botocore_session=core, region_name=self._region)
        region = self._region or session.region_name or os.environ.get("AWS_REGION")
        client = session.client("secretsmanager", region_name=region, endpoint_url=self._endpoint, config=config)
        _silence()
        return session, client
