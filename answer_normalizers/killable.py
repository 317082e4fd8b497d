"""A function in a process of its own, which is killed when it takes too long or too much memory.

For work that cannot be bounded from inside, such as a computer-algebra system on what a model wrote.

    >>> worker = Worker("operator:add", deadline=20.0)
    >>> worker.call(2, 3)
    5
    >>> worker.stop()

The process is started at the first call and kept for the next ones; after a kill the next call starts
another. Threads take turns. A fork of this process and a pickled copy, as in a worker of Ray, start their
own. No signals are used, no alarms are set, and nothing but JSON passes between the processes.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO

START_SECONDS = 60.0
"""How long a process may take to import what it needs, which is not the fault of any one call."""

_BOOT = """
import sys
sys.path.insert(0, sys.argv[1])
from answer_normalizers.killable import serve
serve(*sys.argv[2:])
"""
_ROOT = str(Path(__file__).resolve().parent.parent)

_ENVIRONMENT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"),
    *("LD_LIBRARY_PATH", "SYSTEMROOT", "APPDATA"),
)
"""All that a process is told of its caller's environment: what it takes to start, and no secrets."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class WorkerError(RuntimeError):
    """A call that gave no result: it was killed, or the function raised."""


class WorkerKilledError(WorkerError):
    """The process was killed at its deadline, or died (of its memory limit, most likely)."""


class Worker:
    """Calls one function, with JSON for arguments and result, in a process that can be killed.

    Args:
        place: the function, as `module:attribute`; the module is imported in the process only.
        deadline: seconds a call may take.
        memory: bytes of address space the process may have; not enforced on Windows.
    """

    def __init__(self, place: str, *, deadline: float = 2.0, memory: int = 2 << 30) -> None:
        self._place, self._deadline, self._memory = place, deadline, memory
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._owner = os.getpid()

    def __getstate__(self) -> tuple[str, float, int]:
        return self._place, self._deadline, self._memory

    def __setstate__(self, state: tuple[str, float, int]) -> None:
        self._place, self._deadline, self._memory = state
        self._reset()

    def call(self, *arguments: Json) -> Json:
        """Call the function.

        Raises:
            WorkerKilledError: it took longer than the deadline, or the process died.
            WorkerError: the function raised, or the process could not start.
        """
        if self._owner != os.getpid():
            self._reset()  # after a fork: the process, and whoever held the lock, belong to the parent
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            reply = self._exchange(json.dumps(arguments))
        if "error" in reply:
            raise WorkerError(str(reply["error"]))
        return reply["value"]

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._owner == os.getpid():
            with self._lock:
                self._kill()

    def _start(self) -> None:
        command = [sys.executable, "-c", _BOOT, _ROOT, self._place, str(self._memory)]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            text=True,
            bufsize=1,
        )
        # Ended with this object, or with the interpreter, where nobody calls `stop`.
        self._end = weakref.finalize(self, _end, self._process, os.getpid())
        self._replies = queue.SimpleQueue()
        reader = threading.Thread(target=_forward, args=(self._process.stdout, self._replies), daemon=True)
        reader.start()
        ready = self._receive(START_SECONDS)
        if "error" in ready:
            self._kill()
            raise WorkerError(f"{self._place}: {ready['error']}")

    def _exchange(self, request: str) -> dict[str, Json]:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
        except OSError as error:
            self._kill()
            raise WorkerKilledError(f"{self._place}: its process died") from error
        return self._receive(self._deadline)

    def _receive(self, seconds: float) -> dict[str, Json]:
        try:
            line = self._replies.get(timeout=seconds)
        except queue.Empty:
            self._kill()
            raise WorkerKilledError(f"{self._place}: killed after {seconds:g} s") from None
        if not line:
            self._kill()
            raise WorkerKilledError(f"{self._place}: its process died, of its memory limit most likely")
        reply: dict[str, Json] = json.loads(line)
        return reply

    def _kill(self) -> None:
        if self._process is not None:
            self._process = None
            self._end()


def _end(process: subprocess.Popen[str], owner: int) -> None:
    """Kill a process and close its pipes; a fork of its owner leaves it alone."""
    if os.getpid() != owner:
        return
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):  # what was not yet written to a dead process cannot be flushed
                stream.close()


def _forward(stream: IO[str] | None, replies: queue.SimpleQueue[str]) -> None:
    """Pass on what a process writes, and an empty line when it is gone."""
    try:
        for line in stream or ():
            replies.put(line)
    except ValueError:  # closed while it was read: the process was killed
        pass
    replies.put("")


def serve(place: str, memory: str) -> None:
    """What the process does: import the function, then answer line by line until its caller is gone."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the function prints must not end up among the replies
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
        module, _, attribute = place.partition(":")
        function = getattr(importlib.import_module(module), attribute)
        _limit_memory(int(memory))
    except (ImportError, AttributeError, ValueError, OSError) as error:
        replies.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        return
    replies.write(json.dumps({"value": "ready"}) + "\n")
    for line in sys.stdin:
        try:
            reply = {"value": function(*json.loads(line))}
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        replies.write(json.dumps(reply) + "\n")


def _limit_memory(size: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _exit_with_parent(parent: int) -> None:
    """Leave when the caller is gone, even in the middle of a computation."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
