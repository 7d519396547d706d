"""The real yaml-language-server, used over its standard streams as an editor does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = "yaml-language-server@1"


def install(folder: Path) -> Path:
    """Install it by npm into `folder`; the file to run."""
    npm = shutil.which("npm")
    assert npm is not None, "the editor tests need npm and node on the PATH"
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", os.fspath(folder), PACKAGE]
    subprocess.run(command, check=True, timeout=300, cwd=folder)
    return folder / "node_modules" / ".bin" / "yaml-language-server"


class LanguageServer:
    """One running server; `language_server()` makes one."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._number = 0
        self._waiting: list[dict[str, Any]] = []

    def request(self, method: str, params: Any) -> Any:
        """Send a request, and answer the requests of the server meanwhile."""
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._handle(message)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def open(self, file: Path) -> str:
        """Open a file as an editor does; its address."""
        uri = file.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": file.read_text(encoding="utf-8")}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """Findings in an open file; waits until the server has checked it."""
        while True:
            for message in self._waiting:
                if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                    self._waiting.remove(message)
                    found: list[dict[str, Any]] = message["params"]["diagnostics"]
                    return found
            self._handle(self._receive())

    def at(self, method: str, uri: str, line: int, column: int) -> Any:
        """Send a request about a place; line and column count from 1."""
        position = {"line": line - 1, "character": column - 1}
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position})

    def _handle(self, message: dict[str, Any]) -> None:
        if "id" in message and "method" in message:
            items = (
                message.get("params", {}).get("items", []) if message["method"] == "workspace/configuration" else None
            )
            answer = [_SETTINGS.get(item.get("section"), {}) for item in items] if items is not None else None
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": answer})
        else:
            self._waiting.append(message)

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(stream.read(length))
        return message


# No store of schemas on the net: the file names its own.
_YAML = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False, "url": ""}}
_SETTINGS: dict[str | None, Any] = {"yaml": _YAML, "http": {}, "[yaml]": {}, "editor": {}, "files": {}}


@contextmanager
def language_server(program: Path, root: Path) -> Iterator[LanguageServer]:
    """A server for the folder `root`, initialised; ended at the end of the block."""
    process = subprocess.Popen(
        [os.fspath(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        server = LanguageServer(process)
        capabilities = {
            "textDocument": {"hover": {"contentFormat": ["markdown"]}, "completion": {"completionItem": {}}},
            "workspace": {"configuration": True},
        }
        folders = [{"uri": root.as_uri(), "name": root.name}]
        server.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": folders,
                "capabilities": capabilities,
            },
        )
        server.notify("initialized", {})
        server.notify("workspace/didChangeConfiguration", {"settings": {"yaml": _YAML}})
        yield server
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
