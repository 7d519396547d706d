"""Concepts of a text, from a service that is asked with the API key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from toriconfig import Secret


class ConceptsError(Exception):
    """The service did not answer, or refused."""


class ConceptService:
    """A client of the service.

    Args:
        url: where it is, such as `https://concepts.example`.
        api_key: what it wants; opened for each request, so each carries the key of the moment.
        timeout: seconds for each step of a request.
    """

    def __init__(self, url: str, api_key: Secret[str], timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the address of a service: {url!r}")
        self._connection = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/") + "/concepts"
        self._api_key = api_key
        self._timeout = timeout

    def concepts(self, texts: Sequence[str], at_most: int, without: Sequence[str]) -> list[list[str]]:
        """The concepts of each text.

        Args:
            texts: of the chunks of one document.
            at_most: concepts of all of them together.
            without: words that are no concepts.

        Raises:
            ConceptsError: no usable answer; 401 is the service's word for a wrong or outdated key.
            SecretError: the key cannot be had.
        """
        body = json.dumps({"texts": texts, "at_most": at_most, "without": without})
        headers = {"Authorization": f"Bearer {self._api_key.get()}", "Content-Type": "application/json"}
        connection = self._connection(self._host, self._port, timeout=self._timeout)
        try:
            connection.request("POST", self._path, body.encode(), headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            raise ConceptsError(f"the concept service cannot be reached: {error}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise ConceptsError(f"the concept service answered {answer.status} {answer.reason}")
        try:
            return [list(map(str, concepts)) for concepts in json.loads(content)["concepts"]]
        except (ValueError, KeyError, TypeError):
            raise ConceptsError("the concept service gave an answer that cannot be read") from None
