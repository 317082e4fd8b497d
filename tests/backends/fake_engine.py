"""An engine without a model, which does what each prompt says; for tests of the supervisor.

    echo …          answers with the prompt in capitals
    long N          takes N steps
    kill NAME       dies (SIGKILL) the first time it runs under this name
    kill-always     dies every time
    kill-slowly     dies every time, but only once everything else has finished
    exit NAME       ends the process with status 3, once
    raise NAME      raises ValueError in step(), once
    stall NAME      never returns from step(), once
    torn NAME       sends half a frame and dies, once
    garbage NAME    sends a frame that is not JSON, once
    refuse          is refused

Settings come through ``engine_args``: ``state`` (a directory that survives the process), ``concurrency``,
``open_error`` and ``load_error`` (``Class: message`` of mathevalkit.errors), ``die_in_load``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mathevalkit import errors
from mathevalkit.backends.supervised.engine import EngineRequest, Finished, RequestRefusedError
from mathevalkit.types import EngineOptions, ModelInfo

NAME = "tests.backends.fake_engine:FakeEngine"


class FakeEngine:
    def __init__(self, options: EngineOptions) -> None:
        self._args = options.engine_args
        self._state = Path(self._args["state"])
        self._queue: list[EngineRequest] = []
        self.work = 0

    def open(self) -> ModelInfo:
        print("fake engine: printed to standard output")
        (self._state / "pid").write_text(str(os.getpid()))
        self._raise_if_told("open_error")
        return ModelInfo(model="fake", backend="fake", backend_version="1", bos_token_id=1, chat_template="t")

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        if "unencodable" in texts:
            raise ValueError("no such token")
        return [[1] * special_tokens + [ord(letter) for letter in text] for text in texts]

    def render_chat(self, conversations) -> list[str]:
        if any(turn["role"] == "system" for conversation in conversations for turn in conversation):
            raise errors.RecipeError("the model's chat template refuses the conversation: no system turn")
        return ["|".join(turn["content"] for turn in conversation) for conversation in conversations]

    def load(self) -> int:
        self._raise_if_told("load_error")
        if self._args.get("die_in_load"):
            os.kill(os.getpid(), signal.SIGKILL)
        return self._args.get("concurrency", 4)

    def submit(self, request: EngineRequest) -> None:
        if _text(request) == "refuse":
            raise RequestRefusedError("this one cannot be served")
        self._queue.append(request)

    def step(self) -> list[Finished]:
        running = self._queue[: self._args.get("concurrency", 4)]
        for request in running:
            self._misbehave(_text(request), len(running))
        time.sleep(self._args.get("step_seconds", 0.001))
        self.work += 1
        ready = [r for r in running if _text(r) != "kill-slowly" and not self._takes_longer(_text(r))][:1]
        for request in ready:
            self._queue.remove(request)
            with (self._state / "served").open("a") as log:
                log.write(_text(request) + "\n")
        return [
            Finished(r.id, _text(r).upper(), "stop", prompt_tokens=len(r.token_ids), completion_tokens=1)
            for r in ready
        ]

    def abort(self) -> None:
        self._queue.clear()
        with (self._state / "aborted").open("a") as log:
            log.write("aborted\n")

    def close(self) -> None:
        (self._state / "closed").write_text("closed")

    def explain(self, error: Exception) -> errors.MathEvalError:
        return errors.BackendError(f"the fake engine raised {type(error).__name__}: {error}")

    def _misbehave(self, text: str, running: int) -> None:
        what, _, name = text.partition(" ")
        if what == "kill-always" or (what == "kill-slowly" and running == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if what not in ("kill", "exit", "raise", "stall", "torn", "garbage") or not self._first_time(name):
            return
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "exit":
            os._exit(3)
        if what == "raise":
            raise ValueError("something unheard of")
        if what == "stall":
            time.sleep(3600)
        if what == "torn":
            _write_to_parent((1000).to_bytes(4, "big") + b'{"op": "do')
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "garbage":
            _write_to_parent((7).to_bytes(4, "big") + b"garbage")
            time.sleep(3600)

    def _takes_longer(self, text: str) -> bool:
        what, _, steps = text.partition(" ")
        return what == "long" and self.work < int(steps)

    def _first_time(self, name: str) -> bool:
        marker = self._state / f"once-{name}"
        if marker.exists():
            return False
        marker.touch()
        return True

    def _raise_if_told(self, when: str) -> None:
        if when in self._args:
            kind, _, message = self._args[when].partition(": ")
            raise getattr(errors, kind)(message)


def _text(request: EngineRequest) -> str:
    return "".join(chr(token) for token in request.token_ids if token != 1)


def _write_to_parent(data: bytes) -> None:
    """Find the pipe to the parent among our open files."""
    sys.stderr.flush()
    own = {Path(f"/proc/self/fd/{number}").readlink() for number in (0, 1, 2)}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except OSError:
            continue
        if str(target).startswith("pipe:") and target not in own:
            flags = Path(f"/proc/self/fdinfo/{entry.name}").read_text().split("flags:")[1].split()[0]
            if int(flags, 8) & os.O_WRONLY:
                os.write(int(entry.name), data)
                return
