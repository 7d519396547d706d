"""TLS context of one client. The context is built from files, and built again when a file was replaced.

cert-manager, SPIFFE and Kubernetes replace certificates while the program runs.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator

from toriconfig._runtime import warn_once
from toriconfig._vault.config import Tls
from toriconfig._vault.log import LOGGER, logger

INTERVAL = 1.0
"""Seconds between two checks of the files."""

LARGEST = 1 << 20
"""Bytes of the largest file of certificates or keys that is read."""

Identity = tuple[object, ...]


class SetUpError(Exception):
    """A TLS option or file cannot be used. The text of this error follows "Vault at ..." in messages."""


class TlsContext:
    """TLS context for new connections. `changed` builds a new context after a file has changed.

    No lock is used: a second concurrent build does no harm.

    Args:
        tls: the trusted CAs and the client certificate.
        now: function that returns the monotonic seconds.
    """

    def __init__(self, tls: Tls, now: Callable[[], float]) -> None:
        self._tls = tls
        self._now = now
        self._built: tuple[Identity, ssl.SSLContext] | None = None
        self._looked = 0.0

    def current(self) -> ssl.SSLContext:
        """Return the context; the first call builds it.

        Raises:
            SetUpError: a file cannot be used; the message names the file.
        """
        built = self._built
        if built is None:
            self._looked = self._now()
            built = self._built = _identity(self._tls), build(self._tls)
        return built[1]

    def changed(self, *, always: bool = False) -> bool:
        """Build the context again if a file has changed; return True if there is a new context.

        The files are checked at most once per `INTERVAL` seconds. If a file cannot be used, keep the present context
        and return False.

        Args:
            always: True: check the files now.
        """
        built = self._built
        if built is None or (not always and self._now() < self._looked + INTERVAL):
            return False
        self._looked = self._now()
        identity = _identity(self._tls)
        if identity == built[0]:
            return False
        try:
            self._built = identity, build(self._tls)
        except SetUpError as error:
            logger().debug("TLS for Vault keeps what it was set up with: Vault %s", error)
            return False
        return True


def build(tls: Tls) -> ssl.SSLContext:
    """Build a TLS context from the current content of the files that `tls` names.

    Raises:
        SetUpError: a file cannot be used; the message names the file.
    """
    context = _trusting(tls)
    if not tls.verify:
        text = "the certificates of Vault are not verified: secrets can be read on the network"
        warn_once.warn(("vault without verification",), text, LOGGER)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert is not None:
        _check("gets no client certificate", tls.cert, tls.key)
        try:
            context.load_cert_chain(tls.cert, tls.key)
        except (OSError, ValueError) as error:
            raise SetUpError(f"gets no client certificate: {tls.cert}: {_words(error)}") from None
    return context


def _check(problem: str, *paths: str | None) -> None:
    """Check that each path is a regular file of limited size; a path that is None is skipped.

    Raises:
        SetUpError: a path is not a regular file, or the file is too large. The message begins with `problem`.
    """
    from toriconfig._core.regular_file import Unread, read_regular

    for path in paths:
        data = read_regular(path, LARGEST) if path is not None else b""
        if isinstance(data, Unread):
            raise SetUpError(f"{problem}: {path}: {data.reason}")


def _trusting(tls: Tls) -> ssl.SSLContext:
    _check("cannot be trusted", tls.ca_cert)
    try:
        context = ssl.create_default_context(cafile=tls.ca_cert, capath=tls.ca_path, cadata=tls.ca_bytes)
    except (OSError, ValueError) as error:
        where = tls.ca_cert or tls.ca_path or "VAULT_CACERT_BYTES"
        raise SetUpError(f"cannot be trusted: {where}: {_words(error)}") from None
    if tls.ca_path is not None:
        if not os.path.isdir(tls.ca_path):
            raise SetUpError(f"cannot be trusted: {tls.ca_path}: it is not a folder")
        # OpenSSL loads only files named by the hash of their subject, but Vault's tools load every file
        found = [_loads(context, path) for path in _files(tls.ca_path)]
        if not any(found):
            raise SetUpError(f"cannot be trusted: {tls.ca_path}: no file in it holds a PEM certificate")
    return context


def _files(folder: str) -> Iterator[str]:
    """Yield the paths of the files in a folder.

    Names that begin with `..` are left out: Kubernetes uses them for links to the same files.

    Raises:
        SetUpError: the folder cannot be read.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise SetUpError(f"cannot be trusted: {folder}: {error.strerror}") from None
    for name in names:
        path = os.path.join(folder, name)
        if not name.startswith("..") and os.path.isfile(path):
            yield path


def _loads(context: ssl.SSLContext, path: str) -> bool:
    from toriconfig._core.regular_file import read_regular

    data = read_regular(path, LARGEST)
    try:
        context.load_verify_locations(cadata=data.decode("ascii", "ignore") if isinstance(data, bytes) else "")
    except (ssl.SSLError, ValueError):
        return False
    return True


def _identity(tls: Tls) -> Identity:
    """Return a value that changes when one of the files for TLS is replaced."""
    paths = [path for path in (tls.ca_cert, tls.cert, tls.key) if path is not None]
    if tls.ca_path is not None and os.path.isdir(tls.ca_path):
        try:
            paths += _files(tls.ca_path)
        except SetUpError:
            paths.append(tls.ca_path)
    return tuple((path, _file_identity(path)) for path in paths)


def _file_identity(path: str) -> Identity:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _words(error: Exception) -> str:
    """Return the reason of a file error, without the path. For a ValueError, return "malformed"."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__ if isinstance(error, OSError) else "malformed"
