r"""How a line of saved generations becomes generations: the text, the gold, the sample it belongs to.

>>> layout = Layout(kind="fields", path="made_up.jsonl", text="response", gold="answer", id="id")
>>> line = rb'{"id": 7, "response": "So it is 18.", "answer": "9 * 2 = 18 #### 18"}'
>>> next(layout.generations(Block(data=line, first_line=1))).gold
'18'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from answer_normalizers import extract
from mathevalkit.errors import DataError
from mathevalkit.types import Completion, FinishReason

__all__ = ["Block", "Fields", "Generation", "Layout", "gold_of", "lookup", "read_record"]

_LENGTH = frozenset({"length", "max_tokens", "max_length", "max_new_tokens", "model_length"})
_ERROR = frozenset({"error", "abort", "failed", "content_filter"})


@dataclass(frozen=True, slots=True)
class Generation:
    """One stored text and the answer it should give."""

    completion: Completion
    gold: str
    solution: str = ""
    """The reference solution that the gold was taken from, where there is one."""


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

    kind: Literal["run", "lm_eval", "fields"]
    path: str
    text: str = ""
    gold: str = ""
    id: str | None = None
    finish_reason: str | None = None
    filter: str | None = None
    """lm-evaluation-harness writes every completion once a filter; only this filter's lines count."""

    def generations(self, block: Block) -> Iterator[Generation]:
        """The generations of a block. Raises DataError naming file and line."""
        for offset, line in enumerate(block.data.split(b"\n")):
            if not line.strip():
                continue
            number = block.first_line + offset
            if self.kind == "run":
                # Checked when the block was made, and only what counts is in it.
                assert block.references is not None
                yield Generation(Completion(**orjson.loads(line)), *block.references[offset])
            else:
                yield from self._from_record(read_record(line, self.path, number), number)

    def _from_record(self, record: Mapping[str, Any], number: int) -> Iterator[Generation]:
        if self.filter is not None and record.get("filter") != self.filter:
            return
        place = f"{self.path}:{number}"
        text = lookup(record, self.text, place)
        solution = _as_text(lookup(record, self.gold, place), self.gold, place)
        gold = gold_of(solution)
        sample_id = str(lookup(record, self.id, place)) if self.id else str(number)
        finish = _finish(lookup(record, self.finish_reason, place) if self.finish_reason else None)
        if self.kind == "lm_eval":
            text = _responses(text, place)
        several = isinstance(text, list)
        first_k = record.get("k", 0) if not several else 0
        for k, one in enumerate(text if several else [text]):
            yield Generation(
                Completion(
                    sample_id=sample_id,
                    k=k + (first_k if isinstance(first_k, int) else 0),
                    text="" if finish == "error" and one is None else _as_text(one, self.text, place),
                    finish_reason=finish,
                ),
                gold,
                solution if solution != gold else "",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some lines of a file."""

    data: bytes
    first_line: int
    references: tuple[tuple[str, str], ...] | None = None
    """For a run, gold and reference solution of each line."""


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
