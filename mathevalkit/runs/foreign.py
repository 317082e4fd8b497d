r"""Other people's files of generations: how their lines become ours.

| file                                    | text            | gold     | id       |
| --------------------------------------- | --------------- | -------- | -------- |
| lm-evaluation-harness `samples_*.jsonl` | each of `resps` | `target` | `doc_id` |
| any other `.jsonl`                      | the field that is named, or the one of a usual name |

A gold field may hold a whole reference solution, see `gold_of`.

    >>> layout = Layout(path="made_up.jsonl", text="response", gold="answer", id="id")
    >>> line = rb'{"id": 7, "response": "So it is 18.", "answer": "9 * 2 = 18 #### 18"}'
    >>> next(FileBlock(data=line, first_line=1, layout=layout).generations()).gold
    '18'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson

from answer_normalizers import extract
from mathevalkit.errors import DataError, UsageError
from mathevalkit.runs.journal import MANIFEST, line_blocks
from mathevalkit.types import Completion, FinishReason, Generation

BLOCK_BYTES = 1 << 20
"""About so much of a file is judged at once; memory does not grow with its length."""
SNIFFED_BYTES = 1 << 24
"""The first line of a file must end within this."""

USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "completion", "response", "output", "generation", "model_output", "prediction"),
    "gold": ("gold", "answer", "ground_truth", "target", "reference", "expected", "gt"),
    "id": ("id", "sample_id", "doc_id", "idx", "index", "question_id"),
    "finish_reason": ("finish_reason", "stop_reason"),
}
"""Field names that need not be given, where a record has exactly one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Names of the fields of a JSON Lines file; dots lead into objects (`doc.answer`)."""

    text: str | None = None
    """A text, or a list of texts: several completions of one sample."""
    gold: str | None = None
    id: str | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the lines of a file become generations. Small and picklable: it travels to worker processes."""

    path: str
    text: str
    gold: str
    id: str | None = None
    finish_reason: str | None = None
    resps: bool = False
    """The text is lm-evaluation-harness's: a list of texts for each request of the sample."""
    filter: str | None = None
    """lm-evaluation-harness writes every completion once a filter; only this filter's lines count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBlock:
    """Some lines of a file."""

    data: bytes
    first_line: int
    layout: Layout

    def generations(self) -> Iterator[Generation]:
        """The generations on these lines. Raises DataError naming file and line."""
        for number, line in enumerate(self.data.split(b"\n"), self.first_line):
            if line.strip():
                yield from _generations(read_record(line, self.layout.path, number), self.layout, number)


def file_blocks(layout: Layout) -> Iterator[FileBlock]:
    """A file in blocks of whole lines. A last line without an end counts: others write files so."""
    number = 1
    try:
        with Path(layout.path).open("rb") as file:
            for data in line_blocks(file, size=BLOCK_BYTES):
                yield FileBlock(data=data, first_line=number, layout=layout)
                number += data.count(b"\n")
    except OSError as error:
        raise DataError(f"{layout.path}: cannot be read: {error.strerror}") from error


# ---- finding out what a file holds -------------------------------------------------------------------


def find_layout(path: Path, names: Fields) -> Layout:
    """The layout of a file, from its first line.

    Raises:
        UsageError: the fields must be named, or there is no generated text in such a file.
        DataError: the first line cannot be read.
    """
    record = _first_record(path)
    if record.get("file") == "generations" and "schema_version" in record:
        raise UsageError(f"{path}: belongs to a run; it needs the {MANIFEST} it was written with beside it")
    is_lm_eval = {"doc_id", "doc", "target", "resps"} <= record.keys()
    if is_lm_eval:
        _refuse_multiple_choice(record, path)
    usual = {"text": "resps", "gold": "target", "id": "doc_id"} if is_lm_eval else {}
    chosen = {
        f.name: getattr(names, f.name) or usual.get(f.name) or _usual_name(f.name, record, path)
        for f in fields(Fields)
    }
    for name in filter(None, chosen.values()):
        lookup(record, name, f"{path}:1")
    is_lm_eval = is_lm_eval and chosen["text"] == "resps"
    return Layout(
        path=str(path),
        text=chosen["text"] or "",
        gold=chosen["gold"] or "",
        id=chosen["id"],
        finish_reason=chosen["finish_reason"],
        resps=is_lm_eval,
        filter=record.get("filter") if is_lm_eval else None,
    )


def _first_record(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            line = file.readline(SNIFFED_BYTES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not line.strip():
        raise DataError(f"{path}:1: empty; expected one JSON object a line")
    return read_record(line, str(path), 1)


def _usual_name(field_name: str, record: Mapping[str, Any], path: Path) -> str | None:
    """The one field of a usual name, or None where a field may be missing."""
    there = [name for name in USUAL_NAMES[field_name] if name in record]
    if len(there) == 1:
        return there[0]
    if there and field_name in ("id", "finish_reason"):
        return there[0]
    if field_name in ("id", "finish_reason"):
        return None
    what = f"several fields could be the {field_name}: {', '.join(there)}" if there else (
        f"no field is called like the {field_name} usually is"
    )  # fmt: skip
    raise UsageError(
        f"{path}: {what}; name it with `fields.{field_name}` (fields: {', '.join(map(str, record))}; "
        "dots lead into objects, `doc.answer`)"
    )


def _refuse_multiple_choice(record: Mapping[str, Any], path: Path) -> None:
    """Log-likelihoods of given choices are no generations."""
    arguments = record.get("arguments")
    first = arguments.get("gen_args_0") if isinstance(arguments, dict) else None
    if isinstance(first, dict) and not isinstance(first.get("arg_1", {}), dict):
        raise UsageError(f"{path}: its task scores given choices by likelihood; there is no generated text")


# ---- a line: its text, its gold, the sample it belongs to --------------------------------------------

_LENGTH = frozenset({"length", "max_tokens", "max_length", "max_new_tokens", "model_length"})
_ERROR = frozenset({"error", "abort", "failed", "content_filter"})


def _generations(record: Mapping[str, Any], layout: Layout, number: int) -> Iterator[Generation]:
    if layout.filter is not None and record.get("filter") != layout.filter:
        return
    place = f"{layout.path}:{number}"
    text = lookup(record, layout.text, place)
    solution = _as_text(lookup(record, layout.gold, place), layout.gold, place)
    gold = gold_of(solution)
    sample_id = str(lookup(record, layout.id, place)) if layout.id else str(number)
    finish = _finish(lookup(record, layout.finish_reason, place) if layout.finish_reason else None)
    if layout.resps:
        text = _responses(text, place)
    several = isinstance(text, list)
    first_k = record.get("k", 0) if not several else 0
    for k, one in enumerate(text if several else [text]):
        yield Generation(
            Completion(
                sample_id=sample_id,
                k=k + (first_k if isinstance(first_k, int) else 0),
                text="" if finish == "error" and one is None else _as_text(one, layout.text, place),
                finish_reason=finish,
            ),
            gold,
            solution if solution != gold else "",
        )


def gold_of(text: str) -> str:
    r"""The answer alone, from a gold field that may hold a whole reference solution.

    What follows the last `####` counts, else what stands in the last box, else in a text of several lines
    the answer it marks ("A: 18"), else all of it.

    >>> gold_of("12/60 * 50 = 10. #### 10"), gold_of(r"so $\boxed{\frac12}$."), gold_of("x^2")
    ('10', '\\frac12', 'x^2')
    """
    if "####" in text:
        return text.rpartition("####")[2].strip()
    if "boxed" in text and (found := extract(text, strategy="boxed")):
        return found.value
    if "\n" in text.strip() and (found := extract(text)) and found.explicit:
        return found.value
    return text.strip()


def read_record(line: bytes, path: str, number: int) -> Mapping[str, Any]:
    """The object on a line. Raises DataError naming file and line."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}:{number}: not JSON: {error}; expected one JSON object a line") from error
    if not isinstance(record, dict):
        raise DataError(f"{path}:{number}: expected a JSON object, got {str(record)[:60]}")
    return record


def lookup(record: Mapping[str, Any], name: str, place: str) -> Any:
    """The field of that name; dots lead into objects, unless a field is called just so."""
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise DataError(f"{place}: no field {name!r}; the record has {', '.join(map(str, record))}")
        value = value[part]
    return value


def _as_text(value: Any, name: str, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise DataError(f"{place}: {name}: expected text, got {str(value)[:60]}")


def _responses(value: Any, place: str) -> list[Any]:
    """lm-evaluation-harness's ``resps``: a list with one list of texts for each request of the sample."""
    if isinstance(value, list) and all(isinstance(inner, list) for inner in value):
        return [text for inner in value for text in inner]
    raise DataError(f"{place}: resps: expected a list of lists of texts, got {str(value)[:60]}")


def _finish(reason: Any) -> FinishReason:
    name = str(reason).lower()
    return "length" if name in _LENGTH else "error" if name in _ERROR else "stop"
