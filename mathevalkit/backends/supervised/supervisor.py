"""A backend whose engine lives in a process of its own, watched and restarted.

What can happen to an engine in a run of many hours, and what is done::

    its process dies                    started again; what had not finished is submitted again
    nothing happens for stall_seconds   the same, after killing it
    it dies more than max_restarts      EngineDiedError (what was yielded is safe with the consumer)
    one request kills it every time     found by running the suspects one at a time; that request alone
                                        comes back with finish_reason "error"

Suspects are the requests that were running at two deaths in a row. Engines admit requests in the order
of arrival, so those are the oldest unfinished ones, as many as run at a time. Deaths explained by such
a request do not count against ``max_restarts``.
"""

from __future__ import annotations

import dataclasses
import os
import queue
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from mathevalkit import errors
from mathevalkit.backends.supervised.engine import request_to_wire
from mathevalkit.backends.supervised.process import EngineProcess, Patience
from mathevalkit.backends.supervised.wire import ChannelClosedError, Frame
from mathevalkit.errors import RunDirectoryError
from mathevalkit.types import Completion, EngineOptions, Message, ModelInfo, Request

SUBMIT_AT_ONCE = 32
"""Requests in one frame: few enough that the engine starts while later ones are still being made."""

SUSPECT_MARGIN = 16
"""Completions that may be on their way when an engine dies."""


class EngineFailedError(Exception):
    """The engine's process ended, or did nothing for too long. ``kind`` names a class of errors.py."""

    def __init__(self, message: str, kind: str = "EngineDiedError") -> None:
        super().__init__(message)
        self.kind = kind


