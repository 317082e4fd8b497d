"""Messages between this process and an engine's process: JSON frames over two pipes.

A frame is four bytes of length (big-endian) and that many bytes of JSON, one object with the key
``op``. Requests and answers, parent to child and back::

    {"op": "options", "options": {...}, "parent": pid}  -> {"op": "opened", "info": {...}}
    {"op": "encode", "call": 7, "texts": [...]}         -> {"op": "reply", "call": 7, "value": {...}}
    {"op": "load"}                                      -> {"op": "loaded", "concurrency": 256}
    {"op": "submit", "requests": [[id, ...], ...]}      -> {"op": "done", "completions": [[id, ...], ...]}
    {"op": "abort"}                                        forget everything submitted so far
    {"op": "close"}                                        end
    (every second)                                      <- {"op": "beat", "work": n}
    (instead of an answer, and then it ends)            <- {"op": "failed", "kind": ..., "message": ...}

JSON rather than pickle: a frame that was cut short or damaged is an error, never an object.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, BinaryIO

import orjson

MAX_FRAME_BYTES = 1 << 30

Frame = dict[str, Any]


class ChannelClosedError(Exception):
    """The other side is gone, or what it sent cannot be read."""


def pack(frame: Frame) -> bytes:
    """The bytes of one frame. Raises TypeError where JSON cannot hold it (a lone surrogate, say)."""
    payload = orjson.dumps(frame)
    return len(payload).to_bytes(4, "big") + payload


class Channel:
    """One side of the connection. ``send`` may be called from several threads, ``receive`` from one."""

    def __init__(self, *, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._send_lock = threading.Lock()

    def send(self, packed: bytes) -> None:
        """Write one frame (from ``pack``) whole. Raises ChannelClosedError."""
        try:
            with self._send_lock:
                self._outgoing.write(packed)
                self._outgoing.flush()
        except (OSError, ValueError) as error:  # ValueError: the file object is closed
            raise ChannelClosedError(f"cannot write to the other side: {error}") from error

    def receive(self) -> Frame:
        """Wait for the next frame. Raises ChannelClosedError at the end, also at a torn frame."""
        size = int.from_bytes(self._read_exactly(4), "big")
        if size > MAX_FRAME_BYTES:
            raise ChannelClosedError(f"a frame of {size} bytes: this is not one of ours")
        payload = self._read_exactly(size)
        try:
            frame = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise ChannelClosedError(f"a damaged frame: {error}") from error
        if not isinstance(frame, dict) or "op" not in frame:
            raise ChannelClosedError("a frame without 'op'")
        return frame

    def _read_exactly(self, count: int) -> bytes:
        try:
            data = self._incoming.read(count)
        except (OSError, ValueError) as error:
            raise ChannelClosedError(f"cannot read from the other side: {error}") from error
        if len(data) < count:
            raise ChannelClosedError("the other side closed" + (" in the middle of a frame" if data else ""))
        return data

    def close(self) -> None:
        """Close both directions; what could not be delivered is lost with whom it was for."""
        for stream in (self._outgoing, self._incoming):
            with suppress(OSError):
                stream.close()
