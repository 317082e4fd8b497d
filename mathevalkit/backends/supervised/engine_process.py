"""The main program of an engine's process.

    python -m mathevalkit.backends.supervised.engine_process module:Class

One thread runs the engine, one reads frames and tokenizes, one says every second how far the engine
is. Standard input and output carry the frames (``wire.py``); what the engine itself prints goes to
standard error, which is the log file. The process ends with its parent, whichever way that ends.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NoReturn

from mathevalkit import errors
from mathevalkit.backends.supervised.engine import (
    Engine,
    EngineRequest,
    Finished,
    RequestRefusedError,
    first_line,
)
from mathevalkit.backends.supervised.wire import Channel, ChannelClosedError, Frame, pack
from mathevalkit.types import EngineOptions, Sampling

BEAT_SECONDS = 1.0
PR_SET_PDEATHSIG = 1

TokenizedRequest = tuple[int, list[int] | str, int, list[Any], float]
"""Number, token ids or why there are none, seed, sampling, and when it arrived."""


def main(engine_name: str) -> None:
    """Serve the engine ``module:Class`` until the parent is gone or says ``close``."""
    channel = _take_over_standard_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    faulthandler.enable()
    hello = channel.receive()
    _die_with_parent(hello["parent"])
    _Session(channel, engine_name, hello["options"]).run()


class _Session:
    """The life of one engine process."""

    def __init__(self, channel: Channel, engine_name: str, options: dict[str, Any]) -> None:
        self._channel = channel
        self._engine_name = engine_name
        self._options = EngineOptions(**options)
        self._commands: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._opened = threading.Event()
        self._taken: dict[int, float] = {}
        """Requests the engine is working on, and when they were handed over."""

    def run(self) -> None:
        sys.excepthook = lambda *args: self._crash(args[1])
        threading.excepthook = lambda args: self._crash(args.exc_value)
        for target in (self._read_frames, self._beat):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        self._serve()

    def _serve(self) -> None:
        module, _, name = self._engine_name.partition(":")
        engine: Engine = getattr(importlib.import_module(module), name)(self._options)
        self._engine = engine
        info = engine.open()
        self._opened.set()
        self._send({"op": "opened", "info": asdict(info)})
        while True:
            for frame in self._waiting_commands(block=not self._taken):
                if not self._handle(engine, frame):
                    engine.close()
                    _end(0)
            if self._taken:
                self._report(engine.step())

    def _handle(self, engine: Engine, frame: Frame) -> bool:
        """Do what a frame says; False where it says to end."""
        match frame["op"]:
            case "load":
                self._send({"op": "loaded", "concurrency": engine.load()})
            case "submit":
                self._submit(engine, frame["requests"])
            case "abort":
                engine.abort()
                self._taken.clear()
            case "close":
                return False
            case other:
                raise errors.BackendError(f"unknown frame {other!r}")
        return True

    def _waiting_commands(self, *, block: bool) -> Iterator[Frame]:
        try:
            while True:
                yield self._commands.get(block=block)
                block = False
        except queue.Empty:
            return

    def _submit(self, engine: Engine, requests: list[TokenizedRequest]) -> None:
        refused = []
        for number, token_ids, seed, sampling, since in requests:
            self._taken[number] = since
            why_not = token_ids if isinstance(token_ids, str) else None
            if not isinstance(token_ids, str):
                try:
                    engine.submit(EngineRequest(number, token_ids, _sampling(*sampling), seed))
                except RequestRefusedError as error:
                    why_not = str(error)
            if why_not is not None:
                refused.append(Finished(id=number, text="", finish_reason="error", error=why_not))
        self._report(refused)

    def _report(self, finished: list[Finished]) -> None:
        now = time.monotonic()
        rows = [
            [f.id, f.text, f.finish_reason, f.stop_reason, f.prompt_tokens, f.completion_tokens,
             round(now - self._taken.pop(f.id), 3), f.error]
            for f in finished
            if f.id in self._taken
        ]  # fmt: skip
        if rows:
            self._send({"op": "done", "completions": rows})

    def _read_frames(self) -> None:
        """Read for ever; tokenize here, beside the engine's own thread."""
        while True:
            frame = self._channel.receive()
            match frame["op"]:
                case "encode" | "render_chat":
                    self._send({"op": "reply", "call": frame["call"], "value": self._tokenizer(frame)})
                case "submit":
                    now = time.monotonic()
                    frame["requests"] = [
                        (number, self._token_ids(prompt, special_tokens=special), seed, sampling, now)
                        for number, prompt, special, seed, sampling in frame["requests"]
                    ]
                    self._commands.put(frame)
                case _:
                    self._commands.put(frame)

    def _token_ids(self, prompt: str, *, special_tokens: bool) -> list[int] | str:
        """The ids, or why there are none."""
        try:
            ids = self._ready_engine().encode([prompt], special_tokens=special_tokens)[0]
        except (errors.MathEvalError, RequestRefusedError, ValueError, TypeError) as error:
            return f"the prompt cannot be tokenized: {first_line(error)}"
        return ids or "the prompt is empty"

    def _tokenizer(self, frame: Frame) -> Frame:
        """Answer an ``encode`` or ``render_chat`` frame: ``{"ok": …}`` or ``{"error": …, "kind": …}``."""
        engine = self._ready_engine()
        try:
            if frame["op"] == "encode":
                return {"ok": engine.encode(frame["texts"], special_tokens=frame["special_tokens"])}
            return {"ok": engine.render_chat(frame["conversations"])}
        except RequestRefusedError as error:
            return {"error": str(error), "kind": "BackendError"}
        except errors.MathEvalError as error:
            return {"error": str(error), "kind": type(error).__name__}

    def _ready_engine(self) -> Engine:
        self._opened.wait()
        assert self._engine is not None
        return self._engine

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            self._send({"op": "beat", "work": self._engine.work if self._engine else 0})

    def _send(self, frame: Frame) -> None:
        self._channel.send(pack(frame))

    def _crash(self, error: BaseException | None) -> None:
        """What no one else caught, in whichever thread: say why, then end the whole process."""
        if isinstance(error, ChannelClosedError):
            _end(1)  # the parent is gone
        if not isinstance(error, errors.MathEvalError):
            traceback.print_exception(error)  # all of it, for the log
            if isinstance(error, Exception) and self._engine is not None:
                error = self._engine.explain(error)
            else:
                error = errors.BackendError(f"{type(error).__name__}: {first_line(error)}")
        try:
            self._send({"op": "failed", "kind": type(error).__name__, "message": str(error)})
        finally:
            _end(1)


def _sampling(max_tokens: int, temperature: float, top_p: float, stop: list[str]) -> Sampling:
    return Sampling(max_tokens=max_tokens, temperature=temperature, top_p=top_p, stop=tuple(stop))


def _take_over_standard_streams() -> Channel:
    """Keep both pipes for the frames and point the standard streams elsewhere."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return Channel(incoming=incoming, outgoing=outgoing)


def _die_with_parent(parent: int) -> None:
    """Ask Linux for SIGKILL when the parent dies; elsewhere the end of its pipe tells us.

    The pipe alone would do, were it not for native code that holds Python's lock for ever.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            _end(1)


def _end(status: int) -> NoReturn:
    """End this process at once; where something went wrong, everything it started as well."""
    sys.stderr.flush()
    if status and hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1])
