"""What a supervised backend hands out and keeps: the tokenizer across the process boundary, and the log."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from mathevalkit.backends.wire import Frame
from mathevalkit.errors import RunDirectoryError
from mathevalkit.types import Message, ModelInfo

LAST_WORDS_BYTES, LAST_WORDS_CHARACTERS = 8_000, 300
COMPLAINT = re.compile(r"error|assert|abort|fatal|not enough|cannot", re.IGNORECASE)


class TokenizerServer(Protocol):
    """Whoever passes a frame to the engine and returns its reply."""

    def call(self, frame: Frame) -> Any: ...  # noqa: D102


class RemoteTokenizer:
    """The engine's tokenizer, asked across the process boundary."""

    def __init__(self, server: TokenizerServer, info: ModelInfo) -> None:
        self._server = server
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
        ids: list[list[int]] = self._server.call(
            {"op": "encode", "texts": list(texts), "special_tokens": special_tokens}
        )
        return ids

    def render_chat(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """The conversations as prompts. Raises RecipeError where the model's template refuses one."""
        turns = [[dict(message) for message in conversation] for conversation in conversations]
        prompts: list[str] = self._server.call({"op": "render_chat", "conversations": turns})
        return prompts


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