class SupervisedBackend:
    """A Backend (``base.py``) around the engine ``module:Class``. The process starts at once."""

    def __init__(self, engine: str, options: EngineOptions) -> None:
        self._engine = engine
        self._log = EngineLog(options.log_path)
        self._options = dataclasses.replace(options, log_path=self._log.path)
        self._info: ModelInfo | None = None
        self._tokenizer: RemoteTokenizer | None = None
        self._loaded = False
        self._concurrency = 1
        self._next_id = 0
        self._unfinished: dict[int, Request] = {}
        """Pulled from the consumer and not yet yielded, oldest first."""
        self._refused: list[Completion] = []
        self._submitted: set[int] = set()
        """Those of them that the present process has."""
        self._deaths = 0
        """Deaths that no request explains."""
        self._ran_at_last_death: list[int] = []
        self._suspects: list[int] = []
        """While not empty, these run alone, one after the other, and nothing else does."""
        self._culprits = 0
        self._restarts = 0
        self._process: EngineProcess | None = self._spawn()

    @property
    def restarts(self) -> int:
        """How often the engine had to be started again."""
        return self._restarts

    @property
    def tokenizer(self) -> RemoteTokenizer | None:
        """Ready once ``start`` has returned."""
        return self._tokenizer

    def start(self) -> ModelInfo:
        """Wait until the tokenizer is ready and the options are checked."""
        try:
            self._open()
        except EngineFailedError as failure:
            raise self._as_error(failure, "could not open the model") from failure
        assert self._info is not None
        self._tokenizer = RemoteTokenizer(self, self._info)
        return self._info

    def load(self) -> None:
        """Load the weights."""
        try:
            self._load()
        except EngineFailedError as failure:
            raise self._as_error(failure, "could not load the model") from failure
        self._loaded = True

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yield completions as they finish; see the module's docstring for what is survived."""
        source = iter(requests)
        try:
            while True:
                self._fill(source)
                while self._refused:
                    yield self._refused.pop()
                if not self._unfinished:
                    return
                try:
                    finished = self._wait_for_completions()
                except EngineFailedError as failure:
                    finished = self._recover(failure)
                yield from finished
        finally:
            self._forget_unfinished()

    def close(self) -> None:
        """End the engine's process and everything it started. Idempotent."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._log.close()

    def call(self, frame: Frame) -> Any:
        """Ask the tokenizer; an engine that dies meanwhile is started again."""
        while True:
            try:
                process = self._living_process()
                try:
                    reply = process.call(frame, stall_seconds=self._options.stall_seconds)
                except ChannelClosedError as closed:
                    raise (
                        self._failure(process) if process.gone else EngineFailedError(str(closed))
                    ) from closed
            except EngineFailedError as failure:
                if not self._loaded:
                    raise self._as_error(failure, "the engine died") from failure
                self._count_death(failure)
                self._revive(failure)
                continue
            if "error" in reply:
                raise getattr(errors, reply["kind"])(reply["error"])
            return reply["ok"]

    # Requests and completions

    def _fill(self, source: Iterator[Request]) -> None:
        """Keep more requests with the engine than it runs at a time, but not many more."""
        if self._suspects:
            self._submit(self._suspects[:1])
            return
        self._submit(self._unfinished)
        window = self._concurrency + max(32, self._concurrency)
        while len(self._unfinished) < window:
            more = list(islice(source, min(SUBMIT_AT_ONCE, window - len(self._unfinished))))
            if not more:
                return
            for request in more:
                self._take(request)
            self._submit(self._unfinished)

    def _take(self, request: Request) -> None:
        try:
            request.prompt.encode()
        except UnicodeEncodeError as error:
            self._refused.append(_failed(request, f"the prompt is not valid Unicode: {error}"))
            return
        self._unfinished[self._next_id] = request
        self._next_id += 1

    def _submit(self, ids: Iterable[int]) -> None:
        process = self._living_process()
        new = [number for number in ids if number not in self._submitted]
        for start in range(0, len(new), SUBMIT_AT_ONCE):
            batch = new[start : start + SUBMIT_AT_ONCE]
            self._submitted.update(batch)
            rows = [request_to_wire(number, self._unfinished[number]) for number in batch]
            process.post({"op": "submit", "requests": rows})

    def _wait_for_completions(self) -> list[Completion]:
        """The next ones to finish. Raises EngineFailedError."""
        process = self._living_process()
        patience = Patience(process, self._options.stall_seconds)
        while True:
            frame = self._next_frame(process, patience, "made no progress")
            if frame["op"] == "done":
                self._suspects_survived(frame["completions"])
                return [c for row in frame["completions"] if (c := self._completion(row)) is not None]

    def _completion(self, row: Sequence[Any]) -> Completion | None:
        number, text, finish_reason, stop_reason, prompt_tokens, completion_tokens, seconds, error = row
        request = self._unfinished.pop(number, None)
        self._submitted.discard(number)
        if request is None:
            return None  # of a generate() that was closed before it was exhausted
        return Completion(
            sample_id=request.sample_id,
            k=request.k,
            text=text,
            finish_reason=finish_reason,
            stop_reason=stop_reason,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            seconds=seconds,
            error=error,
        )

    def _forget_unfinished(self) -> None:
        if self._submitted and self._process is not None:
            self._process.post({"op": "abort"})
        self._unfinished.clear()
        self._submitted.clear()
        self._suspects.clear()
        self._ran_at_last_death.clear()

    # Death and recovery

    def _recover(self, failure: EngineFailedError) -> list[Completion]:
        """Start the engine again and find out whether one request is to blame."""
        culprit = self._explain_death()
        completions = []
        if culprit is not None:
            request = self._unfinished.pop(culprit)
            completions.append(
                _failed(
                    request, f"this request ended the engine's process every time, alone as well: {failure}"
                )
            )
        else:
            self._count_death(failure)
        self._revive(failure)
        return completions

    def _explain_death(self) -> int | None:
        """The request to blame, once it is known; before that, choose the suspects."""
        if self._suspects:
            culprit = self._suspects[0]
            self._suspects.clear()
            self._ran_at_last_death.clear()
            self._culprits += 1
            if self._culprits > self._options.max_restarts:
                return None  # an engine that many different requests kill is broken, not the requests
            self._deaths = max(0, self._deaths - 2)  # the two that made it a suspect
            return culprit
        running = list(islice(self._submitted_in_order(), self._concurrency + SUSPECT_MARGIN))
        before = set(self._ran_at_last_death)
        self._suspects = [number for number in running if number in before]
        self._ran_at_last_death = running
        return None

    def _suspects_survived(self, rows: Sequence[Sequence[Any]]) -> None:
        done = {row[0] for row in rows}
        if self._suspects and self._suspects[0] in done:
            self._suspects.pop(0)
            if not self._suspects:
                self._ran_at_last_death.clear()

    def _submitted_in_order(self) -> Iterator[int]:
        return (number for number in self._unfinished if number in self._submitted)

    def _count_death(self, failure: EngineFailedError) -> None:
        """Raises the final error once the restarts are used up."""
        self._deaths += 1
        if self._deaths > self._options.max_restarts:
            if failure.kind != "OutOfMemoryError":
                failure.kind = "EngineDiedError"
            times = "once" if self._deaths == 1 else f"{self._deaths} times"
            raise self._as_error(failure, f"the engine failed {times} and is not started again") from failure

    def _revive(self, failure: EngineFailedError) -> None:
        """A new process, as far along as the old one was. What it had is no longer submitted."""
        while True:
            if self._process is not None:
                self._process.kill()
            self._submitted.clear()
            self._restarts += 1
            self._log.note(f"mathevalkit: restart {self._restarts}: {failure}")
            self._process = self._spawn()
            try:
                self._open()
                self._load()
                return
            except EngineFailedError as again:
                failure = again
                self._count_death(failure)

    # The process

    def _spawn(self) -> EngineProcess:
        try:
            return EngineProcess(self._engine, self._options, self._log.file)
        except TypeError as error:
            self._log.close()
            raise errors.UsageError(
                f"`engine_args`: a value cannot be handed to the engine: {error}"
            ) from error

    def _living_process(self) -> EngineProcess:
        if self._process is None:
            raise errors.BackendError("the backend is closed")
        return self._process

    def _open(self) -> None:
        process = self._living_process()
        patience = Patience(process, self._options.stall_seconds, alive_is_enough=True)
        frame = self._next_frame(process, patience, "gave no sign of life")
        info = {field.name for field in dataclasses.fields(ModelInfo)}
        self._info = ModelInfo(**{key: value for key, value in frame["info"].items() if key in info})

    def _load(self) -> None:
        process = self._living_process()
        process.post({"op": "load"})
        patience = Patience(process, self._options.stall_seconds, alive_is_enough=True)
        self._concurrency = self._next_frame(process, patience, "gave no sign of life")["concurrency"]

    def _next_frame(self, process: EngineProcess, patience: Patience, stalled: str) -> Frame:
        while True:
            try:
                frame = process.inbox.get(timeout=Patience.TICK_SECONDS)
            except queue.Empty:
                if process.gone and process.inbox.empty():
                    raise self._failure(process) from None
                if patience.exhausted():
                    process.kill()
                    raise EngineFailedError(f"it {stalled} for {patience.limit:g} s") from None
                continue
            if frame is None:
                process.inbox.put(None)  # whoever asks next gets the same answer
                raise self._failure(process)
            return frame

    def _failure(self, process: EngineProcess) -> EngineFailedError:
        """Why a process that stopped talking did so."""
        if process.failure is not None:
            return EngineFailedError(process.failure["message"], process.failure["kind"])
        if "frame" in process.closed_because:
            return EngineFailedError(f"its messages broke off: {process.closed_because}")
        said = self._log.last_words()
        return EngineFailedError(process.exit_status() + (f' after it said "{said}"' if said else ""))

    def _as_error(self, failure: EngineFailedError, what: str) -> errors.MathEvalError:
        """The user's error: what happened, why, what helps, and where to look."""
        self._log.keep = True
        kind: type[errors.MathEvalError] = getattr(errors, failure.kind)
        why = str(failure)
        if kind is errors.EngineDiedError and not self._loaded:
            kind = errors.BackendError
            if "SIGKILL" in why:
                kind = errors.OutOfMemoryError
                why += ", as the system does when memory runs out"
        if kind is errors.OutOfMemoryError:
            why += f". {LESS_MEMORY}"
        who = f"{self._options.backend}: {self._options.model}"
        return kind(f"{who}: {what}: {why} (engine's output: {self._log.path})")


