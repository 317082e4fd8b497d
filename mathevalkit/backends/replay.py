"""Recorded completions in place of a model: a run directory, or any JSONL file of generations.

    evaluate(task="gsm8k", backend="replay", model="runs/MetaMath-7B/gsm8k/20260105T100000Z-3f2a")
    evaluate(task="gsm8k", backend="replay", model="outputs.jsonl",
             engine=EngineOptions(model="", engine_args={"text_field": "response"}))

Each row needs the sample's id and a text. The fields are found by name (``ID_FIELDS``, ``TEXT_FIELDS``)
or named in ``engine_args``: ``id_field``, ``text_field``, ``k_field``, ``finish_field``. The text may be a
list: its entries are the completions k = 0, 1, …. Rows without ``k`` that repeat an id are counted in
the order of the file. A row without finish reason counts as ended by itself (``stop``).

The file is read once beforehand, so that a bad row is known before anything is scored; what stays in
memory is one number a row. A torn last line, as a killed writer leaves it, is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import orjson

from mathevalkit.backends import host
from mathevalkit.backends.base import refuse_options, refuse_unknown_arguments
from mathevalkit.errors import DataError, ModelNotFoundError
from mathevalkit.types import Completion, EngineOptions, FinishReason, ModelInfo, Request

ID_FIELDS = ("sample_id", "id", "doc_id", "idx", "index", "question_id", "task_id", "unique_id")
TEXT_FIELDS = (
    "text", "response", "completion", "generation", "output", "generated_text", "resps", "prediction",
)  # fmt: skip
K_FIELDS = ("k",)
FINISH_FIELDS = ("finish_reason", "stop_type")
FIELD_ARGS = {
    "id_field": ID_FIELDS,
    "text_field": TEXT_FIELDS,
    "k_field": K_FIELDS,
    "finish_field": FINISH_FIELDS,
}
FINISHED_AS: dict[str, FinishReason] = {
    "stop": "stop", "eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop",
    "word": "stop",
    "length": "length", "max_tokens": "length", "max_length": "length", "limit": "length",
    "error": "error",
}  # fmt: skip
"""Names of finish reasons: ours, OpenAI's, Anthropic's, llama.cpp's, text-generation-inference's."""

HEADER = re.compile(rb'\{"file": ?"generations", ?"schema_version": ?\d+\}\s*$')
"""The first line of the file of a run."""

Place: TypeAlias = tuple[dict[str, Any], int, int]
"""A row, where it begins in the file, and its line number."""

MANY = 1 << 32
"""More completions of one sample than there can be: offset * MANY + entry is one number."""


class ReplayBackend:
    """A Backend (``base.py``) that reads. ``options.model`` is the path."""

    tokenizer = None
    restarts = 0

    def __init__(self, options: EngineOptions) -> None:
        refuse_options(
            options,
            *("revision", "tokenizer", "dtype", "quantization", "lora", "trust_remote_code", "max_model_len"),
            *("gpu_memory_utilization", "tensor_parallel_size", "pipeline_parallel_size", "max_num_seqs"),
            why="it reads recorded completions, no model generates them",
        )
        refuse_unknown_arguments(options, FIELD_ARGS, engine="the replay backend")
        path = Path(options.model).expanduser()
        self._options = options
        self._path = path / "generations.jsonl" if path.is_dir() else path
        self._fields: dict[str, str | None] = {}
        self._places: dict[str, int | list[int]] = {}
        """Sample id to where its completions are: one number, or one for each k."""
        self._stream: BinaryIO | None = None

    def start(self) -> ModelInfo:
        """Raises ModelNotFoundError where there is no such file."""
        if not self._path.is_file():
            raise ModelNotFoundError(
                f"{self._path}: no such file; the replay backend takes a run directory or a JSONL file"
            )
        return ModelInfo(
            model=self._options.model,
            backend="replay",
            backend_version="1",
            revision=host.fingerprint_weights(self._path),
            hardware=host.describe_host(),
        )

    def load(self) -> None:
        """Read every row once and remember where it is. Raises DataError with file and line."""
        self._places.clear()
        self._stream = self._path.open("rb")
        of_a_run = HEADER.match(self._stream.readline()) is not None
        self._stream.seek(0)
        rows = self._rows(self._stream, skipped=1 if of_a_run else 0)
        for row, offset, line_number in self._counting(rows) if of_a_run else rows:
            self._remember(row, offset, line_number)

    def _rows(self, stream: BinaryIO, *, skipped: int) -> Iterator[Place]:
        """Every row but the first ``skipped`` lines, with its place; a torn last line is left out."""
        offset = 0
        for line_number, line in enumerate(stream, start=1):
            if line.strip() and line_number > skipped:
                row = self._parse(line, line_number)
                if row is None:
                    return
                yield row, offset, line_number
            offset += len(line)

    @staticmethod
    def _counting(rows: Iterable[Place]) -> Iterator[Place]:
        """Of a run, the completions that count: one that failed may have been generated again."""
        from mathevalkit.runs.reader import what_counts

        return what_counts(
            (
                (str(place[0].get("sample_id")), str(place[0].get("k"))),
                place[0].get("finish_reason") == "error",
                place,
            )
            for place in rows
        )

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """In the order of the requests; a completion that was not recorded is an error of its own."""
        if self._stream is None:
            self.load()
        stream = self._stream
        assert stream is not None
        position = -1
        row: Any = None
        offset = -1
        for request in requests:
            place = self._place(request)
            if place is None:
                yield _error(request, f"not recorded in {self._path}")
                continue
            wanted, entry = divmod(place, MANY)
            if wanted != offset:
                if wanted != position:
                    stream.seek(wanted)
                line = stream.readline()
                offset, position = wanted, wanted + len(line)
                row = orjson.loads(line)
            yield self._completion(request, row, entry)

    def close(self) -> None:
        """Close the file. Idempotent."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _place(self, request: Request) -> int | None:
        places = self._places.get(request.sample_id)
        if isinstance(places, int):
            return places if request.k == 0 else None
        if places is None or request.k >= len(places):
            return None
        return places[request.k] if places[request.k] >= 0 else None

    def _parse(self, line: bytes, line_number: int) -> dict[str, Any] | None:
        """The row, or None for a torn last line."""
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if not line.endswith(b"\n") and line_number > 1:
                return None
            raise DataError(f"{self._path}:{line_number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(f"{self._path}:{line_number}: expected an object, got {type(row).__name__}")
        if not self._fields:
            self._choose_fields(row, line_number)
        return row

    def _choose_fields(self, row: dict[str, Any], line_number: int) -> None:
        for argument, candidates in FIELD_ARGS.items():
            named = self._options.engine_args.get(argument)
            found = named if named is not None else next((name for name in candidates if name in row), None)
            if found is None and argument in ("id_field", "text_field"):
                raise DataError(
                    f"{self._path}:{line_number}: none of the fields {', '.join(candidates)}; name it with "
                    f"`engine_args.{argument}=NAME` (there: {', '.join(row)})"
                )
            self._fields[argument] = found

    def _remember(self, row: dict[str, Any], offset: int, line_number: int) -> None:
        sample_id = self._field(row, "id_field", line_number, (str, int))
        texts = _texts(self._field(row, "text_field", line_number, (str, list, type(None))))
        if texts is None:
            field = self._fields["text_field"]
            raise DataError(f"{self._path}:{line_number}: {field}: expected text or a list of texts")
        self._finish_reason(row, line_number)
        known = self._places.get(str(sample_id))
        k_field = self._fields["k_field"]
        if k_field is None or k_field not in row:
            first = 0 if known is None else 1 if isinstance(known, int) else len(known)
        else:
            first = self._field(row, "k_field", line_number, (int,))
            if not 0 <= first < 1 << 20:
                raise DataError(f"{self._path}:{line_number}: {k_field}: expected 0, 1, 2 …, got {first}")
        if known is None and first == 0 and len(texts) == 1:
            self._places[str(sample_id)] = offset * MANY
            return
        places = [known] if isinstance(known, int) else known or []
        for entry in range(len(texts)):
            k = first + entry
            places.extend([-1] * (k + 1 - len(places)))
            if places[k] >= 0:
                raise DataError(f"{self._path}:{line_number}: sample {sample_id}, k = {k}, a second time")
            places[k] = offset * MANY + entry
        self._places[str(sample_id)] = places

    def _field(self, row: dict[str, Any], argument: str, line_number: int, types: tuple[type, ...]) -> Any:
        name = self._fields[argument]
        assert name is not None
        if name not in row:
            raise DataError(f"{self._path}:{line_number}: no field {name!r} (there: {', '.join(row)})")
        value = row[name]
        if not isinstance(value, types) or isinstance(value, bool):
            raise DataError(f"{self._path}:{line_number}: {name}: unexpected {type(value).__name__}")
        return value

    def _finish_reason(self, row: dict[str, Any], line_number: int) -> FinishReason:
        field = self._fields["finish_field"]
        reason = row.get(field) if field else None
        if reason is None:
            return "stop"
        if reason not in FINISHED_AS:
            known = ", ".join(FINISHED_AS)
            raise DataError(f"{self._path}:{line_number}: {field}: {reason!r} is none of {known}")
        return FINISHED_AS[reason]

    def _completion(self, request: Request, row: dict[str, Any], entry: int) -> Completion:
        field = self._fields["finish_field"]
        reason = FINISHED_AS[row.get(field) or "stop"] if field else "stop"
        if reason == "error":
            return _error(request, str(row.get("error") or "recorded as an error"))
        text = row[self._fields["text_field"] or ""]
        return Completion(
            sample_id=request.sample_id,
            k=request.k,
            text=text if isinstance(text, str) else (_texts(text) or [""])[entry],
            finish_reason=reason,
            stop_reason=row.get("stop_reason"),
            prompt_tokens=row.get("prompt_tokens"),
            completion_tokens=row.get("completion_tokens"),
            seconds=row.get("seconds"),
        )


def _texts(value: Any) -> list[str] | None:
    """The texts of a row, lists of lists flattened (lm-evaluation-harness writes ``[["…"]]``)."""
    if value is None:
        return [""]
    if isinstance(value, str):
        return [value]
    flat: list[str] = []
    for item in value:
        inner = item if isinstance(item, list) else [item]
        if not all(isinstance(text, str) for text in inner):
            return None
        flat.extend(inner)
    return flat


def _error(request: Request, reason: str) -> Completion:
    return Completion(sample_id=request.sample_id, k=request.k, text="", finish_reason="error", error=reason)
