"""JSON over HTTP to a server in this very process, from several threads."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import Any

from mathevalkit.backends.supervised.engine import RequestRefusedError

IDLE_SECONDS = 1.0
"""A connection unused for longer is made anew: llama.cpp hangs up after five."""


class LoopbackHttp:
    """One keep-alive connection per thread."""

    def __init__(self, address: str, key: str, *, attempts: int) -> None:
        """``attempts``: how often an exchange that breaks off is tried, on a fresh connection."""
        self._netloc = address.removeprefix("http://")
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        self._attempts = attempts
        self._local = threading.local()
        self._connections: list[HTTPConnection] = []

    def get(self, path: str) -> Any:
        """Raises RequestRefusedError for an answer other than 200, OSError or HTTPException for none."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """The same, with a body."""
        return self._ask("POST", path, json.dumps(body))

    def hang_up(self) -> None:
        """Break off every exchange; llama.cpp then drops what it was doing for us."""
        for connection in list(self._connections):
            if (sock := connection.sock) is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for the answer
            connection.close()  # the next request on it connects anew

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        for _ in range(self._attempts - 1):
            with suppress(OSError, HTTPException):
                return self._exchange(method, path, body)
        return self._exchange(method, path, body)

    def _exchange(self, method: str, path: str, body: str | None) -> Any:
        connection: HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = HTTPConnection(self._netloc)
            self._connections.append(connection)
        elif monotonic() - self._local.used > IDLE_SECONDS:
            connection.close()  # the next request on it connects anew
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            payload = response.read()
        except (OSError, HTTPException):
            connection.close()
            raise
        finally:
            self._local.used = monotonic()
        if response.status != 200:
            raise RequestRefusedError(
                _server_message(payload) or f"llama.cpp answered with status {response.status}"
            )
        return json.loads(payload)


def _server_message(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""