LESS_MEMORY = (
    "Options that need less memory: `max_model_len`, `max_num_seqs`, `gpu_memory_utilization`, `dtype`, "
    "`quantization`; `tensor_parallel_size` spreads the model over several GPUs; `backend=llama_cpp` runs "
    "a quantized GGUF file."
)


def _failed(request: Request, error: str) -> Completion:
    return Completion(sample_id=request.sample_id, k=request.k, text="", finish_reason="error", error=error)


# ---- what it hands out and what it keeps: the tokenizer across the process boundary, and the log -------


class RemoteTokenizer:
    """The engine's tokenizer, asked across the process boundary."""

    def __init__(self, backend: SupervisedBackend, info: ModelInfo) -> None:
        self._backend = backend
        self._info = info

    @property
    def bos_token_id(self) -> int | None:
        """The id of the token that begins a sequence, where the model has one."""
        return self._info.bos_token_id

    @property
    def chat_template(self) -> str | None:
        """The template's source, or None."""
        return self._info.chat_template

    def encode(self, texts: Sequence[str], *, special_tokens: bool) -> list[list[int]]:
        """Token ids exactly as ``generate`` would feed them to the model."""
        ids: list[list[int]] = self._backend.call(
            {"op": "encode", "texts": list(texts), "special_tokens": special_tokens}
        )
        return ids

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """The conversations as prompts. Raises RecipeError where the model's template refuses one."""
        turns = [[dict(message) for message in conversation] for conversation in conversations]
        prompts: list[str] = self._backend.call({"op": "render_chat", "conversations": turns})
        return prompts


LAST_WORDS_BYTES, LAST_WORDS_CHARACTERS = 8_000, 300
COMPLAINT = re.compile(r"error|assert|abort|fatal|not enough|cannot", re.IGNORECASE)


class EngineLog:
    """The file that an engine's own output goes to; a temporary one goes when nothing went wrong."""

    def __init__(self, path: str | None) -> None:
        """Raises RunDirectoryError where the file cannot be written."""
        self.keep = path is not None
        """Whether the file stays when the log is closed."""
        if path is None:
            handle, path = tempfile.mkstemp(prefix="mathevalkit-engine-", suffix=".log")
            os.close(handle)
        self.path = path
        try:
            self.file: BinaryIO = Path(path).open("ab")  # noqa: SIM115 - closed in close()
        except OSError as error:
            raise RunDirectoryError(f"cannot write the engine's log {path}: {error.strerror}") from error

    def note(self, line: str) -> None:
        """Write a line of our own."""
        self.keep = True
        self.file.write(line.encode(errors="replace") + b"\n")
        self.file.flush()

    def last_words(self) -> str:
        """The last line in which the engine complained, shortened; empty where it did not."""
        text = Path(self.path).read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
        complaints = [line.strip() for line in text.splitlines() if COMPLAINT.search(line)]
        return complaints[-1][:LAST_WORDS_CHARACTERS] if complaints else ""

    def close(self) -> None:
        """Close it. Idempotent."""
        if not self.file.closed:
            self.file.close()
            if not self.keep:
                Path(self.path).unlink(missing_ok=True)
