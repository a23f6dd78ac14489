"""A client of the YAML language server: the few requests of an editor, over standard input and output."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

SECONDS = 60
_SETTINGS = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "completion": True, "hover": True}}


class LanguageServer:
    """One server process. Places are 0-based, as the protocol has them."""

    def __init__(self, program: Path, root: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(program), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
        )
        self._root = root
        self._came: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self._count = 0

    def __enter__(self) -> Self:
        folder = {"uri": self._root.as_uri(), "name": "project"}
        support: dict[str, Any] = {
            "workspace": {"configuration": True},
            "textDocument": {
                "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                "hover": {"contentFormat": ["markdown"]},
            },
        }
        self.request(
            "initialize",
            processId=None,
            rootUri=folder["uri"],
            workspaceFolders=[folder],
            capabilities=support,
        )
        self._send({"method": "initialized", "params": {}})
        return self

    def __exit__(self, *_: object) -> None:
        self.request("shutdown")
        self._send({"method": "exit"})
        self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()

    def open(self, path: Path) -> list[dict[str, Any]]:
        """Open a file as an editor does; the diagnostics that the server has for it."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        for message in self._messages():
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                if params["uri"] == document["uri"]:
                    return list(params["diagnostics"])
        raise AssertionError("the server has ended")

    def completions(self, path: Path, line: int, column: int) -> dict[str, dict[str, Any]]:
        """What may be written at a place, by its label."""
        found = self._at("textDocument/completion", path, line, column)
        return {item["label"]: item for item in found["items"]}

    def hover(self, path: Path, line: int, column: int) -> str:
        """The text shown for a place."""
        found = self._at("textDocument/hover", path, line, column)
        return str(found["contents"]["value"]) if found else ""

    def _at(self, method: str, path: Path, line: int, column: int) -> Any:
        place = {"line": line, "character": column}
        return self.request(method, textDocument={"uri": path.as_uri()}, position=place)

    def request(self, method: str, **params: Any) -> Any:
        """Ask, and wait for the answer."""
        self._count += 1
        mine = self._count
        self._send({"id": mine, "method": method, "params": params})
        for message in self._messages():
            if message.get("id") == mine and "method" not in message:
                assert "error" not in message, message["error"]
                return message.get("result")
        raise AssertionError("the server has ended")

    def _messages(self) -> Iterator[dict[str, Any]]:
        """What the server says, its own questions answered on the way."""
        while True:
            message = self._came.get(timeout=SECONDS)
            if not message:
                return
            if "id" in message and "method" in message:
                asked = message["params"].get("items", []) if message["method"] == _CONFIGURATION else None
                answer = None if asked is None else [_SETTINGS.get(item["section"], {}) for item in asked]
                self._send({"id": message["id"], "result": answer})
            yield message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream
        while head := stream.readline():
            length = 0
            while head.strip():
                name, _, value = head.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                head = stream.readline()
            self._came.put(json.loads(stream.read(length)))
        self._came.put({})


_CONFIGURATION = "workspace/configuration"
