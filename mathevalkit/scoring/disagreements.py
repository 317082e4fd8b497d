"""A file of all disagreements: one row for each generation and pair of scorers that do not agree on it.

CSV or JSON Lines, by the file's suffix. Answers are a model's text: in CSV, a cell that a spreadsheet would
take for a formula gets an apostrophe in front.

    >>> csv_cell("=HYPERLINK(1)"), csv_cell("-5"), csv_cell("-2+3")
    ("'=HYPERLINK(1)", '-5', "'-2+3")
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from mathevalkit.errors import MathEvalError, UsageError
from mathevalkit.scoring.judge import Disagreement

COLUMNS = (
    "source",
    "sample_id",
    "k",
    "cause",
    "gold",
    "accepting_scorer",
    "accepted_answer",
    "other_scorer",
    "other_outcome",
    "other_answer",
    "other_reason",
)

_NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def disagreement_file(path: Path) -> Iterator[Callable[[Disagreement], None]]:
    """A writer of disagreements. The file appears when all is written, whole.

    Raises:
        UsageError: the suffix is neither ``.csv`` nor ``.jsonl``.
        MathEvalError: it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".jsonl"):
        raise UsageError(f"--out {path}: expected a name that ends in .csv or .jsonl")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", errors="replace", newline="") as file:
            if suffix == ".csv":
                table = csv.DictWriter(file, COLUMNS)
                table.writeheader()

                def write(row: Mapping[str, Any]) -> None:
                    table.writerow({name: csv_cell(value) for name, value in row.items()})
            else:

                def write(row: Mapping[str, Any]) -> None:
                    file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode())

            def write_all(disagreement: Disagreement) -> None:
                for row in _rows(disagreement):
                    write(row)

            yield write_all
        temporary.replace(path)
    except OSError as error:
        raise MathEvalError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _rows(disagreement: Disagreement) -> Iterator[dict[str, Any]]:
    opinions = {opinion.scorer: opinion for opinion in disagreement.opinions}
    for accepting, other, cause in disagreement.causes:
        values = (
            disagreement.source,
            disagreement.sample_id,
            disagreement.k,
            cause,
            disagreement.gold,
            accepting,
            opinions[accepting].answer,
            other,
            opinions[other].outcome,
            opinions[other].answer,
            opinions[other].reason,
        )
        yield dict(zip(COLUMNS, values, strict=True))


def csv_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
