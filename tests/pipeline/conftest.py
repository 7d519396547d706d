"""Loggers that no other test has seen, and a secret that is forgotten again."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from toriconfig.pipeline import _redact


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a logger that no other test has seen."""
    name = f"house_{abs(hash(request.node.nodeid))}.room"
    known = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    disabled = {logger: logger.disabled for logger in known}
    yield name
    for logger, was in disabled.items():
        logger.disabled = was
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.filters.clear()


@pytest.fixture
def secret() -> Iterator[str]:
    secret = "sk-abcdef123456"
    _redact.register(secret)
    yield secret
    _redact.forget(secret, keep=0)
