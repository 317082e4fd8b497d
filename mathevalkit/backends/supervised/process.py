"""An engine's process, seen from the process that started it.

The engine (``engine_process.py``) runs in a session of its own, so that a Ctrl-C in the terminal reaches us
alone and so that it can be killed with everything it started. Two threads move
the frames (``wire.py``): a slow reader of completions never blocks the engine, and an engine that no longer
reads never blocks us.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, cast

from mathevalkit.backends.supervised.wire import Channel, ChannelClosedError, Frame, pack
from mathevalkit.types import EngineOptions

STOP_SECONDS = 5.0
"""How long an engine may take to shut down when asked to."""
KILL_WAIT_SECONDS = 10.0
"""How long to wait for a killed process to be gone (a GPU driver may need a while)."""


class EngineProcess:
    """A running engine process. Frames it sends arrive in ``inbox``; ``None`` there means it is gone."""

    def __init__(self, engine: str, options: EngineOptions, log: BinaryIO) -> None:
        """Start it. ``engine`` is ``module:Class``; its standard output and error go to ``log``.

        Raises TypeError for options that JSON cannot hold.
        """
        hello = pack({"op": "options", "options": asdict(options), "parent": os.getpid()})
        self.inbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self.signs = 0
        """Grows with every frame received."""
        self.work = 0
        """The engine's own measure of progress, from its last beat."""
        self.closed_because = ""
        self.failure: Frame | None = None
        """What it said before it ended, if it said something."""
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._replies: dict[int, queue.SimpleQueue[Frame | None]] = {}
        self._calls = count(1)
        self._gone = threading.Event()
        self._popen = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", "-m", "mathevalkit.backends.supervised.engine_process", engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
            start_new_session=True,
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._channel = Channel(
            incoming=cast("BinaryIO", self._popen.stdout), outgoing=cast("BinaryIO", self._popen.stdin)
        )
        self._threads = [
            threading.Thread(target=target, name=f"engine-{target.__name__}", daemon=True)
            for target in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()
        self._outbox.put(hello)

    @property
    def pid(self) -> int:
        """Of the engine's process, which leads a group of the same number."""
        return self._popen.pid

    @property
    def gone(self) -> bool:
        """Whether the process stopped talking or ended, whatever the reason.

        Its pipe can outlive it, in the hands of a process that it forked.
        """
        return self._gone.is_set() or self._popen.poll() is not None

    def post(self, frame: Frame) -> None:
        """Send a frame; returns at once. Raises TypeError where JSON cannot hold it."""
        self._outbox.put(pack(frame))

    def call(self, frame: Frame, *, stall_seconds: float) -> Any:
        """Send a frame and wait for its reply.

        Raises ChannelClosedError when the process is gone or silent for ``stall_seconds``.
        """
        number = next(self._calls)
        replies = self._replies[number] = queue.SimpleQueue()
        if self.gone:
            raise ChannelClosedError(self.closed_because)
        self.post(frame | {"call": number})
        patience = Patience(self, stall_seconds, alive_is_enough=True)
        try:
            while True:
                try:
                    reply = replies.get(timeout=1.0)
                except queue.Empty:
                    if patience.exhausted():
                        raise ChannelClosedError(f"no sign of life for {patience.limit:g} s") from None
                    continue
                if reply is None:
                    raise ChannelClosedError(self.closed_because)
                return reply["value"]
        finally:
            self._replies.pop(number, None)

    def exit_status(self) -> str:
        """How the process ended, in words; call after ``kill`` or when ``gone``."""
        try:
            code = self._popen.wait(timeout=KILL_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            return "it stopped talking"
        if code < 0:
            try:
                return f"it was killed by {signal.Signals(-code).name}"
            except ValueError:
                return f"it was killed by signal {-code}"
        return f"it exited with status {code}"

    def stop(self) -> None:
        """Let the engine shut down, which it does between two steps; kill it if that takes too long."""
        if not self.gone:
            self.post({"op": "close"})
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout=STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and everything it started. Idempotent."""
        self._outbox.put(None)
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
        else:
            self._popen.kill()
        try:
            self._popen.wait(timeout=KILL_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            return
        for thread in self._threads:
            thread.join(timeout=KILL_WAIT_SECONDS)
        if not any(thread.is_alive() for thread in self._threads):
            self._channel.close()

    def _read(self) -> None:
        try:
            while True:
                frame = self._channel.receive()
                if frame["op"] == "beat":
                    self.work = frame["work"]
                elif frame["op"] == "failed":
                    self.failure = frame
                elif frame["op"] == "reply":
                    waiting = self._replies.get(frame["call"])
                    if waiting is not None:
                        waiting.put(frame)
                else:
                    self.inbox.put(frame)
                self.signs += 1
        except ChannelClosedError as error:
            self.closed_because = str(error)
        finally:
            self._gone.set()
            self.inbox.put(None)
            for waiting in list(self._replies.values()):
                waiting.put(None)

    def _write(self) -> None:
        while (packed := self._outbox.get()) is not None:
            try:
                self._channel.send(packed)
            except ChannelClosedError:
                return  # the reader notices too and says so


START_SECONDS = 120.0
"""A process that is being started, loaded or asked may be silent for as long, whatever the limit is."""


class Patience:
    """Decides when an engine has been stuck for too long.

    It counts the time we were awake and watching, not the clock: a laptop that slept, a stopped
    parent or a slow consumer is not the engine's fault.
    """

    TICK_SECONDS = 1.0

    def __init__(self, process: EngineProcess, limit: float, *, alive_is_enough: bool = False) -> None:
        self._process = process
        self._limit = max(limit, START_SECONDS) if alive_is_enough else limit
        self._alive_is_enough = alive_is_enough
        self._seen = self._measure()
        self._waited = 0.0

    @property
    def limit(self) -> float:
        """Seconds."""
        return self._limit

    def exhausted(self, waited: float = TICK_SECONDS) -> bool:
        """Call after each tick spent waiting in vain."""
        now = self._measure()
        if now != self._seen:
            self._seen = now
            self._waited = 0.0
        else:
            self._waited += waited
        return self._waited >= self._limit

    def _measure(self) -> int:
        return self._process.signs if self._alive_is_enough else self._process.work


def _environment() -> dict[str, str]:
    """Ours, with this very mathevalkit importable and Python's output unbuffered."""
    root = str(Path(__file__).resolve().parents[3])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([*(p for p in paths if p and p != root), root]),
        "PYTHONUNBUFFERED": "1",
    }
